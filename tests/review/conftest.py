"""A small world that moves, and the ways in which a model spoils it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.media import Planes, encode_frames
from scenegraph.review import Footage, watch_frames

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 480, 272
PARENT = 40  # frames of the parent; the child goes on from there


@lru_cache(maxsize=8)
def backdrop(seed: int) -> Picture:
    """A wide textured wall in muted colours, rough and fine."""
    rng = np.random.default_rng(seed)
    wall = np.zeros((HEIGHT + 80, WIDTH + 400, 3), np.float32)
    for cell, strength in ((60, 60), (16, 40), (5, 30)):
        h, w = wall.shape[0] // cell + 2, wall.shape[1] // cell + 2
        noise = rng.normal(0, 1, (h, w, 3)).astype(np.float32)
        noise = 0.6 * noise.mean(2, keepdims=True) + 0.4 * noise
        wall += strength * cv2.resize(noise, wall.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    wall += np.asarray((120, 105, 90), np.float32)
    return np.clip(wall, 10, 240).astype(np.uint8)


def draw(frame: int, seed: int = 1, coat: Sequence[int] = (170, 60, 60)) -> Picture:
    """One frame: the camera slides over the wall, a patterned coat sways before it."""
    wall = backdrop(seed)
    x, y = 40 + 1.3 * frame, 40 + 6 * np.sin(frame / 9)
    move = np.asarray([[1, 0, -x], [0, 1, -y]], np.float32)
    picture = cv2.warpAffine(wall, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    cx, cy = 240 + 40 * np.sin(frame / 13), 150 + 10 * np.sin(frame / 7)
    cloth = backdrop(99)[60 : 60 + 140, 60 : 60 + 110].astype(np.float32)
    cloth = np.clip(cloth.mean(2, keepdims=True) / 120 * np.asarray(coat, np.float32), 0, 255)
    place = np.asarray([[1, 0, cx - 55], [0, 1, cy - 70]], np.float32)
    laid = cv2.warpAffine(cloth, place, (WIDTH, HEIGHT))
    mask = cv2.warpAffine(np.ones(cloth.shape[:2], np.float32), place, (WIDTH, HEIGHT))[..., None]
    return np.clip(picture * (1 - mask) + laid * mask, 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def film(start: int, stop: int, seed: int = 1) -> tuple[Picture, ...]:
    return tuple(draw(frame, seed) for frame in range(start, stop))


def planes(frames: Sequence[Picture]) -> Iterator[Planes]:
    """RGB pictures as a decoder would give them, without a codec between."""
    for index, rgb in enumerate(frames):
        f = rgb.astype(np.float32)
        y = 0.299 * f[..., 0] + 0.587 * f[..., 1] + 0.114 * f[..., 2]
        cb, cr = (f[..., 2] - y) * 0.496, (f[..., 0] - y) * 0.626
        h, w = y.shape
        u, v = (
            np.clip(
                np.rint(cv2.resize(c, (w // 2, h // 2), interpolation=cv2.INTER_AREA) + 128), 0, 255
            )
            for c in (cb, cr)
        )
        luma = np.clip(np.rint(y * 219 / 255 + 16), 0, 255).astype(np.uint8)
        yield Planes(index, luma, u.astype(np.uint8), v.astype(np.uint8))


@pytest.fixture(scope="session")
def shot() -> Callable[..., list[Picture]]:
    """`shot(start, stop, seed=1)`: drawn RGB frames of one continuous shot."""
    return lambda start, stop, seed=1: list(film(start, stop, seed))


@pytest.fixture(scope="session")
def seen() -> Callable[[Sequence[Picture]], Footage]:
    """Watch drawn frames directly."""
    return lambda frames: watch_frames(planes(frames))


@pytest.fixture(scope="session")
def parent_frames() -> list[Picture]:
    return list(film(0, PARENT))


@pytest.fixture(scope="session")
def parent(seen: Callable[[Sequence[Picture]], Footage], parent_frames: list[Picture]) -> Footage:
    return seen(parent_frames)


@pytest.fixture(scope="session")
def child_frames() -> list[Picture]:
    """What comes after the parent; nothing is wrong with it."""
    return list(film(PARENT, PARENT + 48))


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """`written(frames, name)`: the frames as a real H.264 file."""

    def write(frames: Sequence[Picture], name: str = "clip.mp4", crf: int = 20) -> Path:
        path = tmp_path / name
        encode_frames(frames, path, rate=Fraction(24), crf=crf)
        return path

    return write
