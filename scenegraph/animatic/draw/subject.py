"""The person in a picture: where, and how they live while the camera runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path as File
from threading import Lock
from typing import Any

import cv2
import numpy as np

from scenegraph.animatic.draw.canvas import Field, Grid, Picture
from scenegraph.animatic.draw.path import Clock, Pose, Wobble

LOOKED_AT = 480  # width at which faces are searched
#: A cascade keeps the picture that it searches: of two threads each would find the other's faces.
_SEARCHING = Lock()


@dataclass(frozen=True, slots=True)
class Subject:
    """A face box in pixels (centre, width, height) and the eyes found in it.

    `found` is False when no face was seen; the box is then the middle of the picture.
    """

    x: float
    y: float
    width: float
    height: float
    eyes: tuple[tuple[float, float, float], ...] = ()
    found: bool = False


@cache
def _cascade(name: str) -> Any:
    """An OpenCV Haar cascade, or None where the wheel carries none (OpenCV 5)."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    file = File(folder) / name if folder else None
    return cv2.CascadeClassifier(str(file)) if file and file.is_file() else None


def find_subject(picture: Picture) -> Subject:
    """The surest frontal face and its eyes (Viola & Jones 2001, as trained by Lienhart)."""
    height, width = picture.shape[:2]
    middle = Subject(width * 0.5, height * 0.44, height * 0.34, height * 0.40)
    faces, eyes = _cascade("haarcascade_frontalface_alt2.xml"), _cascade("haarcascade_eye.xml")
    if faces is None or min(height, width) < 64:
        return middle
    scale = min(1.0, LOOKED_AT / width)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # Local contrast, not a stretched histogram: a night's lamps must not wash the face out.
    plain = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    grey = np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(plain), np.uint8)
    least = int(0.12 * min(grey.shape))
    with _SEARCHING:
        boxes, _, sure = faces.detectMultiScale3(
            grey, 1.1, 3, minSize=(least, least), outputRejectLevels=True
        )
        if len(boxes) == 0:
            return middle
        best = max(range(len(boxes)), key=lambda n: (round(float(sure[n]), 3), *boxes[n].tolist()))
        x, y, w, h = (int(v) for v in boxes[best])
        found = [] if eyes is None else _eyes(eyes, grey, (x, y, w, h))
    return Subject(
        (x + w / 2) / scale,
        (y + h / 2) / scale,
        w / scale,
        h / scale * 1.15,
        tuple((ex / scale, ey / scale, r / scale) for ex, ey, r in found),
        True,
    )


def _eyes(
    cascade: Any, grey: Picture, face: tuple[int, int, int, int]
) -> list[tuple[float, float, float]]:
    """One eye in each upper half of the face at the same height, or none at all."""
    x, y, w, h = face
    seen = cascade.detectMultiScale(grey[y : y + int(0.6 * h), x : x + w], 1.05, 3)
    sides: list[tuple[float, float, float]] = []
    for left in (True, False):
        half = [b for b in seen if (b[0] + b[2] / 2 < w / 2) == left]
        if not half:
            return []
        ex, ey, ew, eh = max(half, key=lambda b: (b[2] * b[3], -b[0], -b[1]))
        sides.append((x + ex + ew / 2, y + ey + eh * 0.54, ew * 0.40))
    level = abs(sides[0][1] - sides[1][1]) < 0.12 * h
    alike = 0.6 < sides[0][2] / sides[1][2] < 1.6
    return sides if level and alike else []


