"""A review: what looking at a take said. Made in `review`, kept here, read by cut and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

VerdictWord = Literal["good", "drifted", "broken"]

#: The warning of a hop that shows nothing of its parent's end, which it was sent.
OVERLAP_NOT_FOUND = "overlap-not-found"
#: The warning of a take that was looked at when no shot wanted it: beside nothing it is made from.
SEEN_BY_ITSELF = "seen-by-itself"

#: One value for each frame of a clip, float32. A series about steps between frames holds the
#: step *into* a frame, so entry 0 repeats entry 1.
Series = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measure:
    """One aspect of a take, held against its budget.

    Attributes:
        value: the measured amount in `unit`; None when it could not be measured.
        budget: the amount from which on it counts as drift; None when nothing bounds it.
        over: value > budget. A measure that was not made is never over, and never good.
        unit: of value and budget, such as `ln`, `degrees`, `levels` (of 255), `share`.
        since_frame: the first frame of the clip from which on it stays over its budget.
        note: why there is no value, or which anchor was used.
    """

    value: float | None
    budget: float | None
    unit: str = ""
    since_frame: int | None = None
    note: str = ""

    @property
    def over(self) -> bool:
        return self.value is not None and self.budget is not None and self.value > self.budget

    @property
    def score(self) -> float:
        """0 = as the anchor, 1 = at the budget, more = over it."""
        if self.value is None or not self.budget:
            return 0.0
        return abs(self.value) / self.budget

    def to_json(self) -> dict[str, Any]:
        return {
            "value": None if self.value is None else round(float(self.value), 5),
            "budget": self.budget,
            "over": self.over,
            "unit": self.unit,
            "since_frame": self.since_frame,
            "note": self.note,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measure:
        return cls(
            data["value"], data["budget"], data["unit"], data["since_frame"], data.get("note", "")
        )


@dataclass(frozen=True, slots=True)
class Overlap:
    """How an extend answer repeats its parent.

    Attributes:
        frames: this many frames at the answer's head repeat the parent (0: only new frames).
        parent_start: the parent frame that answer frame 0 repeats; None when frames is 0.
        parent_left: parent frames after the last repeated one (the answer left early).
        confidence: 0 to 1. Below 0.5 the place is a guess, and the report says so.
        remembered: as many frames were expected of such an answer: equal to `frames` when the
            memory was used instead of a guess, unlike it when the two disagree.
    """

    frames: int
    parent_start: int | None
    parent_left: int
    confidence: float
    remembered: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "parent_start": self.parent_start,
            "parent_left": self.parent_left,
            "confidence": round(self.confidence, 3),
            **({} if self.remembered is None else {"remembered": self.remembered}),
        }


@dataclass(frozen=True, slots=True)
class Chain:
    """How far a chain of hops has wandered, step by step.

    Attributes:
        hops: how many reviews are added up here, this one among them.
        steps: this hop's signed change against its parent by axis: `saturation`, `contrast`,
            `brightness`, `sharpness` (ln), `hue` (degrees), `cast` (Cb, Cr in levels).
        sums: the steps of all hops so far, added up. An axis that one hop could not measure adds
            nothing for that hop.
    """

    hops: int
    steps: Mapping[str, tuple[float, ...]]
    sums: Mapping[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        def told(amounts: Mapping[str, tuple[float, ...]]) -> dict[str, list[float]]:
            return {axis: [round(float(v), 5) for v in values] for axis, values in amounts.items()}

        return {"hops": self.hops, "steps": told(self.steps), "sums": told(self.sums)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Chain:
        steps, sums = (
            {axis: tuple(values) for axis, values in data[part].items()}
            for part in ("steps", "sums")
        )
        return cls(data["hops"], steps, sums)


@dataclass(frozen=True, slots=True)
class BestFrame:
    """The frame of a clip to start another shot from: its number from 0, and why this one."""

    frame: int
    why: str

    def to_json(self) -> dict[str, Any]:
        return {"frame": self.frame, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One clip, looked at once.

    Attributes:
        verdict: good, drifted (a measure over its budget) or broken (cannot be used).
        reasons: sentences for people, worst first; empty when good.
        score: the largest measure score; None when the clip is broken or nothing was measured.
        overlap: against the parent; None without a parent.
        chain: the signed changes against the parent, added up from hop to hop; None without a
            parent, and in reviews older than this.
        best: the frame to start another shot from; None when broken, and in reviews older than it.
        measures: by name. `identity` is always there, if only to say "not measured".
        series: per-frame values by name; `calmness` (lower is calmer, 1 = the clip's median) and
            `motion` (share of the diagonal moved in a step by the fastest 5% of pixels) always.
        prints: local-contrast prints, float16 (frames, 1024) unit rows; None when broken.
            For matching frames with other clips: squared distance 2 - 2 p.q.
    """

    verdict: VerdictWord
    reasons: tuple[str, ...] = ()
    score: float | None = None
    overlap: Overlap | None = None
    chain: Chain | None = None
    best: BestFrame | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    clip: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    series: Mapping[str, Series] = field(default_factory=dict, compare=False, repr=False)
    prints: NDArray[np.float16] | None = field(default=None, compare=False, repr=False)

    @property
    def shows_no_parent(self) -> bool:
        """A hop in which nothing of what it was sent could be found again."""
        return OVERLAP_NOT_FOUND in self.warnings

    @property
    def was_by_itself(self) -> bool:
        """It was held against nothing, and says nothing of drift."""
        return SEEN_BY_ITSELF in self.warnings

    @property
    def has_sheet(self) -> bool:
        """There are arrays to be kept beside the words."""
        return bool(self.series) or self.prints is not None

    @property
    def over(self) -> tuple[str, ...]:
        """The measures that are over their budgets."""
        return tuple(name for name, measure in self.measures.items() if measure.over)

    def to_json(self) -> dict[str, Any]:
        """The `review` answer of the terminal; series and prints are kept beside it."""
        return {
            "clip": self.clip,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "score": None if self.score is None else round(float(self.score), 4),
            "overlap_frames": None if self.overlap is None else self.overlap.frames,
            "overlap": None if self.overlap is None else self.overlap.to_json(),
            "chain": None if self.chain is None else self.chain.to_json(),
            "best_frame": None if self.best is None else self.best.to_json(),
            "measures": {name: measure.to_json() for name, measure in self.measures.items()},
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], series: Mapping[str, Series], prints: Any = None
    ) -> Review:
        overlap, chain, best = (data.get(part) for part in ("overlap", "chain", "best_frame"))
        return cls(
            verdict=data["verdict"],
            reasons=tuple(data["reasons"]),
            score=data["score"],
            overlap=Overlap(**overlap) if overlap else None,
            chain=Chain.from_json(chain) if chain else None,
            best=BestFrame(**best) if best else None,
            measures={k: Measure.from_json(v) for k, v in data["measures"].items()},
            clip=data["clip"],
            warnings=tuple(data.get("warnings", ())),
            series=series,
            prints=prints,
        )
