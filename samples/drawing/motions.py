"""Motion references: a grey room filmed by a camera whose way is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing.places import behind
from scenegraph.media import encode_frames

WIDTH, HEIGHT, RATE = 320, 180, Fraction(24)
Way = Callable[[float], tuple[float, float, float, float]]


def sway(t: float) -> tuple[float, float, float, float]:
    """A camera on a shoulder: x, y (heights), zoom (log), roll (radians) after `t` seconds."""
    x = 0.020 * np.sin(1.9 * t) + 0.008 * np.sin(4.3 * t + 1.0) - 0.008 * np.sin(1.0)
    y = 0.013 * np.sin(2.7 * t + 0.4) - 0.013 * np.sin(0.4) + 0.004 * np.sin(6.1 * t)
    return float(x), float(y), 0.010 * float(np.sin(0.9 * t)), 0.008 * float(np.sin(1.4 * t))


def lean_in(t: float) -> tuple[float, float, float, float]:
    """Somebody leans over a table: a short, eased move in."""
    s = float(np.clip(t / 2.6, 0, 1))
    e = s * s * s * (s * (6 * s - 15) + 10)
    return 0.0, 0.010 * e, 0.11 * e, 0.0


def swell(t: float) -> tuple[float, float, float, float]:
    """A camera on a deck in heavy sea: slow roll and heave."""
    return (
        0.012 * float(np.sin(1.1 * t)),
        0.030 * float(np.sin(1.6 * t)),
        0.0,
        0.028 * float(np.sin(1.25 * t)),
    )


def frames(way: Way, seconds: float) -> Iterator[NDArray[np.uint8]]:
    room = cv2.cvtColor(behind("a room by day, a table", 12, focus=1), cv2.COLOR_RGB2GRAY)
    room = cv2.createCLAHE(2.0, (8, 8)).apply(cv2.GaussianBlur(room, (0, 0), 1.2))
    high, wide = room.shape
    for number in range(round(seconds * RATE) + 1):
        x, y, zoom, roll = way(number / float(RATE))
        scale = 0.80 * high / HEIGHT * np.exp(-zoom)  # read 80 % of the room: no border shows
        cos, sin = scale * np.cos(roll), scale * np.sin(roll)
        cx, cy = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
        shift = 0.80 * high
        matrix = np.array([
            [cos, sin, wide / 2 + x * shift - cos * cx - sin * cy],
            [-sin, cos, high / 2 + y * shift + sin * cx - cos * cy],
        ])  # fmt: skip
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(
            cv2.GaussianBlur(room, (0, 0), 1.4), matrix, (WIDTH, HEIGHT), flags=how,
            borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        yield cv2.cvtColor(view, cv2.COLOR_GRAY2RGB)


def film_motion(file: Path, way: Way, seconds: float) -> None:
    encode_frames(frames(way, seconds), file, rate=RATE, crf=25, preset="slow")
