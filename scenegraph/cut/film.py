"""A film before it is chosen: where each clip may begin and end, and what every way costs.

The cost is a sum: the first frame, every join, the last frame, and what it misses of the length
that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scenegraph.cut.footage import ReelClip
from scenegraph.cut.joins import (
    Costs,
    Junction,
    count_for,
    end_cost,
    in_cost,
    junction,
    out_cost,
    start_cost,
)
from scenegraph.cut.points import CANDIDATES, cheapest_points, limits_of
from scenegraph.errors import CutError

#: A length is met when it is off by no more than this many frames.
TOLERANCE = 3
#: What a frame off the target costs within the tolerance; beyond it a film does not count.
NEAR_MISS = 0.02


@dataclass(frozen=True, slots=True)
class Ends:
    """How a run of clips begins and ends: as the film does, by a hard cut from and to clips that
    are not here yet, or (at its end) going on into an answer that extends the last one.
    """

    start: Literal["start", "cut"] = "start"
    end: Literal["end", "cut", "extend"] = "end"


WHOLE = Ends()


@dataclass(frozen=True, slots=True, eq=False)
class FilmPart:
    """One clip between its joins.

    Attributes:
        ins, outs: candidate first and last frames played.
        reel_frames: (ins, outs) frames of the reel that each pair fills; 0 where it may not be.
        enter: (outs of the clip before, ins) cost; (1, ins) for the first clip.
    """

    clip: ReelClip
    ins: NDArray[np.intp]
    outs: NDArray[np.intp]
    reel_frames: NDArray[np.int64]
    enter: Costs

    @property
    def shortest(self) -> int:
        return int(self.reel_frames[self.reel_frames > 0].min())

    @property
    def longest(self) -> int:
        return int(self.reel_frames.max())


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Everything a choice is made from. `leave`: cost of each out of the last clip."""

    parts: tuple[FilmPart, ...]
    leave: Costs
    target: int | None = None
    tolerance: int = TOLERANCE

    @property
    def reach(self) -> tuple[int, int]:
        """Bounds of its length, clip by clip, whatever their joins allow together."""
        return sum(part.shortest for part in self.parts), sum(part.longest for part in self.parts)

    @property
    def lengths(self) -> tuple[int, int]:
        """The shortest and the longest film that its joins allow."""
        low, high = np.zeros(1), np.zeros(1)
        for part in self.parts:
            may = np.isfinite(part.enter)
            first = np.where(may, low[:, None], np.inf).min(axis=0)
            last = np.where(may, high[:, None], -np.inf).max(axis=0)
            fits = part.reel_frames > 0
            low = np.where(fits, first[:, None] + part.reel_frames, np.inf).min(axis=0)
            high = np.where(fits, last[:, None] + part.reel_frames, -np.inf).max(axis=0)
        may = np.isfinite(self.leave) & np.isfinite(low)
        return int(low[may].min()), int(high[may].max())

    def miss_cost(self, frames: NDArray[np.int64] | int) -> Any:
        """What lengths cost for being off the target."""
        if self.target is None:
            return np.zeros(np.shape(frames))
        off = np.abs(np.asarray(frames) - self.target)
        return np.where(off <= self.tolerance, NEAR_MISS * off, np.inf)

    def total(self, picks: Sequence[tuple[int, int]]) -> tuple[float, int]:
        """Cost and length of one choice of (in, out) candidate indices; inf where it may not be."""
        cost, frames, before = 0.0, 0, 0
        for part, (i, o) in zip(self.parts, picks, strict=True):
            cost += float(part.enter[before, i])
            length = int(part.reel_frames[i, o])
            if not length:
                return float("inf"), 0
            frames, before = frames + length, o
        return cost + float(self.leave[before]) + float(self.miss_cost(frames)), frames


