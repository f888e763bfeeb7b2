"""What the page says, as plain values: no HTML, no files read, no words left to decide.

`build.py` makes a `Page` from a scene, its plan and the ledger; the template only lays it out.
A `Picture` names the frame that is wanted; `proxies.py` turns it into bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scenegraph.report.charts import Curve

#: How a shot stands, for colour and word: kept, drifted (kept, but over a budget), stale (kept,
#: but something it was made from has changed), lost, blocked (waits for a lost one), asking (a
#: person must decide), queued, todo.
Standing = Literal["kept", "drifted", "stale", "lost", "blocked", "asking", "queued", "todo"]

#: Standings of a shot that has a take in the reel.
IN_CAN: tuple[Standing, ...] = ("kept", "drifted", "stale")

#: Widths in pixels of the JPEGs in the page, at about 1.3 times their size on the screen.
FRAME_W, CUT_W, SMALL_W = 520, 560, 260


@dataclass(frozen=True, slots=True)
class Picture:
    """One still picture. `frame` is None for a still image, else a frame of the clip at `source`.

    Attributes:
        aspect: width by height as shown.
        alt: what a screen reader says.
    """

    source: Path
    frame: int | None
    width: int
    aspect: float
    alt: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value, as the page prints them; `note` in small print."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """A root cause: one shot that is lost or needs a person, and all that waits for it.

    `command` is where a person decides; a lost shot needs none of its own, `run` asks again.
    """

    shot: str
    standing: Standing
    why: str
    next: str
    waits: tuple[str, ...]
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict: what a producer reads first."""

    word: str
    tone: Literal["good", "warn", "bad", "plain"]
    sentence: str
    losses: tuple[Loss, ...]
    command: str | None


@dataclass(frozen=True, slots=True)
class Segment:
    """One event of the reel, for the bar under the film. `share` is its part of the length."""

    shot: str
    share: float
    picture: Picture | None
    label: str


@dataclass(frozen=True, slots=True)
class ReelView:
    path: Path | None
    frames: int
    length: str
    format: str
    poster: Picture | None
    segments: tuple[Segment, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasureView:
    """One measure of one take: `share` is its part of the budget, None when not measured."""

    name: str
    value: str
    budget: str
    share: float | None
    over: bool
    note: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of an attempt: what happened, when (UTC), how long after the step before."""

    name: str
    at: str
    after: str


@dataclass(frozen=True, slots=True)
class TakeView:
    """One take. `best` is the frame that other shots start from, with why it is the best."""

    number: int
    slate: str
    state: str
    circled: bool
    pinned: bool
    preview: bool
    verdict: str
    seed: int
    usd: str
    request_id: str
    why: str
    next: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    moments: tuple[Moment, ...]
    measures: tuple[MeasureView, ...]
    picture: Picture | None
    best: Picture | None = None


@dataclass(frozen=True, slots=True)
class ShotView:
    """One shot: `pictures` are its first, middle and last frame, or its keyframe, or nothing.
    `origin` is the frame of another shot's take that it starts from, if it does."""

    id: str
    number: int
    kind: str
    kind_words: str
    standing: Standing
    standing_words: str
    reason: str
    pictures: tuple[Picture, ...]
    is_still: bool
    action: str
    parents: tuple[str, ...]
    length: str
    usd: str
    seed: int | None
    takes: tuple[TakeView, ...]
    changed: tuple[tuple[str, str, str], ...]
    prompt: str
    negative_prompt: str
    endpoint: str
    request: str
    notes: tuple[str, ...]
    decisions: tuple[str, ...]
    file_notes: str
    origin: Picture | None = None

    @property
    def circled(self) -> TakeView | None:
        return next((take for take in self.takes if take.circled), None)

    @property
    def trouble(self) -> str:
        """Why a lost or asking shot is where it is; empty for all others."""
        if self.standing not in ("lost", "asking") or not self.takes:
            return ""
        return f"{self.takes[-1].why} {self.takes[-1].next}".strip()


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One measure along a chain, as shares of its budget; None where it was not measured."""

    name: str
    shares: tuple[float | None, ...]
    worst: str
    budget: str
    over: bool


@dataclass(frozen=True, slots=True)
class ChainView:
    """A start and the hops behind it. `marks` says how each began: start, hop or anchor.

    `lines` are drawn, worst first; `calm` names measures that stayed far within their budgets.
    `budget` says how fast the chain uses its own up.
    """

    shots: tuple[str, ...]
    marks: tuple[str, ...]
    anchor: Picture | None
    pictures: tuple[Picture | None, ...]
    lines: tuple[DriftLine, ...]
    calm: tuple[str, ...]
    not_measured: tuple[tuple[str, str], ...]
    budget: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CutView:
    """One join of the reel: the last frame of `before` and the first of `after`."""

    number: int
    before: str
    after: str
    words: str
    at: str
    last: Picture | None
    first: Picture | None
    out_frame: int
    in_frame: int
    curve_before: Curve | None
    curve_after: Curve | None
    tail_handle: int | None
    head_handle: int
    seam: str


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    name: str
    model: str
    backend: str
    headline: Headline
    facts: tuple[Fact, ...]
    reel: ReelView | None
    shots: tuple[ShotView, ...]
    chains: tuple[ChainView, ...]
    cuts: tuple[CutView, ...]
    as_of: str

    def pictures(self) -> Iterator[Picture]:
        """Every picture of the page, so that each clip is decoded once for all of them."""
        for shot in self.shots:
            yield from shot.pictures
            yield from (p for take in shot.takes for p in (take.picture, take.best) if p)
            if shot.origin:
                yield shot.origin
        for chain in self.chains:
            yield from (p for p in (chain.anchor, *chain.pictures) if p)
        for cut in self.cuts:
            yield from (p for p in (cut.last, cut.first) if p)
        if self.reel:
            if self.reel.poster:
                yield self.reel.poster
            yield from (s.picture for s in self.reel.segments if s.picture)
