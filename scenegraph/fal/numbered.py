"""Clips with burnt-in frame numbers, and finding their frames again in what came back.

A number is for a person who looks; the bar above it, which walks once across the picture, is for
the machine: it moves evenly, as a video model expects, and survives compression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.media import Clip, encode_frames, read_rgb
from scenegraph.units import Size

#: The 16:9 picture of 480 lines, even; the service may answer in another size.
SIZE = Size(854, 480)
RATE = Fraction(24)
#: Pixels at which frames are compared.
THUMB = Size(160, 90)
#: Likeness from which two frames are the same one, drawn anew. A neighbour scores about 0.5.
SAME = 0.8


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a source lies in an answer.

    Attributes:
        at: the answer's frame in which the source's first frame is, or would be: -24 means that
            the answer begins with the source's frame 24.
        frames: how many source frames are seen there, in order and without a gap.
        likeness: their mean correlation, 0.8 to 1.
    """

    at: int
    frames: int
    likeness: float


def draw_numbered(frames: int, path: Path, *, size: Size = SIZE, rate: Fraction = RATE) -> Clip:
    """A clip of `frames` pictures, each with its number from 0 on, and a bar that walks across.

    Raises:
        FfmpegFailed: the clip could not be written.
    """
    return encode_frames(_pictures(frames, size), path, rate=rate)


def _pictures(frames: int, size: Size) -> Iterator[NDArray[np.uint8]]:
    wide, tall = size.width, size.height
    ground = np.empty((tall, wide, 3), np.uint8)
    ground[...] = np.linspace(60, 96, tall)[:, None, None]
    bar, scale = max(4, wide // 24), tall / 110
    for number in range(frames):
        picture = ground.copy()
        left = round((wide - bar) * number / max(1, frames - 1))
        picture[tall // 12 : tall * 5 // 12, left : left + bar] = 235
        place, thick = (wide // 3, tall * 9 // 10), max(1, tall // 60)
        cv2.putText(
            picture, f"{number:03d}", place, cv2.FONT_HERSHEY_SIMPLEX, scale,
            (235, 235, 235), thick, cv2.LINE_AA,
        )  # fmt: skip
        yield picture


def find_source(source: Path, answer: Path) -> Sighting | None:
    """Where `source` was put in `answer`, or None when it is not there.

    Every place is tried, also before the answer's start. Seen is what agrees without a gap from
    the first frame that both have; the place where most is seen wins.

    Raises:
        BrokenMedia: one of them is no clip.
    """
    shown, made = _thumbs(source), _thumbs(answer)
    mean = shown.mean(axis=0)  # what all frames share says nothing about which one it is
    likeness = _unit(made - mean) @ _unit(shown - mean).T  # answer frames x source frames
    best: Sighting | None = None
    for at in range(1 - len(shown), len(made)):
        same = np.diagonal(likeness, -at)  # answer frame n + at against source frame n
        gaps = np.flatnonzero(same < SAME)
        seen = int(gaps[0]) if gaps.size else len(same)
        if seen and (best is None or seen > best.frames):
            best = Sighting(at, seen, round(float(same[:seen].mean()), 3))
    return best


def unlikeness(one: Path, other: Path) -> float | None:
    """Mean difference of two clips' pixels, 0 to 255; None when their shapes differ.

    Raises:
        BrokenMedia: one of them is no clip.
    """
    total, count = 0.0, 0
    first, second = read_rgb(one), read_rgb(other)
    for left in first:
        right = next(second, None)
        if right is None or right.shape != left.shape:
            return None
        total += float(cv2.absdiff(left, right).mean())
        count += 1
    if next(second, None) is not None:
        return None
    return total / count if count else None


def _thumbs(path: Path) -> NDArray[np.float32]:
    """One grey miniature per frame, as a row."""
    rows = [
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32).ravel()
        for picture in read_rgb(path, size=THUMB)
    ]
    return np.stack(rows)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6), np.float32)