def make_film(
    clips: Sequence[ReelClip],
    *,
    target: int | None = None,
    tolerance: int = TOLERANCE,
    count: int | None = CANDIDATES,
    ends: Ends = WHOLE,
    rate: Fraction | None = None,
    joins: Sequence[Junction] | None = None,
) -> Film:
    """Lay out candidates and costs. `count` candidates for each end; None tries every frame.

    `joins`: the junctions, when they were made while the clips' prints were at hand.
    `ends`: what these clips begin and end with, when they are a part of a longer film.

    Raises:
        CutError: no clips, a clip without frames, or two joins that leave nothing between them.
    """
    if not clips:
        raise CutError("There is no clip to cut.", next="Name at least one clip.")
    limits = [limits_of(clip) for clip in clips]
    if joins is None:
        joins = [junction(a, b, count) for a, b in pairwise(clips)]
    begin = (in_cost if ends.start == "cut" else start_cost)(clips[0], limits[0])
    finish = (out_cost if ends.end == "cut" else end_cost)(clips[-1], limits[-1])
    first_out = limits[-1].last_out if ends.end == "extend" else limits[-1].first_out
    first_in, last_in = limits[0].first_in, limits[0].last_in
    ins = cheapest_points(begin, first_in, last_in, count_for(clips[0], count))
    outs = cheapest_points(finish, first_out, limits[-1].last_out, count_for(clips[-1], count))
    first = Junction(np.zeros(1, np.intp), ins, begin[ins][None, :])
    last = Junction(outs, np.zeros(1, np.intp), finish[outs][:, None])
    sides = [first, *joins, last]
    parts = []
    for clip, least, before, after in zip(
        clips, (limit.least for limit in limits), sides, sides[1:], strict=False
    ):
        length = after.outs[None, :] - before.ins[:, None] + 1
        longest = int(length.max())
        if longest < 1:
            raise CutError(
                f"{clip.name}: its joins leave no frame between them.",
                next="Shoot it again with more new frames, or leave it out.",
            )
        if clip.wanted is None:
            fits = length >= min(least, (longest + 1) // 2)
        else:
            fits = _as_wanted(clip, clip.wanted, length, rate)
        reel = np.where(fits, clip.reel_frames(length), 0)
        parts.append(FilmPart(clip, before.ins, after.outs, reel, before.cost))
    return Film(tuple(parts), last.cost[:, 0], target, tolerance)


def _as_wanted(
    clip: ReelClip, wanted: int, length: NDArray[np.intp], rate: Fraction | None
) -> NDArray[np.bool_]:
    """The in and out points that give a clip its length, as near as its rate allows.

    Raises:
        CutError: its joins and its frames do not allow it.
    """
    there = length >= 1
    off = np.abs(clip.reel_frames(length) - wanted)
    nearest = int(off[there].min())
    if nearest > math.ceil((clip.stretch - 1) / 2):
        possible = clip.reel_frames(length)[there]
        low, high = int(possible.min()), int(possible.max())
        can = in_words(low, rate) if low == high else span_in_words(low, high, rate)
        raise CutError(
            f"{clip.name} cannot play {in_words(wanted, rate)}: its frames and joins leave {can}.",
            next="Ask for a length that it has, or shoot it anew with another one.",
        )
    fits: NDArray[np.bool_] = there & (off == nearest)
    return fits


def in_words(frames: int, rate: Fraction | None) -> str:
    """
    >>> in_words(84, Fraction(24)), in_words(84, None)
    ('3.5 s (84 frames)', '84 frames')
    """
    if rate is None:
        return f"{frames} frames"
    return f"{float(frames / rate):.2f}".rstrip("0").rstrip(".") + f" s ({frames} frames)"


def span_in_words(low: int, high: int, rate: Fraction | None) -> str:
    """
    >>> span_in_words(36, 84, Fraction(24)), span_in_words(36, 84, None)
    ('1.5 to 3.5 s (36 to 84 frames)', '36 to 84')
    """
    if rate is None:
        return f"{low} to {high}"
    seconds = [f"{float(frames / rate):.2f}".rstrip("0").rstrip(".") for frames in (low, high)]
    return f"{' to '.join(seconds)} s ({low} to {high} frames)"
