"""One paid job at a time for one key: whoever wants the same is told who has asked for it.

The claim is the open take itself. It is looked for in the transaction that writes a new intent,
so two processes that share a store cannot both find nothing: SQLite lets one of them in first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select

from scenegraph.errors import LedgerError
from scenegraph.ledger.tables import takes
from scenegraph.ledger.takes import OPEN, State

HOME = (State.FETCHED, State.REVIEWED, State.CIRCLED)
#: Every take, for an intent that nobody planned from a memory.
ALL = 2**62


class JobClaimed(LedgerError):
    """Exactly this job is out already. `take` is the ledger's number of the take that has it."""

    def __init__(self, take: int, slate: str) -> None:
        super().__init__(
            f"Exactly this job was asked for already, as {slate}.",
            next="Its picture is used when it is here; nothing is asked for twice.",
        )
        self.take = take


def claim_of() -> Select[Any]:
    """The oldest paid take of a key that is open, or that has come home since somebody planned.

    `its_key` holds the engine too. Takes up to `seen` were there when the intent was planned: what
    is on the disk among them was looked at then, and was not what was wanted.
    """
    good = takes.c.verdict.is_(None) | (takes.c.verdict == literal_column("'good'"))
    circled = takes.c.state == literal_column(f"'{State.CIRCLED.value}'")
    home = takes.c.state.in_(_words(HOME)) & (good | circled)
    return (
        select(takes.c.id, takes.c.scene, takes.c.shot, takes.c.number)
        .where(takes.c.key == bindparam("its_key"), takes.c.billed == literal_column("1"))
        .where(takes.c.state.in_(_words(OPEN)) | (home & (takes.c.id > bindparam("seen"))))
        .order_by(takes.c.id)
    )


def _words(states: tuple[State, ...]) -> list[ColumnElement[Any]]:
    return [literal_column(f"'{state.value}'") for state in states]
