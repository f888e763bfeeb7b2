"""What a measurer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scenegraph.ledger.reviews import Series
from scenegraph.review.footage import Footage
from scenegraph.review.matched import Match, Matcher
from scenegraph.review.views import View

#: Views of a clip that are laid over its anchor.
VIEWS = 8
TOO_FEW = "too few pixels show the same thing as the anchor"
#: Mean share of matched pixels from which on what they tell is taken in full, and under which it is
#: nothing: by chance alone two pictures share a fiftieth.
ENOUGH, TOO_LITTLE = 0.15, 0.04


@dataclass(frozen=True, eq=False)
class Sight:
    """One clip held against one anchor.

    Attributes:
        clip: what is judged.
        first: its first new frame; the frames before it repeat the parent and are not judged.
        anchor: views that it should look like; empty when there are none.
        parent: the footage that the anchor is from, when it is a clip.
    """

    clip: Footage
    first: int = 0
    anchor: Sequence[View] = ()
    parent: Footage | None = None

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """The clip's sampled views against the anchor's most alike, in order of time."""
        if not self.anchor:
            return ()
        matcher = Matcher(far=self.parent is None)
        views = self.clip.sampled(self.first, count=VIEWS)
        return tuple(matcher.match(view, matcher.nearest(view, self.anchor)) for view in views)

    def new(self, name: str) -> Series:
        """A series of the clip from its first new frame on."""
        return self.clip.series[name][self.first :]

    def steps(self, name: str) -> Series:
        """A series about steps, the repeated entry of frame 0 left out."""
        return self.clip.series[name][max(1, self.first) :]

    @property
    def first_step(self) -> int:
        """The frame that `steps` begins with."""
        return max(1, self.first)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a measurer saw.

    Attributes:
        value: the amount, 0 or more, in the measure's unit; None when nothing could be measured.
        more: the direction: True for more than the anchor, False for less, None for neither.
        track: (frame, amount) along the clip, to tell since when; amounts as `value`'s.
        shift: the change with its direction, for a measure of two dimensions (Cb, Cr).
        note: why there is no value, or what it was held against.
    """

    value: float | None
    more: bool | None = None
    track: tuple[tuple[int, float], ...] = ()
    note: str = ""
    shift: tuple[float, float] | None = None

    @property
    def signed(self) -> tuple[float, ...]:
        """The value with its side; empty when it has none, or nothing was measured."""
        if self.value is None:
            return ()
        if self.shift is not None:
            return self.shift
        return () if self.more is None else (self.value if self.more else -self.value,)

    def since(self, budget: float) -> int | None:
        """The frame from which on the amount stays over `budget`; else the first one over it."""
        over = [frame for frame, amount in self.track if amount > budget]
        if not over:
            return None
        under = [frame for frame, amount in self.track if amount <= budget]
        lasting = [frame for frame in over if not under or frame > under[-1]]
        return lasting[0] if lasting else over[0]


Measurer = Callable[[Sight], Reading]


def not_measured(why: str) -> Reading:
    return Reading(None, note=f"not measured: {why}")


def late(count: int) -> int:
    """How many of the last views say where a clip has got to: five eighths of them.

    >>> late(8), late(1)
    (5, 1)
    """
    return (5 * count + 7) // 8


def arrived(matches: Sequence[Match], values: Sequence[float | None]) -> Reading:
    """Where the clip has got to: the median of a signed value over its last five eighths.

    A ramp has arrived there, a step is there all the way, and what comes and goes with the motion
    has either sign and falls out. A pass that is over before is no drift that a next hop inherits.
    A view counts by the share of its pixels that were matched; where little was, little is said
    (see `trust`).
    """
    known = [(m, v) for m, v in zip(matches, values, strict=True) if v is not None]
    doubt = trust(matches)
    if not known or not doubt:
        return not_measured(TOO_FEW)
    begin = matches[-late(len(matches))].frame
    last = [pair for pair in known if pair[0].frame >= begin] or known[-1:]
    shares = np.asarray([m.share for m, _ in last])
    level = doubt * weighted_median(np.asarray([v for _, v in last]), shares)
    sign = 1.0 if level >= 0 else -1.0
    track = tuple((m.frame, sign * doubt * v) for m, v in known)
    return Reading(abs(level), level >= 0, track)


def trust(matches: Sequence[Match]) -> float:
    """How far the late views can be believed, 0 to 1: their mean share over `ENOUGH`.

    A sixth of the picture tells its grade; of less, where the camera has gone elsewhere, much is
    matched by chance, and a part of the change is as much as can be said.
    """
    shares = [m.share for m in matches[-late(len(matches)) :]]
    mean = float(np.mean(shares)) if shares else 0.0
    return 0.0 if mean < TOO_LITTLE else min(1.0, mean / ENOUGH)


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The value at which half of the weight is reached, between neighbours by straight lines.

    >>> weighted_median(np.array([0.9, 0.1, 0.2]), np.array([0.01, 1.0, 1.0])) < 0.2
    True
    """
    order = np.argsort(values)
    weight = weights[order] + 1e-9
    middles = np.cumsum(weight) - weight / 2
    return float(np.interp(weight.sum() / 2, middles, values[order]))


def longest_run(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """(start, length) of the longest run of True; (0, 0) when there is none.

    >>> longest_run(np.array([True, False, True, True]))
    (2, 2)
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    longest = int((stops - starts).argmax())
    return int(starts[longest]), int(stops[longest] - starts[longest])
