"""A picture that moves: a camera way, a living subject, and drift when it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from scenegraph.animatic.draw.ask import Ask
from scenegraph.animatic.draw.canvas import Canvas, Field, Picture, fit_picture, refreshed
from scenegraph.animatic.draw.path import Clock, Path, Pose, ease
from scenegraph.animatic.draw.subject import Life, find_subject, window
from scenegraph.animatic.draw.wander import Grade, Morph, wander_of
from scenegraph.units import Size

MARGIN = 0.16  # of the height: picture guessed round a hop's first frame
MOST_COVER = 0.30  # log zoom a moving keyframe may give away to keep its border out of sight


class Moving:
    """Every frame is a pure function of its number: frame 0 is the picture itself.

    Args:
        cover: zoom in just far enough that no border is ever seen. A hop must not (its first
            frame is the parent's last); it has a guessed margin instead.
        carried: a second camera way under the first: the speed that the source still had.
    """

    def __init__(
        self, picture: Picture, size: Size, ask: Ask, kind: str, drift: float,
        *, frames: int, rng: np.random.Generator, path: Path, carried: Path | None = None,
        cover: bool = True,
    ) -> None:  # fmt: skip
        self._path, self._carried, self._last = path, carried, max(1, frames)
        still = picture if cover else refreshed(picture)
        self._canvas = Canvas(still, size, margin=0.0 if cover else MARGIN)
        plain = fit_picture(picture, size)
        subject = find_subject(plain)
        self._focus = (subject.x, subject.y) if subject.found else (size.width / 2, size.height / 2)
        if kind == "extend":
            # Shrinking towards a corner would show more guessed picture than needed.
            self._focus = (size.width / 2, 0.5 * (self._focus[1] + size.height / 2))
        turns = any(
            word in ask.prompt.lower() for word in ("head", "turn", "look", "nod", "glance")
        )
        clock = Clock(self._last)
        self._life = Life(
            self._canvas.grid, subject, clock, float(ask.rate), rng, head=1.7 if turns else 1.0
        )
        wander = wander_of(ask.seed, drift, kind, adain=ask.adain, tone_map=ask.tone_map)
        self._grade = Grade(wander, plain)
        self._morph = (
            Morph(self._canvas.grid, subject, wander, self._life.head) if wander.morph else None
        )
        self._cover = self._needed_cover() if cover else 0.0

    def frames(self, numbers: Iterable[int]) -> Iterator[Picture]:
        for number in numbers:
            yield self.frame(number)

    def frame(self, number: int) -> Picture:
        ramp = ease(number / self._last) if self._last > 1 else 1.0
        field = self._window(number) + self._life.bend(number)
        if self._morph:
            field = field + self._morph.at(ramp)
        return self._grade.apply(self._canvas.look(self._life.blink(field, number)), ramp)

    def _window(self, number: int) -> Field:
        pose = self._path(number)
        if self._cover:
            pose = replace(pose, zoom=pose.zoom + self._cover)
        field = window(self._canvas.grid, pose, self._life.near, self._focus)
        if self._carried:
            # What was measured moved the whole picture; it goes on as one.
            grid = self._canvas.grid
            size = grid.size
            middle = (size.width / 2, size.height / 2)
            field = field + window(grid, self._carried(number), None, middle)
            field -= np.dstack([grid.x, grid.y])
        return field

    def _needed_cover(self) -> float:
        """The least zoom that keeps every frame's window inside the picture."""
        numbers = sorted({round(n) for n in np.linspace(0, self._last, 25)})
        poses = [self._path(number) for number in numbers]
        cover = 0.0
        for _ in range(4):
            over = max(self._overshoot(pose, cover) for pose in poses)
            if over <= 0.25:
                break
            half = min(self._canvas.size.width, self._canvas.size.height) / 2
            cover = min(MOST_COVER, cover + 1.15 * over / half)
        return cover

    def _overshoot(self, pose: Pose, cover: float) -> float:
        """How many pixels outside the picture the window of `pose` reads."""
        grid, size = self._canvas.grid, self._canvas.size
        moved = replace(pose, zoom=pose.zoom + cover)
        field = window(grid, moved, self._life.near, self._focus)
        rim = np.concatenate([field[1, 1:-1], field[-2, 1:-1], field[1:-1, 1], field[1:-1, -2]])
        right, low = size.width - 1, size.height - 1
        return float(max(-rim.min(), (rim[:, 0] - right).max(), (rim[:, 1] - low).max()))
