"""Where the camera is at each frame: eased, alive, and at rest near the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenegraph.animatic.draw.words import CameraWords

RESTS_AT = 0.86  # share of the new frames after which the camera has arrived
CREEP = 0.006  # a locked-off shot still lives: no two frames of it are the same


@dataclass(frozen=True, slots=True)
class Pose:
    """One camera position against the picture plane.

    x, y: shift in picture heights (right, down); zoom: natural log; roll: radians;
    orbit: how far round the subject, -1..1.
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 0.0
    roll: float = 0.0
    orbit: float = 0.0

    def plus(self, other: Pose) -> Pose:
        return Pose(
            self.x + other.x,
            self.y + other.y,
            self.zoom + other.zoom,
            self.roll + other.roll,
            self.orbit + other.orbit,
        )

    def times(self, by: float) -> Pose:
        return Pose(self.x * by, self.y * by, self.zoom * by, self.roll * by, self.orbit * by)


Path = Callable[[int], Pose]


def ease(share: float) -> float:
    """0 → 1 with no speed and no acceleration at either end (smootherstep, Perlin 2002).

    >>> ease(-1), ease(0.5), ease(2)
    (0.0, 0.5, 1.0)
    """
    return float(_eased(np.asarray(share, np.float64)))


def _eased(share: NDArray[np.float64]) -> NDArray[np.float64]:
    s = np.clip(share, 0.0, 1.0)
    return np.asarray(s * s * s * (s * (6 * s - 15) + 10))


class Clock:
    """Time that starts gently and slows down near the end, from 0 to 1 over `frames`.

    Everything alive (breath, sway, a reference's motion) runs on it, so that a clip has a
    calm place to cut near its tail.
    """

    def __init__(self, frames: int, *, soft_start: bool = True) -> None:
        steps = max(1, frames)
        share = np.arange(steps) / steps
        pace = 1.0 - 0.8 * _eased((share - 0.78) / 0.16)
        if soft_start:
            pace *= _eased(np.arange(steps) / min(10.0, steps) + 0.35)
        ticks = np.concatenate([[0.0], np.cumsum(pace)])
        self.length = float(ticks[-1])
        self._ticks = ticks / ticks[-1]

    def at(self, frame: int) -> float:
        return float(self._ticks[min(max(frame, 0), len(self._ticks) - 1)])

    def frames(self, frame: int) -> float:
        """The same, in frames of undisturbed time."""
        return self.at(frame) * self.length


class Wobble:
    """A smooth wander that is 0 at both ends, so that a chain of clips does not walk away."""

    def __init__(self, rng: np.random.Generator, seconds: float, period_s: float) -> None:
        turns = max(1, round(2 * seconds / period_s))
        self._waves = np.array([turns, max(1, turns - 1), turns + 2, 2 * turns + 1])
        size = np.array([1.0, 0.7, 0.5, 0.22]) * rng.uniform(0.6, 1.0, 4) * rng.choice([-1, 1], 4)
        self._size = size / np.abs(size).sum()

    def at(self, share: float) -> float:
        return float((self._size * np.sin(np.pi * self._waves * share)).sum())


def camera_path(
    words: CameraWords, frames: int, rate: float, rng: np.random.Generator, *, reach: float = 1.0
) -> Path:
    """The camera's way over `frames` frames from rest; frame 0 is the untouched picture.

    Args:
        reach: how much of a full move is allowed (a hop has no picture outside its frame).
    """
    seconds = frames / rate
    # A short clip travels less, so that the speed on the screen stays a cameraman's.
    span = reach * min(1.25, max(0.3, (seconds / 4.0) ** 0.7)) * words.pace
    target = Pose(
        x=0.075 * words.pan,
        y=-0.06 * words.tilt,
        zoom=0.135 * words.push,
        orbit=1.0 * words.orbit,
    ).times(span)
    if words.says_nothing:
        target = replace(target, zoom=0.04 * span)
    if words.locked or words.sway:
        target = replace(target, zoom=target.zoom + CREEP * reach)
    clock = Clock(frames)
    sway = 0.5 + 0.5 * words.pace if words.sway else 0.0
    held = words.sway * sway + (0.0 if words.locked else 0.1)
    drift_x, drift_y = Wobble(rng, seconds, 2.3), Wobble(rng, seconds, 1.9)
    roll, breath = Wobble(rng, seconds, 2.9), Wobble(rng, seconds, 3.7)

    def at(frame: int) -> Pose:
        share = frame / max(1, frames)
        eased = target.times(ease(share / RESTS_AT))
        t = clock.at(frame)
        alive = Pose(
            x=0.013 * held * drift_x.at(t),
            y=0.010 * held * drift_y.at(t),
            zoom=0.004 * held * breath.at(t),
            roll=0.007 * held * roll.at(t),
        )
        return eased.plus(alive)

    return at
