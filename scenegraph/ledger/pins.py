"""Who made takes proof against changes upstream, and when. Read from the ledger's events."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from scenegraph.ledger.tables import events, takes


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange:
    """A take was pinned, or unpinned.

    Attributes:
        take: its number in the ledger; number: within its shot.
        by: the person, as far as that was written down.
        run: the run that pinned a take again under its shot's new name; None of a person's.
    """

    take: int
    shot: str
    number: int
    pinned: bool
    at: float
    by: str | None = None
    run: int | None = None


def read_pins(connection: Connection, scene: str) -> tuple[PinChange, ...]:
    """The pins and unpins of a scene, oldest first."""
    rows = connection.execute(
        select(events, takes.c.shot, takes.c.number)
        .join(takes, events.c.take == takes.c.id)
        .where(takes.c.scene == scene, events.c.name.in_(("take.pinned", "take.unpinned")))
        .order_by(events.c.id)
    )
    return tuple(
        PinChange(
            take=row.take,
            shot=row.shot,
            number=row.number,
            pinned=row.name == "take.pinned",
            at=row.at,
            by=json.loads(row.facts).get("by"),
            run=row.run,
        )
        for row in rows
    )
