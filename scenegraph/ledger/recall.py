"""What a ledger remembers, for those who only ask: no database is loaded where there is none."""

from __future__ import annotations

from pathlib import Path

from scenegraph.errors import LedgerError
from scenegraph.ledger.memory import Memory

LEDGER = "ledger.db"


def is_there(store: str | Path) -> bool:
    """Whether a store has a ledger."""
    return (Path(store) / LEDGER).is_file()


def memory_of(store: str | Path, scene: str, file: Path | None = None) -> Memory:
    """The memory of a scene in a store that may not be there yet; nothing is made or written.

    Args:
        scene: its title as a name; file: its file, by which the ledger may know it as another.

    Raises:
        LedgerError: the ledger is there and cannot be read.
    """
    if Path(store).is_file():
        raise LedgerError(
            f"The store {store} is a file; a store is a folder.",
            next="Move that file away, or use another store with --store.",
        )
    if not is_there(store):
        return Memory(scene)
    from scenegraph.ledger.ledger import Ledger  # SQLAlchemy takes a quarter of a second

    with Ledger.open(store, create=False) as ledger:
        return ledger.memory(ledger.name_of(scene, file))
