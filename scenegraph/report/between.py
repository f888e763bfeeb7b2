"""What lies between shots, as plain values: chains and their drift, cuts, takes side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scenegraph.report.charts import Curve, Overlay
from scenegraph.report.wanted import Difference, Picture

if TYPE_CHECKING:
    from scenegraph.report.page import TakeView


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One measure along a chain, as shares of its budget; None where it was not measured.

    `tries` are the same for the takes that were not kept, by shot: what re-rolls were for.
    `against` is what every take was held against: its parent, the keyframe, or all hops added up.
    """

    name: str
    against: Literal["parent", "keyframe", "chain"]
    shares: tuple[float | None, ...]
    tries: tuple[tuple[float, ...], ...]
    worst: str
    budget: str
    over: bool

    @property
    def furthest(self) -> float:
        """The furthest that any take went, kept or not: what was re-rolled is worth seeing."""
        every = [*(part for part in self.shares if part is not None), *sum(self.tries, ())]
        return max((abs(part) for part in every), default=0.0)


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect of the picture, such as its saturation: its lines, the worst first."""

    name: str
    lines: tuple[DriftLine, ...]

    @property
    def over(self) -> bool:
        return any(line.over for line in self.lines)


@dataclass(frozen=True, slots=True)
class Apart:
    """The two frames of a chain that look least alike, and in what."""

    one: Picture
    other: Picture
    words: str


@dataclass(frozen=True, slots=True)
class ChainView:
    """A start and the hops behind it. `marks` says how each began: start, hop or anchor.

    `aspects` are drawn, worst first; `calm` names those that stayed far within their budgets.
    `budget` says how fast the chain uses its own up; `rerolls` counts takes that were not kept.
    """

    shots: tuple[str, ...]
    marks: tuple[str, ...]
    rerolls: tuple[int, ...]
    anchor: Picture | None
    apart: Apart | None
    pictures: tuple[Picture | None, ...]
    aspects: tuple[Aspect, ...]
    calm: tuple[str, ...]
    not_measured: tuple[tuple[str, str], ...]
    budget: tuple[str, ...] = ()

    def wanted(self) -> Iterator[Picture]:
        pair = (self.apart.one, self.apart.other) if self.apart else ()
        yield from (picture for picture in (self.anchor, *pair, *self.pictures) if picture)


@dataclass(frozen=True, slots=True)
class CutView:
    """One join of the reel: the last frame of `before` and the first of `after`.

    `seam` says how an extend goes on from its parent, `overlay` draws it.
    """

    number: int
    before: str
    after: str
    words: str
    at: str
    start: int
    last: Picture | None
    first: Picture | None
    difference: Difference | None
    out_frame: int
    in_frame: int
    next_out: tuple[int, ...]
    next_in: tuple[int, ...]
    curve_before: Curve | None
    curve_after: Curve | None
    tail_handle: int | None
    head_handle: int
    seam: str
    overlay: Overlay | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One take's amount of one measure; `share` is its part of the budget."""

    value: str
    share: float | None
    over: bool


@dataclass(frozen=True, slots=True)
class CompareView:
    """The takes of one shot side by side.

    Attributes:
        takes: those with a picture, in number order.
        measures: (name, budget, one cell for each take), worst first.
        calm: measures in which no take comes near its budget.
        fields: (field, one word for each take): only those that differ.
    """

    shot: str
    number: int
    takes: tuple[TakeView, ...]
    measures: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    calm: tuple[str, ...]
    fields: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def ranked(self) -> tuple[TakeView, ...]:
        """The circled take first, then the newest of the others."""
        return tuple(sorted(self.takes, key=lambda take: (not take.circled, -take.number)))
