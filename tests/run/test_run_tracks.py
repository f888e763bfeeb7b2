"""Tracks at their places in the reel: at a shot, ahead of it, and beyond it."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import make_mix
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media.clip import Clip
from scenegraph.media.sound import read_levels
from scenegraph.run.tracks import cues_of, places_of
from scenegraph.scene import Scene, load_scene
from scenegraph.units import Size, Span

SCENE = """\
scenegraph: 1
title: Sound
shots:
  a: {kind: t2v, prompt: a street}
  b: {kind: t2v, prompt: a room}
  c: {kind: extend, parent: b, hops: 2}
reel:
  loudness: null
  audio:
    tone: {file: tone.wav, %s}
"""


def scene_of(folder: Path, track: str) -> Scene:
    t = np.arange(48_000 * 20) / 48_000
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(48_000)
        file.writeframes((np.sin(2 * np.pi * 440 * t) * 12_000).astype("<i2").tobytes())
    (folder / "scene.yaml").write_text(SCENE % track)
    return load_scene(folder / "scene.yaml")


def film(*shots: str) -> Timeline:
    """Each shot two seconds long."""
    clip = Clip(path=Path("x.mp4"), frames=48, rate=Fraction(24), width=96, height=64)
    events = tuple(Event(shot=s, take=s, clip=clip, span=Span(0, 48), join="cut") for s in shots)
    return Timeline(
        title="t", events=events, format=ReelFormat(size=Size(96, 64), rate=Fraction(24))
    )


@pytest.mark.anyio
@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "track, heard",
    [
        ("at: b", (2, 8)),
        ("at: b, lead: 1.5", (0.5, 8)),
        ("at: b, trail: 0", (2, 4)),
        ("at: b, lead: 0.5, trail: 1", (1.5, 5)),
        ("at: c, trail: 0", (4, 8)),
        ("at: c.1, trail: 0.5", (4, 6.5)),
        ("at: a, lead: 1, trail: 0", (0, 2)),
        ("at: c.2, trail: 30", (6, 8)),
    ],
)
async def test_a_track_is_heard_from_its_lead_to_its_trail(track, heard, tmp_path):
    """J and L cuts, measured in the mixed sound to a tenth of a second."""
    cues, _ = cues_of(scene_of(tmp_path, track), film("a", "b", "c.1", "c.2"))
    mix = await make_mix(cues, Fraction(8), tmp_path / "s", loudness=None)
    levels = list(read_levels(mix.path, window_s=0.1))
    loud = [at / 10 for at, level in enumerate(levels) if level > 0.2]
    assert (loud[0], loud[-1] + 0.1) == pytest.approx(heard, abs=0.11)
    assert len(loud) == pytest.approx((heard[1] - heard[0]) * 10, abs=1), "without a hole"


def test_a_lead_beyond_the_reels_beginning_keeps_the_track_in_step(tmp_path):
    """What would be heard before the first frame is lost, and said to be."""
    (cue,), said = cues_of(scene_of(tmp_path, "at: a, lead: 1.5, offset: 2"), film("a", "b"))
    assert (cue.at, cue.offset) == (0, Fraction(7, 2))
    assert len(said) == 1 and "1.5 s before the reel" in said[0]


def test_a_shot_goes_from_its_first_hop_to_its_last():
    """With the anchors between them; a shot that is shown twice is its first time."""
    places = places_of(film("a", "c.1", "c.2.anchor", "c.2", "b", "a"))
    assert {name: tuple(map(int, place)) for name, place in places.items()} == {
        "a": (0, 2),
        "c": (2, 8),
        "c.1": (2, 4),
        "c.2": (6, 8),
        "c.2.anchor": (4, 6),
        "b": (8, 10),
    }