class Life:
    """Breath, a head that is never quite still, a blink; and nearness for the camera.

    Everything is zero at the first frame and back at zero after the last.
    """

    def __init__(
        self, grid: Grid, subject: Subject, clock: Clock, rate: float, rng: np.random.Generator,
        *, amount: float = 1.0, head: float = 1.0,
    ) -> None:  # fmt: skip
        self._grid, self._subject, self._clock = grid, subject, clock
        size, seconds = grid.size, clock.length / rate
        x = (grid.x - subject.x) / subject.width
        y = (grid.y - subject.y) / subject.height
        self.head = _soft(np.hypot(x * 0.85, y * 0.8), 0.35, 1.05)
        shoulders = _soft(np.abs(x) / np.clip(0.75 + 0.95 * (y - 0.35), 0.75, 2.1), 0.55, 1.25)
        self._body = shoulders * _soft(-y, -0.75, 0.05)
        self.near = np.maximum(self.head, self._body)
        if not subject.found:
            # No person: only nearness, falling from the bottom edge upwards, and a faint breath.
            down = np.clip(grid.y / size.height, 0, 1)
            self.near = (0.8 * down**1.5).astype(np.float32)
            amount *= 0.35
        amount *= min(1.0, seconds / 2)  # nobody breathes in and out within a quarter second
        self._nod, self._turn = Wobble(rng, seconds, 3.1), Wobble(rng, seconds, 4.3)
        self._breaths = max(1, round(seconds / rng.uniform(3.2, 4.2)))
        self._lift = 0.016 * min(subject.height, 0.45 * size.height) * amount
        self._tilt = 0.024 * amount * head if subject.found else 0.0
        self._yaw = 0.022 * subject.width * amount * head if subject.found else 0.0
        # Both alike and no wider than eyes are: round glasses are found as eyes as large as they.
        r = min([0.12 * subject.width, *(r for *_, r in subject.eyes)])
        self._eyes = [(x, y, r) for x, y, _ in subject.eyes]
        self._blinks = _blink_times(clock, rate, rng) if self._eyes else []
        self._blink_frames = max(4.0, 0.3 * rate)

    def bend(self, frame: int) -> Field:
        """How far to read away from each point at `frame`: (rows, columns, 2), pixels."""
        t = self._clock.at(frame)
        breath = 0.5 - 0.5 * np.cos(2 * np.pi * self._breaths * t)
        dx = np.zeros_like(self._grid.x)
        dy = (self._lift * breath * self._body).astype(np.float32)
        if self._tilt:
            pivot = self._subject.y + 0.75 * self._subject.height
            angle, turn = self._tilt * self._nod.at(t), self._yaw * self._turn.at(t)
            dx += self.head * (angle * (self._grid.y - pivot) - turn)
            dy += self.head * (-angle * (self._grid.x - self._subject.x) + 0.35 * abs(turn))
        return np.dstack([dx, dy])

    def blink(self, field: Field, frame: int) -> Field:
        """`field`, places to read, with the eyes as far shut as they are at `frame`."""
        shut = self._shut(frame)
        if not shut:
            return field
        down = sum(_lid(field[..., 0] - x, field[..., 1] - y, r, shut) for x, y, r in self._eyes)
        return np.dstack([field[..., 0], field[..., 1] + down])

    def _shut(self, frame: int) -> float:
        """How far the lids are down: 0 open … 1 shut."""
        for at in self._blinks:
            phase = (frame - at) / self._blink_frames
            if 0 < phase < 1:
                return float(np.sin(np.pi * phase**0.8) ** 1.5)
        return 0.0


def _lid(x: Field, y: Field, r: float, shut: float) -> Field:
    """How far to read away at (x, y) from an eye of radius `r` that is `shut`: 0 … 1.

    The eye is pressed towards its lower lid and the skin below the brow stretched after it. What
    is read runs down without a fold: a brow or a rim of glasses is never seen twice.
    """
    brow, lid, low = -0.78 * r, -0.42 * r, 0.40 * r
    shows = lid + 0.82 * shut * (low - lid)
    read = np.interp(y, [brow, shows, low], [brow, lid, low])
    away = np.where((brow < y) & (y < low), read - y, 0.0)
    return np.asarray(away * np.exp(-((x / r) ** 6)), np.float32)


def window(grid: Grid, pose: Pose, near: Field | None, focus: tuple[float, float]) -> Field:
    """Where to read the picture for a camera at `pose`: near things move more than far ones."""
    size = grid.size
    x, y = grid.x - focus[0], grid.y - focus[1]
    cos, sin, out = np.cos(pose.roll), np.sin(pose.roll), np.exp(-pose.zoom)
    dx = (cos * x + sin * y) * out - x + pose.x * size.height
    dy = (-sin * x + cos * y) * out - y + pose.y * size.height
    if near is not None:
        depth = 0.82 + 0.40 * near
        dx, dy = dx * depth, dy * depth
    if pose.orbit:
        # Round the subject: the room slides one way behind it, the near side turns the other.
        depth = near if near is not None else np.zeros_like(x)
        across = x / size.width
        dx = dx + pose.orbit * size.height * (0.038 * (1 - depth) - 0.018 * depth)
        dy = dy + pose.orbit * 0.05 * across * y
        dx = dx + pose.orbit * 0.035 * across * np.abs(across) * size.width
    return np.dstack([grid.x + dx, grid.y + dy]).astype(np.float32)


def _soft(value: Field, inner: float, outer: float) -> Field:
    """1 up to `inner`, 0 from `outer` on, smooth between."""
    s = np.clip((outer - value) / (outer - inner), 0, 1)
    return np.asarray(s * s * (3 - 2 * s), np.float32)


def _blink_times(clock: Clock, rate: float, rng: np.random.Generator) -> list[float]:
    at, times = rng.uniform(0.6, 1.6) * rate, []
    last = clock.length * 0.92
    while at < last:
        times.append(at)
        at += rng.uniform(2.2, 4.6) * rate
    return times
