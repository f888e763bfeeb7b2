"""A scene, where its ledger lies, and its plan: what every command opens first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from scenegraph.errors import SceneError
from scenegraph.ledger import Engine, Memory, State, Take, memory_of
from scenegraph.plan import Plan, Selection, amended_graph, hash_inputs, make_plan
from scenegraph.run.ahead import decide_ahead, ends_in, with_decisions
from scenegraph.run.tracks import check_tracks
from scenegraph.scene import Scene, ShotGraph, load_scene
from scenegraph.settings import Settings

if TYPE_CHECKING:
    from scenegraph.ledger import Ledger

STORE = ".scenegraph"
#: Written for a preview whose in-process queue has ended. It cost nothing; it is drawn anew.
QUEUE_ENDED = {
    "kind": "queue-ended",
    "message": "the preview's queue ended with its process",
    "next": "Run again: it is drawn anew.",
}


def open_scene(scene: Scene | str | Path, settings: Settings) -> Scene:
    """A scene as it was given, or read from its file; its files are there in either case.

    Raises:
        SceneInvalid: every problem, each with its place.
    """
    if not isinstance(scene, Scene):
        scene = load_scene(scene, settings=settings)
    elif scene.file is None:  # a scene from a file was checked when it was read
        scene.check_files()
    check_tracks(scene)
    return scene


def store_of(scene: Scene, settings: Settings, store: str | Path | None = None) -> Path:
    """The store's folder: as named, else as the environment says, else beside the scene file."""
    if store is not None:
        return Path(store)
    return Path(settings.store) if settings.store else scene.folder / STORE


def name_in(ledger: Ledger, scene: Scene) -> str:
    """The scene's name in this ledger: by its file, as titles change. Only reads."""
    return ledger.name_of(scene.name, scene.file)


def settle_name(ledger: Ledger, scene: Scene) -> str:
    """As `name_in`, for those who are about to write: the scene's file and title are noted."""
    return ledger.know(scene.name, scene.title, scene.file)


def remember(
    scene: Scene, *, store: str | Path | None = None, settings: Settings | None = None
) -> Memory:
    """What the ledger knows of a scene; nothing is made when there is no ledger yet."""
    return memory_of(store_of(scene, settings or Settings(), store), scene.name, scene.file)


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
    check_backend(backend)
    scene = open_scene(scene, settings)
    memory = remember(scene, store=store, settings=settings)
    if backend == "animatic":
        memory = without_dead_previews(memory)
    ends = ends_in(store_of(scene, settings, store), scene, memory, backend)
    ahead = decide_ahead(scene, memory, backend, ends, selection)
    return make_plan(
        scene,
        with_decisions(memory, ahead),
        engine=backend,
        hashes=hash_inputs(scene),
        selection=selection,
        ends=ends,
    )


def check_backend(name: str) -> None:
    """Refuse what is no backend, before anything is kept under its name.

    Raises:
        SceneError: there is none of this name.
    """
    if name not in get_args(Engine):
        raise SceneError(
            f"There is no backend {name!r}.",
            next="Give animatic, the free preview, or fal, the paid service.",
        )


def graph_now(scene: Scene, memory: Memory, *, store: str | Path | None = None) -> ShotGraph:
    """The graph as a run would have it: with what ladders put in, and what is planned ahead."""
    engine = memory.leading_engine
    ends = ends_in(store_of(scene, Settings(), store), scene, memory, engine)
    ahead = decide_ahead(scene, memory, engine, ends)
    return amended_graph(scene, with_decisions(memory, ahead).for_engine(engine))


def dead_previews(memory: Memory) -> tuple[Take, ...]:
    """Previews that are still owed: their queue lived in a process that has ended."""
    return tuple(take for take in memory.pending() if take.engine == "animatic")


def without_dead_previews(memory: Memory) -> Memory:
    """The memory as a run with a queue of its own will find it: such previews are lost."""
    dead = {take.id for take in dead_previews(memory)}
    if not dead:
        return memory
    takes = {
        shot: tuple(
            replace(take, state=State.LOST, error=QUEUE_ENDED) if take.id in dead else take
            for take in rows
        )
        for shot, rows in memory.takes.items()
    }
    return replace(memory, takes=takes)
