"""Housekeeping of a store: its ledger is told first, then the files go.

In that order a process that is killed between the two leaves files that no take names, and the
next housekeeping removes them. The other way round it would leave takes that promise a picture
which is gone.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from scenegraph.errors import LedgerError, StoreBusy
from scenegraph.ledger.database import sentences
from scenegraph.ledger.garbage import Garbage, Held, find_garbage, list_files
from scenegraph.ledger.hold import WholeHold, holder_of
from scenegraph.ledger.ledger import Ledger
from scenegraph.ledger.rows import from_units
from scenegraph.ledger.store import media_failed
from scenegraph.ledger.tables import events, holds, reels, takes
from scenegraph.ledger.takes import State

#: The event of a mended ledger whose facts name lost rows.
MENDED = "ledger.mended"


def hold_all(ledger: Ledger) -> WholeHold:
    """Hold every scene of a store at once (a context manager).

    Raises:
        StoreBusy: on entering, when a process works on one of them; says which.
    """

    def find_holder() -> StoreBusy | None:
        with sentences(ledger.place), ledger._engine.connect() as connection:
            noted = select(holds.c.scene).where(holds.c.released_at.is_(None))
            scenes = connection.execute(noted).scalars().all()
        return holder_of(scenes, ledger.hold)

    return WholeHold(ledger.store.root, find_holder=find_holder)


def garbage_of(
    ledger: Ledger,
    *,
    older_than: float,
    scene: str | None = None,
    named: Collection[str] = (),
) -> Garbage:
    """What may go from the store now. Reads only.

    Raises:
        SceneError: a named take is not there, or must not go.
        LedgerError: the store is not a folder of this machine.
    """
    if not ledger.store.is_local:
        raise LedgerError(
            "Housekeeping is for stores that are folders of this machine.",
            next="Name the folder with --store.",
        )
    with sentences(ledger.place), ledger._engine.connect() as connection:
        rows = connection.execute(select(*_COLUMNS)).all()
        made = connection.execute(select(reels.c.scene, reels.c.facts).order_by(reels.c.id)).all()
        lost_at = [
            at
            for at, facts in connection.execute(
                select(events.c.at, events.c.facts).where(events.c.name == MENDED)
            )
            if json.loads(facts).get("lost")
        ]
    used: dict[tuple[str, str], list[str]] = {}
    for reel in made:
        facts = json.loads(reel.facts or "{}")
        used[reel.scene, str(facts.get("engine"))] = facts.get("segments", [])
    return find_garbage(
        [_held(row) for row in rows],
        list_files(ledger.store.root),
        segments={key for keys in used.values() for key in keys},
        older_than=older_than,
        scene=scene,
        named=named,
        lost_rows_at=max(lost_at, default=None),
    )


def remove(ledger: Ledger, garbage: Garbage) -> int:
    """Mark the takes, then remove the files; how many bytes went. Call it under `hold_all`.

    Raises:
        LedgerError: the ledger or a file cannot be changed; what is marked stays marked.
    """
    with ledger.group():
        for take in garbage.takes:
            ledger.collected(take.id)
        ledger.note(None, None, "store.cleaned", {"bytes": garbage.bytes})
    gone = 0
    for item in garbage.items:
        file: Path = ledger.store.root / item.path
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise media_failed(error, str(file)) from error
        gone += item.bytes
    return gone


_COLUMNS = (
    takes.c.id,
    takes.c.scene,
    takes.c.shot,
    takes.c.number,
    takes.c.engine,
    takes.c.state,
    takes.c.billed,
    takes.c.pinned,
    takes.c.usd,
    takes.c.sha256,
    takes.c.media,
    takes.c.sheet,
    takes.c.parts,
    takes.c.created_at,
)


def _held(row: Any) -> Held:
    state = State(row.state)
    inputs = json.loads(row.parts).get("inputs") or {}
    gone = state is State.COLLECTED
    return Held(
        id=row.id,
        scene=row.scene,
        shot=row.shot,
        number=row.number,
        engine=row.engine,
        state=state,
        billed=bool(row.billed),
        pinned=bool(row.pinned),
        usd=from_units(row.usd) if row.usd is not None else Decimal(0),
        sha256=row.sha256,
        media=None if gone else row.media,
        sheet=None if gone else row.sheet,
        made_from=frozenset(str(part.get("sha256")) for part in inputs.values()),
        created_at=row.created_at,
    )
