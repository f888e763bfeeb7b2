"""Housekeeping of a scene's store: what may go, removing it, and mending a damaged ledger."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.ledger import Ledger
from scenegraph.ledger.garbage import Garbage
from scenegraph.ledger.keeping import garbage_of, hold_all, remove
from scenegraph.ledger.rescue import Mended, mend
from scenegraph.run.project import folder_of_store, name_in, store_of
from scenegraph.scene import Scene, load_scene
from scenegraph.settings import Settings

DAY_S = 24 * 3600
#: Previews of the last days stay: somebody may still want to pick one.
KEEP_DAYS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What may go from a store, and whether it went."""

    store: Path
    garbage: Garbage
    removed: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "store": self.store.as_posix(),
            "removed": self.removed,
            **self.garbage.to_json(),
        }


def garbage(
    scene: str | Path | None,
    *,
    store: str | Path | None = None,
    keep_days: float = KEEP_DAYS,
    takes: Collection[str] = (),
) -> Cleaned:
    """What `clean` would remove now. Changes nothing, and waits for nobody.

    Args:
        scene: only previews of this scene; without one, those of every scene of `store`.
        takes: slates that go although they were paid for.

    Raises:
        SceneError: neither a scene nor a store was named, or a named take must not go.
    """
    folder, loaded = _where(scene, store)
    with Ledger.open(folder, create=False) as ledger:
        name = _name(ledger, loaded)
        found = garbage_of(ledger, older_than=_since(keep_days), scene=name, named=takes)
    return Cleaned(store=folder, garbage=found, removed=False)


def clean(
    scene: str | Path | None,
    *,
    store: str | Path | None = None,
    keep_days: float = KEEP_DAYS,
    takes: Collection[str] = (),
) -> Cleaned:
    """Remove what nobody needs. Every scene of the store is held while it goes.

    Raises:
        StoreBusy: a process works on a scene of this store; nothing was removed.
        SceneError: as `garbage`.
    """
    folder, loaded = _where(scene, store)
    with Ledger.open(folder, create=False) as ledger, hold_all(ledger):
        name = _name(ledger, loaded)
        found = garbage_of(ledger, older_than=_since(keep_days), scene=name, named=takes)
        remove(ledger, found)
    return Cleaned(store=folder, garbage=found, removed=True)


def mend_store(scene: str | Path | None, *, store: str | Path | None = None) -> Mended:
    """Read every row that is left of a damaged ledger into a new one.

    Raises:
        StoreBusy: a process works on a scene of this store.
        LedgerError: there is nothing to read, or the store cannot be written.
    """
    return mend(_where(scene, store)[0])


def _name(ledger: Ledger, scene: Scene | None) -> str | None:
    return None if scene is None else name_in(ledger, scene)


def _where(scene: str | Path | None, store: str | Path | None) -> tuple[Path, Scene | None]:
    settings = Settings()
    if scene is not None:
        loaded = load_scene(scene, settings=settings)
        return store_of(loaded, settings, store), loaded
    named = store or settings.store
    if named is None:
        raise SceneError("Which store?", next="Name a scene, or a folder with --store.")
    return folder_of_store(named), None


def _since(keep_days: float) -> float:
    return time.time() - keep_days * DAY_S
