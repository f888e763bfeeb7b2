"""What came is probed and held against what was asked for; a difference is told, never paid."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.catalog import load_catalog
from scenegraph.ledger import State, Take
from scenegraph.media import Clip, encode_frames
from scenegraph.run import NoticeEvent
from scenegraph.run.as_asked import legal_lengths, not_as_asked
from scenegraph.units import exact_rate

ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}
HOP: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
}
SMALL = {"picture": {"resolution": "480p", "aspect_ratio": "16:9"}}
FAMILY = "ltxv-13b-098-distilled"


def real_size(kind: str, params: Any, inputs: Any, out: Path, *, drift: float = 0.0) -> Clip:
    """As the stages' renderer, in a size that the request's words mean."""
    small = sys.modules["run_stages"].small_render(kind, params, inputs, out, drift=drift)
    tall = {"480p": 480, "720p": 704}[params["resolution"]]
    wide = tall if params["aspect_ratio"] == "1:1" else tall * 16 // 9 // 2 * 2
    rng = np.random.default_rng(int(params.get("seed") or 0))
    picture = np.kron(rng.integers(60, 200, (8, 8, 3), dtype=np.uint8), np.ones((90, 160, 1)))
    picture = picture.astype(np.uint8)[:tall, :wide]
    pictures = (np.roll(picture, 2 * n, axis=1) for n in range(small.frames))
    return encode_frames(pictures, out, rate=small.rate, preset="ultrafast")


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "fault, told",
    [
        ({"effect": "wrong-frames"}, "wrong-frames (9, not 17)"),
        ({"effect": "wrong-rate"}, "wrong-rate (30/s, not 24)"),
        ({"effect": "wrong-size"}, "wrong-size (704x704, not 480p 16:9)"),
    ],
    ids=["frames", "rate", "size"],
)
def test_a_clip_that_is_not_as_asked_is_kept_and_said(
    fault: dict[str, Any], told: str, theatre: Callable[..., Any]
) -> None:
    """It is paid for and can be conformed: accepted, told at once, and told again by `takes`."""
    house = theatre(ONE, render=real_size, scene=SMALL)
    house.goes_wrong(**fault)
    result = house.run(cut=True)
    assert (result.exit_code, house.submits, house.states("platform")) == (0, 1, [State.CIRCLED])
    assert house.takes("platform")[0].clip.warnings == (told,)
    notices = [event.message for event in house.events if isinstance(event, NoticeEvent)]
    assert [told in message and "platform/t1" in message for message in notices] == [True]
    for command, shown in (("takes", f'"{told}"'), ("dailies", told)):
        run = subprocess.run(
            [sys.executable, "-m", "scenegraph", command, str(house.file), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        said = json.loads(run.stdout)
        text = json.dumps(said) if command == "takes" else _page(house.folder, said)
        assert shown in text


def _page(folder: Path, said: dict[str, Any]) -> str:
    path = Path(said["path"])
    return (path if path.is_absolute() else folder / path).read_text(encoding="utf-8")


@pytest.mark.ffmpeg
def test_what_the_endpoints_may_give_is_not_called_wrong(theatre: Callable[..., Any]) -> None:
    """The twin: an answer in its own pixels, and a hop whose length counts its parent's part."""
    # These pictures do not go on from one another, which is not what is looked at here.
    house = theatre(HOP, render=real_size, scene={**SMALL, "drift": {"on_drift": ["accept"]}})
    house.run()
    takes = house.takes()
    assert [take.clip.warnings for take in takes] == [()] * len(takes) and takes
    told = [event.message for event in house.events if isinstance(event, NoticeEvent)]
    assert not [message for message in told if "not as it was asked" in message]


def take(kind: str = "t2v", shown: int = 0, **params: Any) -> Take:
    inputs = {"video": {"sha256": "x", "tail_frames": shown}} if shown else {}
    return Take(
        id=1, scene="s", shot="b", number=1, key="k", setup="s", parts={"inputs": inputs},
        engine="fal", endpoint=load_catalog().endpoint(FAMILY, kind).id, seed=1, params=params,
        state=State.ANSWERED, usd_estimate=Decimal(1), billed=True,
    )  # fmt: skip


