"""What of a motion reference is sent: a beginning of it that the model can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scenegraph.media import encode_frames, probe
from scenegraph.units import exact_rate

TURNS: dict[str, dict[str, Any]] = {
    "turns": {
        "kind": "multicondition",
        "keyframe": "mara.front",
        "motion": "sway",
        "prompt": "she turns",
        "frames": 33,
    }
}


def _motion(house: Any, frames: int, rate: int) -> bytes:
    picture = np.random.default_rng(5).integers(0, 255, (36, 64, 3), np.uint8)
    moving = (np.roll(picture, n, axis=1) for n in range(frames))
    clip = encode_frames(moving, house.folder / "sway.mp4", rate=exact_rate(rate))
    return clip.path.read_bytes()


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("frames", "rate", "sent"), [(25, 24, None), (40, 24, None), (28, 24, 25), (36, 30, 25)]
)
def test_a_motion_is_sent_in_frames_that_the_model_can_read(
    theatre: Callable[..., Any], frames: int, rate: int, sent: int | None
) -> None:
    """The model asserts 8k+1 frames, after it has brought them to the rate and cut them to the
    shot; a clip for which that holds is sent as it is."""
    house = theatre(TURNS)
    own = _motion(house, frames, rate)
    house.scene(TURNS)
    assert house.run().exit_code == 0
    url = house.queue.submits[0]["videos"][0]["video_url"]
    (upload,) = [one for one in house.queue.uploads if url.endswith(one.url_path)]
    if sent is None:
        assert upload.path.read_bytes() == own
    else:
        clip = probe(upload.path)
        assert (clip.frames, clip.rate) == (sent, 24)


@pytest.mark.ffmpeg
def test_a_motion_of_a_few_frames_is_told_before_anything_is_asked(
    theatre: Callable[..., Any],
) -> None:
    """The service would fail behind its queue."""
    house = theatre(TURNS)
    _motion(house, 6, 24)
    house.scene(TURNS)
    result = house.run()
    assert (result.exit_code, house.submits) == (1, 0)
    assert "6 frames at 24/s; at least 9 are needed" in str(result.outcomes[0].error)
