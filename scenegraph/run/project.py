"""A scene, where its ledger lies, and its plan: what every command opens first."""

from __future__ import annotations

from pathlib import Path

from scenegraph.ledger import Engine, Memory, memory_of
from scenegraph.plan import Plan, Selection, hash_inputs, make_plan
from scenegraph.scene import Scene, load_scene
from scenegraph.settings import Settings

STORE = ".scenegraph"


def open_scene(scene: Scene | str | Path, settings: Settings) -> Scene:
    """A scene as it was given, or read from its file."""
    return scene if isinstance(scene, Scene) else load_scene(scene, settings=settings)


def store_of(scene: Scene, settings: Settings, store: str | Path | None = None) -> Path:
    """The store's folder: as named, else as the environment says, else beside the scene file."""
    if store is not None:
        return Path(store)
    return Path(settings.store) if settings.store else scene.folder / STORE


def remember(
    scene: Scene, *, store: str | Path | None = None, settings: Settings | None = None
) -> Memory:
    """What the ledger knows of a scene; nothing is made when there is no ledger yet."""
    return memory_of(store_of(scene, settings or Settings(), store), scene.name)


def plan(
    scene: Scene | str | Path,
    *,
    backend: Engine = "animatic",
    store: str | Path | None = None,
    selection: Selection | None = None,
    settings: Settings | None = None,
) -> Plan:
    """What `run` would do: shot, kept or waited for, why, and the price on fal.ai. Spends nothing.

    Args:
        scene: a scene, or the path of its file.
        store: where ledger and media lie; `.scenegraph` beside the scene file by default.

    Raises:
        SceneInvalid: every problem of the scene, each with its place.
        LedgerError: there is a ledger and it cannot be read.
    """
    settings = settings or Settings()
    scene = open_scene(scene, settings)
    return make_plan(
        scene,
        remember(scene, store=store, settings=settings),
        engine=backend,
        hashes=hash_inputs(scene),
        selection=selection,
    )
