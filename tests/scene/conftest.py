"""A sound scene on disk, and ways to spoil it."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

GOOD = """\
scenegraph: 1
title: Night train
seed: 7
picture: {resolution: 720p, aspect_ratio: 16:9, frame_rate: 24}
budget_usd: 6.00
characters:
  mara:
    look: a woman of thirty with short black hair and a red wool coat
    keyframes: {front_closeup: stills/mara-front.png, three_quarter: stills/mara-three-quarter.png}
motions:
  sway: motions/handheld-sway.mp4
shots:
  platform:
    kind: t2v
    prompt: {framing: wide establishing shot, setting: an empty platform at night, action: rain drifts, lighting: cold, high contrast}
  mara-waits:
    kind: i2v
    keyframe: mara.front_closeup
    prompt: {framing: close-up, subject: mara, setting: a train carriage, action: she breathes slowly, camera: locked off}
  mara-listens:
    kind: extend
    parent: mara-waits
    seconds: 4
    hops: 3
  mara-turns:
    kind: multicondition
    keyframe: mara.three_quarter
    motion: sway
    prompt: {action: a slow turn of the head}
reel: {order: [platform, mara-waits, mara-listens, mara-turns], frame_rate: 24, transitions: {}, audio: null}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scene folder with its stills and motions, and no scene file yet."""
    place = tmp_path / "night-train"
    (place / "stills").mkdir(parents=True)
    (place / "motions").mkdir()
    for name in ("mara-front", "mara-three-quarter"):
        Image.new("RGB", (64, 48), (120, 40, 40)).save(place / "stills" / f"{name}.png")
    (place / "motions" / "handheld-sway.mp4").write_bytes(b"not looked into here")
    return place


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Write a scene file: a whole text, or the good one with parts replaced."""

    def write_text(text: str = GOOD, *changes: tuple[str, str]) -> Path:
        for old, new in changes:
            assert old in text, f"{old!r} is not in the scene"
            text = text.replace(old, new)
        file = folder / "scene.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write_text


@pytest.fixture
def good() -> str:
    return GOOD
