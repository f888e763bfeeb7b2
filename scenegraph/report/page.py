"""What the page says, as plain values: no HTML, no files read, no words left to decide.

`build.py` makes a `Page` from a scene, its plan and the ledger; the template only lays it out.
A `Picture` names the frame that is wanted, a `Clipping` the film; `stills.py` and `films.py` turn
them into bytes. What lies between shots (chains, cuts, takes side by side) is in `between.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from scenegraph.report.between import ChainView, CompareView, CutView
from scenegraph.report.wanted import Clipping, Difference, Picture, Piece
from scenegraph.units import Size

#: How a shot stands, for colour and word: kept, drifted (kept, but over a budget), stale (kept,
#: but something it was made from has changed), lost, blocked (waits for a lost one), asking (a
#: person must decide), queued, todo.
Standing = Literal["kept", "drifted", "stale", "lost", "blocked", "asking", "queued", "todo"]

#: Standings of a shot that has a take in the reel.
IN_CAN: tuple[Standing, ...] = ("kept", "drifted", "stale")


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
    """One event of the film, for the bar under it; `start` and `frames` at the film's rate."""

    shot: str
    take: str
    start: int
    frames: int
    picture: Picture | None
    label: str


@dataclass(frozen=True, slots=True)
class FilmView:
    """What plays at the head of the page.

    Attributes:
        kind: `reel`, the finished film; or `story`: all takes there are and a still or a slate
            held where there is none yet, in playing order, for as long as planned.
        path: the reel's file; None for a story.
        pieces: what a story is made from; empty for a reel.
        size: of a story's picture.
        why: in one sentence, why it is a story.
    """

    kind: Literal["reel", "story"]
    path: Path | None
    pieces: tuple[Piece, ...]
    frames: int
    rate: Fraction
    size: Size
    length: str
    poster: Picture | None
    segments: tuple[Segment, ...]
    left_out: tuple[str, ...] = ()
    why: str = ""


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
class Stretch:
    """A part of an attempt's time: queued, running, fetching. `share` is of the whole."""

    name: Literal["queued", "running", "at the queue", "fetching"]
    seconds: float
    words: str
    share: float


@dataclass(frozen=True, slots=True)
class TakeView:
    """One attempt. `clipping` is its film for comparing; None when its media are gone. `best` is
    the frame that other shots start from, with why it is the best."""

    id: int
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
    fixes: tuple[str, ...]
    warnings: tuple[str, ...]
    moments: tuple[Moment, ...]
    stretches: tuple[Stretch, ...]
    measures: tuple[MeasureView, ...]
    answer: str
    request: str
    log: tuple[tuple[str, str, str], ...]
    picture: Picture | None
    clipping: Clipping | None
    best: Picture | None = None

    @property
    def gone(self) -> bool:
        """It brought no picture that anybody wants."""
        return self.state in ("lost", "refused", "rejected", "unknown")


@dataclass(frozen=True, slots=True)
class ShotView:
    """One shot: `pictures` are its first, middle and last frame, or its keyframe, or nothing.

    `card` is the picture of the filmstrip; `origin` the frame of another shot's take that it starts
    from, if it does.
    """

    id: str
    number: int
    kind: str
    kind_words: str
    standing: Standing
    standing_words: str
    reason: str
    card: Picture | None
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
class Page:
    title: str
    name: str
    model: str
    backend: str
    headline: Headline
    facts: tuple[Fact, ...]
    film: FilmView | None
    shots: tuple[ShotView, ...]
    chains: tuple[ChainView, ...]
    cuts: tuple[CutView, ...]
    compared: tuple[CompareView, ...]
    as_of: str

    def pictures(self) -> Iterator[Picture]:
        """Every picture of the page, so that each clip is decoded once for all of them."""
        for shot in self.shots:
            yield from shot.pictures
            if shot.card:
                yield shot.card
            if shot.origin:
                yield shot.origin
            yield from (p for take in shot.takes for p in (take.picture, take.best) if p)
        for chain in self.chains:
            yield from chain.wanted()
        for cut in self.cuts:
            yield from (p for p in (cut.last, cut.first) if p)
        if self.film:
            if self.film.poster:
                yield self.film.poster
            yield from (s.picture for s in self.film.segments if s.picture)

    def differences(self) -> Iterator[Difference]:
        yield from (cut.difference for cut in self.cuts if cut.difference)

    def clippings(self) -> Iterator[Clipping]:
        """The films of takes that can be compared, the most wanted first."""
        most = max((len(view.takes) for view in self.compared), default=0)
        for rank in range(most):
            for view in self.compared:
                if rank < len(view.takes) and (clipping := view.ranked[rank].clipping):
                    yield clipping
