"""The quality check of a reel finds what a viewer would stumble over, and nothing else."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import ReelCheck, Segment, check_segments, stitch
from scenegraph.cut.check import Finding
from scenegraph.errors import CutError
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames
from scenegraph.units import Size, Span

pytestmark = [pytest.mark.anyio, pytest.mark.ffmpeg]

RNG = np.random.default_rng(3)
NOISE = RNG.integers(60, 200, (96, 320, 3), dtype=np.uint8)


def clip(folder: Path, name: str, kinds: str) -> Event:
    """One frame a letter: `m` moves by a pixel, `s` stays as it was, `b` is black."""
    at, frames = 0, []
    for kind in kinds:
        at += kind == "m"
        black = np.zeros((96, 160, 3), np.uint8)
        frames.append(black if kind == "b" else NOISE[:, at : at + 160])
    made = encode_frames(iter(frames), folder / f"{name}.mp4", rate=Fraction(24))
    return Event(shot=name, take=name, clip=made, span=Span(0, len(kinds)), join="cut")


async def checked(folder: Path, *events: Event) -> tuple[ReelCheck, list[Segment]]:
    format = ReelFormat(size=Size(160, 96), rate=Fraction(24))
    timeline = Timeline(title="t", events=events, format=format)
    segments: list[Segment] = []
    await stitch(timeline, folder / "s", folder / "reel.mp4", on_segments=segments.extend)
    parts = [(e.shot, s) for e, s in zip(events, segments, strict=True)]
    return await check_segments(timeline, parts), segments


async def test_black_and_frozen_stretches_are_found_to_the_frame(tmp_path):
    """A person must be able to go there."""
    one = clip(tmp_path, "one", "m" * 20 + "b" * 6)
    two = clip(tmp_path, "two", "b" * 10 + "m" * 10 + "s" * 60 + "m" * 5)
    check, _ = await checked(tmp_path, one, two)
    found = [(f.kind, f.from_frame, f.to_frame, f.shot) for f in check.findings]
    assert found == [("black", 20, 35, "one"), ("freeze", 45, 105, "two")]
    assert not check.ok
    assert json.dumps(check.to_json())


async def test_many_findings_of_one_kind_are_one_notice():
    """A calm film of five minutes stood still in 24 places: a wall of lines is not read."""
    stills = [Finding("freeze", at, at + 23 + at // 100, "night") for at in range(0, 400, 100)]
    dark = Finding("black", 450, 473, "end")
    rate = Fraction(24)
    assert ReelCheck(500, (*stills[:3], dark)).sentences(rate) == (
        dark.sentence(rate),
        *(one.sentence(rate) for one in stills[:3]),
    )
    assert ReelCheck(500, (*stills, dark)).sentences(rate) == (
        dark.sentence(rate),
        "The reel stands still in 4 places, at most for 1.1 s from frame 300 on (night).",
    )


async def test_a_slow_move_and_a_short_dip_are_not_findings(tmp_path):
    """A notice that cries wolf is not read."""
    check, _ = await checked(tmp_path, clip(tmp_path, "a", "ms" * 30 + "b" * 11 + "m" * 9))
    assert check.ok and check.frames == 80


async def test_what_was_seen_is_kept_and_a_damaged_segment_is_an_error(tmp_path):
    """An unchanged shot is not decoded again; a picture that does not decode is no notice."""
    event = clip(tmp_path, "a", "m" * 10 + "s" * 40)
    first, (segment,) = await checked(tmp_path, event)
    whole = segment.path.read_bytes()
    note = segment.path.with_suffix(".json")
    segment.path.write_bytes(whole[: len(whole) // 2])
    timeline = Timeline(
        title="t", events=(event,), format=ReelFormat(size=Size(160, 96), rate=Fraction(24))
    )
    assert await check_segments(timeline, [("a", segment)]) == first
    facts = json.loads(note.read_text())
    facts.pop("seen")
    note.write_text(json.dumps(facts))
    with pytest.raises(CutError, match="does not decode"):
        await check_segments(timeline, [("a", segment)])
