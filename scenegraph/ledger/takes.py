"""A take: one attempt at a shot, and how far it got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from scenegraph.media.clip import Clip

Engine = Literal["animatic", "fal"]


class State(StrEnum):
    """How far an attempt got. Each is written durably before the act that follows it.

    `intended → submitted → answered → fetched → reviewed → circled | rejected`, or one of the
    ends `refused` (the service said no), `unknown` (it left, no answer came) and `lost`.
    `collected`: it had a picture, and `scenegraph gc` removed its file.
    """

    INTENDED = "intended"
    SUBMITTED = "submitted"
    ANSWERED = "answered"
    FETCHED = "fetched"
    REVIEWED = "reviewed"
    CIRCLED = "circled"
    REJECTED = "rejected"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    LOST = "lost"
    COLLECTED = "collected"

    @property
    def is_pending(self) -> bool:
        """The service may still owe us something that we can collect."""
        return self in (State.SUBMITTED, State.ANSWERED)

    @property
    def has_media(self) -> bool:
        return self in (State.FETCHED, State.REVIEWED, State.CIRCLED, State.REJECTED)


#: A take in one of these has been, or is about to be, asked for, and may still bring a picture.
OPEN = (State.INTENDED, State.SUBMITTED, State.ANSWERED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """Where a submitted job answers, as the queue gave them; followed, never guessed."""

    status: str
    response: str
    cancel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be asked for; durable before the one call that spends."""

    scene: str
    shot: str
    key: str
    setup: str
    parts: Mapping[str, Any]
    engine: Engine
    endpoint: str
    seed: int
    params: Mapping[str, Any]
    usd_estimate: Decimal
    billed: bool
    run: int | None = None
    #: The newest take of the store when this was planned.
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One row of the ledger. Never overwritten: a new attempt is a new take.

    Attributes:
        id: the ledger's own number, unique in the store.
        number: 1, 2, … within its shot.
        key: hash of all that the picture is made from.
        setup: the same hash without the drawn seed: takes of one setup differ in the seed alone.
        parts: what key and setup were hashed from, field by field, so a change can be shown.
        params: the request's values with every URL replaced by the content hash of its file.
        usd_estimate, usd: reserved before asking; settled after the answer (None until then).
        best_frame: the frame to start another shot from, chosen when the take was first looked at;
            looking again does not move it, so that what was shot from it stays what it is.
        media: path within the store, such as `media/ab/abcd….mp4`.
        error: {"kind", "message", "next"} when refused, unknown or lost.
    """

    id: int
    scene: str
    shot: str
    number: int
    key: str
    setup: str
    parts: Mapping[str, Any] = field(repr=False)
    engine: Engine
    endpoint: str
    seed: int
    params: Mapping[str, Any] = field(repr=False)
    state: State
    usd_estimate: Decimal
    billed: bool
    usd: Decimal | None = None
    request_id: str | None = None
    urls: QueueUrls | None = None
    answer: Mapping[str, Any] | None = field(default=None, repr=False)
    sha256: str | None = None
    media: str | None = None
    clip: Clip | None = None
    verdict: str | None = None
    score: float | None = None
    best_frame: int | None = None
    error: Mapping[str, Any] | None = None
    pinned: bool = False
    adopted_from: int | None = None
    run: int | None = None
    created_at: float = 0.0
    submitted_at: float | None = None
    answered_at: float | None = None
    fetched_at: float | None = None

    @property
    def circled(self) -> bool:
        return self.state is State.CIRCLED

    @property
    def slate(self) -> str:
        """The take's name for people: `night-train/mara-turns/t2`."""
        return f"{self.scene}/{self.shot}/t{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A decision taken after looking: why the graph differs from the file.

    `kind` is the rung that was taken: accept, reroll, tune (parameters), reanchor, cut, ask.
    """

    shot: str
    kind: str
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    take: int | None = None
    run: int | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Money:
    """Spent and promised, in US dollars."""

    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
