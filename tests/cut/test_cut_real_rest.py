"""From pictures to a cut: the one place where looking and cutting meet in this room's tests."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import ReelClip, cutpoints
from scenegraph.media import encode_frames
from scenegraph.review import watch

RESTS = ((3, 9), (70, 80))


def panned(path: Path, seed: int) -> ReelClip:
    """A soft texture that the camera pans over, and that nearly rests twice."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (12, 60, 3), np.uint8)
    picture = np.kron(small, np.ones((16, 16, 1), np.uint8))
    speed = np.full(97, 4.0)
    for first, last in RESTS:
        speed[first : last + 1] = 0.0
    at = np.cumsum(speed).astype(int)
    frames = (np.ascontiguousarray(picture[:180, x : x + 320]) for x in at)
    encode_frames(frames, path, rate=Fraction(24))
    footage = watch(path)
    return ReelClip(name=path.name, calmness=footage.series["calmness"], prints=footage.prints)


@pytest.mark.ffmpeg
def test_cuts_of_drawn_clips_fall_into_their_rests(tmp_path):
    """Low motion is seen in pixels, not planted in a series: the whole way must find it."""
    clips = [panned(tmp_path / f"{seed}.mp4", seed) for seed in (1, 2, 3)]
    first, second, third = cutpoints(clips, target=220).cuts
    for frame in (first.out_frame, second.out_frame):
        assert RESTS[1][0] - 2 <= frame <= RESTS[1][1] + 2
    for frame in (second.in_frame, third.in_frame):
        assert RESTS[0][0] - 2 <= frame <= RESTS[0][1] + 2
    found = cutpoints(clips[:1], search=(50, 96)).cuts[0].calmest
    assert RESTS[1][0] <= found <= RESTS[1][1]