def clip(width: int, height: int, frames: int = 121, rate: Any = 24) -> Clip:
    return Clip(
        path=Path("a.mp4"), frames=frames, rate=exact_rate(rate), width=width, height=height
    )


@pytest.mark.parametrize("width, height", [(1280, 720), (1216, 704), (1248, 704), (1280, 736)])
def test_720p_is_a_class_of_sizes(width: int, height: int) -> None:
    """fal states no pixels; the model's native 16:9 is 1216x704."""
    assert not_as_asked(take(resolution="720p", aspect_ratio="16:9"), clip(width, height)) == ()


@pytest.mark.parametrize(
    "width, height, ratio",
    [(854, 480, "16:9"), (832, 480, "16:9"), (480, 832, "9:16"), (480, 480, "1:1"),
     (640, 640, "1:1"), (768, 448, "16:9"), (500, 480, "auto")],
)  # fmt: skip
def test_480p_is_one_as_well(width: int, height: int, ratio: str) -> None:
    """By the short side or by the area; `auto` follows an input that is not looked at here."""
    assert not_as_asked(take(resolution="480p", aspect_ratio=ratio), clip(width, height)) == ()


@pytest.mark.parametrize(
    "width, height, resolution, ratio",
    [(854, 480, "720p", "16:9"), (1280, 720, "480p", "16:9"), (1280, 720, "720p", "9:16"),
     (960, 720, "720p", "16:9"), (854, 480, "720p", "auto"), (720, 720, "720p", "16:9")],
)  # fmt: skip
def test_another_class_or_shape_is_told(
    width: int, height: int, resolution: str, ratio: str
) -> None:
    (said,) = not_as_asked(take(resolution=resolution, aspect_ratio=ratio), clip(width, height))
    assert said.startswith(f"wrong-size ({width}x{height}, not {resolution}")


@pytest.mark.parametrize(
    "kind, asked, shown, came, wrong",
    [
        ("t2v", 121, 0, 121, False),
        ("t2v", 121, 0, 120, True),
        ("t2v", 120, 0, 121, False),  # snapped to 8k+1
        ("t2v", 119, 0, 113, False),  # as the bare pipeline snaps
        ("extend", 161, 65, 161, False),  # the total: 65 shown and 96 new
        ("extend", 161, 65, 96, True),  # the new ones alone
        ("extend", 161, 65, 226, True),  # the catalog would be wrong: this must be heard
    ],
)
def test_a_length_is_held_against_what_its_endpoint_counts(
    kind: str, asked: int, shown: int, came: int, wrong: bool
) -> None:
    found = not_as_asked(take(kind, shown, num_frames=asked), clip(1280, 720, came))
    assert found == ((f"wrong-frames ({came}, not {asked})",) if wrong else ())


def test_an_endpoint_that_counts_new_frames_may_give_the_shown_ones_too() -> None:
    """`num_frames`: "the number of frames to generate"; fal's example answers hold the context."""
    extend = load_catalog().endpoint(FAMILY, "extend")
    added = legal_lengths(replace(extend, counts="added"), {"num_frames": 121}, 25)
    assert added == ((121, 121), (146, 146))
    seconds = replace(extend, counts="seconds", length="duration")
    spans = legal_lengths(seconds, {"duration": 5, "frame_rate": 24}, 65)
    assert spans == ((112, 128), (177, 193))


@pytest.mark.parametrize("rate, wrong", [(24, False), (Fraction(24000, 1001), False), (25, True)])
def test_a_rate_within_rounding_is_the_same_rate(rate: Any, wrong: bool) -> None:
    assert bool(not_as_asked(take(frame_rate=24), clip(1280, 720, rate=rate))) is wrong
