"""One paid job at a time for one key: whoever wants the same is told who has asked for it.

The claim is the open take itself. It is looked for in the transaction that writes a new intent,
so two processes that share a store cannot both find nothing: SQLite lets one of them in first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select

from scenegraph.errors import LedgerError
from scenegraph.ledger.tables import takes
from scenegraph.ledger.takes import State

#: A take in one of these has been, or is about to be, asked for, and may still bring a picture.
OPEN = (State.INTENDED, State.SUBMITTED, State.ANSWERED, State.UNKNOWN)


class JobClaimed(LedgerError):
    """Exactly this job is out already. `take` is the ledger's number of the take that has it."""

    def __init__(self, take: int, slate: str) -> None:
        super().__init__(
            f"Exactly this job was asked for already, as {slate}.",
            next="Its picture is used when it is here; nothing is asked for twice.",
        )
        self.take = take


def claim_of() -> Select[Any]:
    """The oldest open paid take of a key (`its_key`; the engine is a part of it)."""
    states: list[ColumnElement[Any]] = [literal_column(f"'{state.value}'") for state in OPEN]
    return (
        select(takes.c.id, takes.c.scene, takes.c.shot, takes.c.number)
        .where(takes.c.key == bindparam("its_key"), takes.c.billed == literal_column("1"))
        .where(takes.c.state.in_(states))
        .order_by(takes.c.id)
    )
