"""The cheapest film: in and out points of every clip at once, by dynamic programming.

A film's cost is a sum (`Film`), and a join couples only its two clips. So the best way to play the
first c clips in q frames, entering clip c at frame i, needs no memory of how it got there.

With C clips, k candidates for each end and Q lengths: O(C k² Q) steps, numpy over Q, and
O(C k Q) memory. Without a target Q is 1. Q is bounded by `BAND`, so that memory grows only with
the number of clips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenegraph.cut.film import (
    TOLERANCE,
    WHOLE,
    Ends,
    Film,
    in_words,
    make_film,
    span_in_words,
)
from scenegraph.cut.footage import ReelClip
from scenegraph.cut.joins import Costs, Junction
from scenegraph.cut.points import CANDIDATES, calmest, limits_of
from scenegraph.errors import CutError
from scenegraph.ledger.timeline import JoinKind

#: Lengths kept at a time around the course to the target.
BAND = 8192
#: Alternatives kept for each clip, each this many frames away from the others.
ALTERNATIVES, ALTERNATIVE_GAP = 3, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is played of one clip. Frames count from 0; both are played.

    Attributes:
        calmest: the calmest frame of what was searched: the part its out point may lie in,
            unless another was asked for.
        motion_at_in, motion_at_out: calmness there; 1 = the clip's median.
        alternatives: next-best (in, out) pairs with the neighbours as they are, best first.
    """

    clip: str
    in_frame: int
    out_frame: int
    calmest: int
    motion_at_in: float
    motion_at_out: float
    join: JoinKind = "cut"
    alternatives: tuple[tuple[int, int], ...] = ()

    @property
    def frames(self) -> int:
        return self.out_frame - self.in_frame + 1

    def to_json(self) -> dict[str, Any]:
        return {
            "clip": self.clip,
            "in_frame": self.in_frame,
            "out_frame": self.out_frame,
            "calmest": self.calmest,
            "motion_at_in": round(self.motion_at_in, 4),
            "motion_at_out": round(self.motion_at_out, 4),
            "join": self.join,
            "alternatives": [list(pair) for pair in self.alternatives],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CutChoice:
    """The chosen film. `frames` is the length of the reel that it makes."""

    cuts: tuple[Cut, ...]
    cost: float
    frames: int

    def to_json(self) -> dict[str, Any]:
        """The `cutpoints` answer of the terminal."""
        return {
            "cuts": [cut.to_json() for cut in self.cuts],
            "cost": round(self.cost, 4),
            "frames": self.frames,
        }


def choose_cuts(
    clips: Sequence[ReelClip],
    *,
    target: int | None = None,
    tolerance: int = TOLERANCE,
    search: tuple[int, int] | None = None,
    ends: Ends = WHOLE,
    rate: Fraction | None = None,
    joins: Callable[[int | None], Sequence[Junction]] | None = None,
) -> CutChoice:
    """The cheapest film of these clips in this order.

    Args:
        target: frames the reel should have, met within `tolerance` or refused.
        search: frames (both within) in which each clip's `calmest` is looked for.
        ends: what they begin and end with, when they are a part of a longer film.
        rate: of the reel, so that lengths can be told in seconds.
        joins: the junctions with so many candidates, of clips that come without their prints.

    Raises:
        CutError: no clips or frames, or a length that these clips cannot make.
    """
    # A length may lie between the calm places: every frame is tried before it is refused.
    for count in (CANDIDATES, None):
        film = make_film(
            clips,
            target=target,
            tolerance=tolerance,
            count=count,
            ends=ends,
            rate=rate,
            joins=joins(count) if joins is not None else None,
        )
        picks = best_picks(film)
        if picks is not None:
            break
    if picks is None:
        low, high = film.lengths
        there = span_in_words(low, high, rate)
        many = f"{len(clips)} clip{'s' * (len(clips) > 1)} cannot make"
        wish = "these lengths" if target is None else in_words(target, rate)
        raise CutError(
            f"{many} {wish}: they reach {there}.",
            next=f"Ask for a length of {there}, or change the clips.",
        )
    cost, frames = film.total(picks)
    cuts = [
        _cut(film, at, picks, search, "start" if at == 0 else part.clip.join)
        for at, part in enumerate(film.parts)
    ]
    return CutChoice(cuts=tuple(cuts), cost=cost, frames=frames)


def best_picks(film: Film) -> list[tuple[int, int]] | None:
    """The cheapest (in, out) candidate indices of every clip; None when no film meets the
    target.

    The state before clip c is (in point, frames played); `backs` remember the way.
    """
    bands = _bands(film)
    if bands is None:
        return None
    timed = film.target is not None
    backs: list[tuple[NDArray[np.uint16], NDArray[np.uint16]]] = []
    low, high = bands[0]
    outside = np.full((1, high - low), np.inf)
    outside[0, 0 - low] = 0.0
    for part, (low, high), (next_low, next_high) in zip(film.parts, bands, bands[1:], strict=False):
        entered, from_out = _enter(part.enter, outside)
        left = np.full((len(part.outs), next_high - next_low), np.inf)
        from_in = np.zeros(left.shape, np.uint16)
        for i, o in zip(*np.nonzero(part.reel_frames), strict=True):
            # left[o, q + length] = min over i of entered[i, q]
            shift = (int(part.reel_frames[i, o]) if timed else 0) + low - next_low
            a, b = max(0, -shift), min(high - low, next_high - next_low - shift)
            if a >= b:
                continue
            source, aim = entered[i, a:b], left[o, a + shift : b + shift]
            better = source < aim
            np.copyto(aim, source, where=better)
            np.copyto(from_in[o, a + shift : b + shift], np.uint16(i), where=better)
        backs.append((from_out, from_in))
        outside = left
    low, high = bands[-1]
    final = outside + film.leave[:, None]
    if timed:
        final = final + film.miss_cost(np.arange(low, high))[None, :]
    o, q = (int(k) for k in np.unravel_index(int(np.argmin(final)), final.shape))
    if not np.isfinite(final[o, q]):
        return None
    picks: list[tuple[int, int]] = []
    for at in reversed(range(len(film.parts))):
        from_out, from_in = backs[at]
        i = int(from_in[o, q])
        picks.append((i, o))
        if timed:
            q += bands[at + 1][0] - int(film.parts[at].reel_frames[i, o]) - bands[at][0]
        o = int(from_out[i, q])
    return picks[::-1]


def _enter(enter: Costs, outside: Costs) -> tuple[Costs, NDArray[np.uint16]]:
    """Best cost of entering at each in point for each length, and the out it came from."""
    entered = np.empty((enter.shape[1], outside.shape[1]))
    from_out = np.empty(entered.shape, np.uint16)
    for i in range(enter.shape[1]):
        ways = outside + enter[:, i : i + 1]
        best = np.argmin(ways, axis=0)
        from_out[i] = best
        entered[i] = np.take_along_axis(ways, best[None, :], axis=0)[0]
    return entered, from_out


def _bands(film: Film) -> list[tuple[int, int]] | None:
    """Half-open ranges of frames played before each clip (and after the last) worth keeping.

    Only lengths from which the target can still be met, around the straight course to it when
    that is wider than `BAND`. None: no way leads to the target.
    """
    if film.target is None:
        return [(0, 1)] * (len(film.parts) + 1)
    least = [part.shortest for part in film.parts]
    most = [part.longest for part in film.parts]
    bands = []
    total_low, total_high = film.reach
    share = (film.target - total_low) / max(1, total_high - total_low)
    for at in range(len(film.parts) + 1):
        low, high = sum(least[:at]), sum(most[:at])
        course = round(low + share * (high - low))
        low = max(low, film.target - film.tolerance - sum(most[at:]), course - BAND // 2)
        high = min(high, film.target + film.tolerance - sum(least[at:]), course + BAND // 2)
        if low > high:
            return None
        bands.append((low, high + 1))
    return bands


def _cut(
    film: Film,
    at: int,
    picks: Sequence[tuple[int, int]],
    search: tuple[int, int] | None,
    join: JoinKind,
) -> Cut:
    part = film.parts[at]
    i, o = picks[at]
    first, last = int(part.ins[i]), int(part.outs[o])
    limits = limits_of(part.clip)
    calm = part.clip.calmness
    return Cut(
        clip=part.clip.name,
        in_frame=first,
        out_frame=last,
        calmest=calmest(calm, search or (limits.first_out, limits.last_out)),
        motion_at_in=float(calm[first]),
        motion_at_out=float(calm[last]),
        join=join,
        alternatives=_alternatives(film, at, picks),
    )


def _alternatives(
    film: Film, at: int, picks: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Next-best pairs for one clip while its neighbours stay; its length may differ."""
    part = film.parts[at]
    enter = part.enter[picks[at - 1][1] if at else 0]
    after = film.parts[at + 1].enter[:, picks[at + 1][0]] if at + 1 < len(picks) else film.leave
    cost = np.where(part.reel_frames > 0, enter[:, None] + after[None, :], np.inf)
    taken = [(int(part.ins[picks[at][0]]), int(part.outs[picks[at][1]]))]
    for flat in np.argsort(cost, axis=None, kind="stable"):
        i, o = np.unravel_index(flat, cost.shape)
        if len(taken) > ALTERNATIVES or not np.isfinite(cost[i, o]):
            break
        pair = (int(part.ins[i]), int(part.outs[o]))
        if all(max(abs(pair[0] - a), abs(pair[1] - b)) >= ALTERNATIVE_GAP for a, b in taken):
            taken.append(pair)
    return tuple(taken[1:])
