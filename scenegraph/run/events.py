"""What happens while a run goes on, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Stage = Literal[
    "waiting",  # for its parents
    "kept",  # nothing to do: the circled take still holds
    "preparing",  # tail window, uploads
    "queued",
    "running",
    "fetching",
    "reviewing",
    "reroll",  # drifted: another take is asked for
    "circled",
    "lost",
    "blocked",  # a parent was lost
    "skipped",  # not selected, pinned and stale, or a person must decide
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotEvent:
    """One shot moved on. `position` is its place in the service's queue, if it is in one."""

    shot: str
    stage: Stage
    take: int | None = None
    position: int | None = None
    detail: str = ""
    usd: Decimal | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEvent:
    """Where the money stands: really spent in this run, promised to open jobs, still allowed."""

    spent: Decimal
    reserved: Decimal
    left: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReelEvent:
    """The reel is being made: `done` of its `total` frames are in segments.

    `what`: of a deliverable that is made of the finished reel, the end of its name; else empty.
    """

    done: int
    total: int
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEvent:
    """Something that a person should read, such as a paused run."""

    message: str


Event = ShotEvent | MoneyEvent | ReelEvent | NoticeEvent
Listener = Callable[[Event], None]


def silent(_event: Event) -> None:
    """The listener of those who only want the result."""
