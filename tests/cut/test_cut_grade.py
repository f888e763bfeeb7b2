"""A colour match does to the picture what it says, evenly from the first frame to the last."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import stitch
from scenegraph.ledger import Event, ReelFormat, Timeline
from scenegraph.ledger.grade import Grade, Tint
from scenegraph.media import encode_frames, read_frames
from scenegraph.units import Size, Span

FRAMES = 25


def graded(folder: Path, grade: Grade | None) -> list[tuple[float, float, float]]:
    """(mean luma above black, its deviation, mean chroma from grey) of each frame of a reel."""
    y, x = np.mgrid[0:64, 0:96]
    light = 110 + 40 * np.sin(x / 7) + 20 * np.sin(y / 5)
    picture = np.stack([light * 1.4, light, light * 0.4], axis=2).clip(0, 255).astype(np.uint8)
    path = folder / "clip.mp4"
    clip = encode_frames((picture for _ in range(FRAMES)), path, rate=Fraction(24), crf=8)
    event = Event(shot="a", take="a/t1", clip=clip, span=Span(0, FRAMES), join="start", grade=grade)
    format = ReelFormat(size=Size(96, 64), rate=Fraction(24), crf=8)
    timeline = Timeline(title="t", events=(event,), format=format)
    asyncio.run(stitch(timeline, folder / "segments", folder / "reel.mp4"))
    found = []
    for planes in read_frames(folder / "reel.mp4"):
        u, v = planes.u.astype(float) - 128, planes.v.astype(float) - 128
        luma = planes.y.astype(float)
        found.append((luma.mean() - 16, luma.std(), float(np.hypot(u, v).mean())))
    return found


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "column", "amount"),
    [
        ("saturation", 2, 0.3),
        ("saturation", 2, -0.3),
        ("brightness", 0, 0.15),
        ("contrast", 1, -0.25),
    ],
)
def test_a_grade_runs_evenly_to_its_amount(
    name: str, column: int, amount: float, tmp_path: Path
) -> None:
    plain_folder, graded_folder = tmp_path / "plain", tmp_path / "graded"
    plain_folder.mkdir(), graded_folder.mkdir()
    plain = graded(plain_folder, None)
    mean = (plain[0][0] + 16) / 255
    made = graded(graded_folder, Grade(Tint(), Tint(**{name: amount}), mean))
    seen = [float(np.log(b[column] / a[column])) for a, b in zip(plain, made, strict=True)]
    assert seen[0] == pytest.approx(0, abs=0.04)
    assert seen[12] == pytest.approx(amount / 2, abs=0.04)
    assert seen[-1] == pytest.approx(amount, abs=0.05)


@pytest.mark.ffmpeg
def test_contrast_leaves_the_light_as_it_was(tmp_path: Path) -> None:
    """It turns about the picture's own mean."""
    plain_folder, graded_folder = tmp_path / "plain", tmp_path / "graded"
    plain_folder.mkdir(), graded_folder.mkdir()
    plain = graded(plain_folder, None)
    tint = Tint(contrast=0.3)
    made = graded(graded_folder, Grade(tint, tint, (plain[0][0] + 16) / 255))
    assert made[0][0] == pytest.approx(plain[0][0], rel=0.03)
