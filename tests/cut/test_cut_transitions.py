"""A transition takes its frames from handles; the reel stays as long, to the frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import check_reel, stitch, with_transitions
from scenegraph.ledger.grade import Grade, Tint
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames, read_frames
from scenegraph.units import Size, Span

pytestmark = [pytest.mark.anyio, pytest.mark.ffmpeg]
FORMAT = ReelFormat(size=Size(96, 64), rate=Fraction(24), crf=4)


def ramp(path: Path, start: int, step: int, frames: int = 60, rate: int = 24) -> Event:
    """A clip in which every frame has its own grey: start, start + step, …"""
    pictures = (np.full((64, 96, 3), start + step * t, np.uint8) for t in range(frames))
    clip = encode_frames(pictures, path, rate=Fraction(rate), crf=4)
    return Event(shot=path.stem, take=path.stem, clip=clip, span=Span(0, frames), join="cut")


async def greys(timeline: Timeline, folder: Path) -> list[float]:
    """Each frame's mean luma, as 0 to 255 of full range."""
    reel = await stitch(timeline, folder / "s", folder / "reel.mp4")
    check_reel(reel, timeline)
    return [(float(p.y.mean()) - 16) * 255 / 219 for p in read_frames(reel)]


async def two(folder: Path, a: Span, b: Span, rate: int = 24) -> Timeline:
    one = replace(ramp(folder / "a.mp4", 20, 1, rate=rate), span=a)
    other = replace(ramp(folder / "b.mp4", 160, 1, rate=rate), span=b)
    return Timeline(title="t", events=(one, other), format=FORMAT)


@pytest.mark.parametrize("rate, rate_by", [(24, "duplicate"), (16, "duplicate"), (16, "blend")])
async def test_a_dissolve_shows_both_handles_and_moves_nothing(rate, rate_by, tmp_path):
    """Outside of it every frame is the one of the hard cut, also where rates differ."""
    hard = await two(tmp_path, Span(4, 40), Span(12, 50), rate)
    hard = replace(hard, format=replace(hard.format, rate_by=rate_by))
    soft, said = with_transitions(hard, {"b": ("dissolve", 10)})
    assert not said and soft.frames == hard.frames
    before, after = await greys(hard, tmp_path), await greys(soft, tmp_path)
    join = hard.event_frames(hard.events[0])
    for at, (h, s) in enumerate(zip(before, after, strict=True)):
        if not join - 5 <= at < join + 5:
            assert s == pytest.approx(h, abs=1.6), at
    for k in range(10):
        at, share = join - 5 + k, (k + 1) / 11
        stretch = 24 / rate
        left = 20 + 4 + at / stretch
        right = 160 + 12 + (at - join) / stretch
        assert after[at] == pytest.approx(left + (right - left) * share, abs=2.5)
    row = soft.to_json()["events"][1]
    assert row["transition"] == {"kind": "dissolve", "frames": 10, "before": 5, "after": 5}


async def test_a_dip_goes_through_black(tmp_path):
    """It needs no handles: clips that play whole may dip."""
    hard = await two(tmp_path, Span(0, 60), Span(0, 60))
    soft, said = with_transitions(hard, {"b": ("dip", 12)})
    found = await greys(soft, tmp_path)
    assert not said and len(found) == 120
    assert min(found[58:62]) < 12
    assert found[53] == pytest.approx(20 + 53, abs=2) and found[66] == pytest.approx(166, abs=2)


@pytest.mark.parametrize(
    "a, b, frames, says",
    [
        (Span(0, 57), Span(0, 60), 3, "3 frames instead of 10"),
        (Span(0, 60), Span(0, 60), 0, "is a hard cut"),
        (Span(0, 60), Span(20, 60), 10, ""),
    ],
    ids=["little", "none", "one side"],
)
async def test_too_few_handles_make_it_shorter_and_it_is_said(a, b, frames, says, tmp_path):
    """No frame is invented, and nobody is left to wonder."""
    soft, said = with_transitions(await two(tmp_path, a, b), {"b": ("dissolve", 10)})
    way = soft.events[1].transition
    assert (way.before + way.after if way else 0) == frames
    assert (says in said[0]) if says else not said
    await greys(soft, tmp_path)


async def test_a_transition_encodes_only_itself_and_its_neighbours(tmp_path):
    """The third shot of three is found as it was."""
    hard = await two(tmp_path, Span(4, 40), Span(12, 50))
    third = replace(ramp(tmp_path / "c.mp4", 90, 1), span=Span(5, 30))
    hard = replace(hard, events=(*hard.events, third))
    await stitch(hard, tmp_path / "s", tmp_path / "r.mp4")
    seen = []
    soft, _ = with_transitions(hard, {"b": ("dissolve", 8)})
    await stitch(soft, tmp_path / "s", tmp_path / "r.mp4", on_progress=seen.append)
    assert (seen[-1].made, seen[-1].reused) == (3, 1)


async def test_a_grade_goes_on_evenly_through_a_dissolve(tmp_path):
    """A colour match counts from the in point, whichever piece shows the frame."""
    hard = await two(tmp_path, Span(4, 40), Span(12, 50))
    grade = Grade(Tint(), Tint(brightness=-0.3), 0.5)
    hard = replace(hard, events=(hard.events[0], replace(hard.events[1], grade=grade)))
    soft, _ = with_transitions(hard, {"b": ("dissolve", 8)})
    before, after = await greys(hard, tmp_path), await greys(soft, tmp_path)
    assert after[42:] == pytest.approx(before[42:], abs=2)
