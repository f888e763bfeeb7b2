"""Cutting the kept takes into the reel: of a run that has just ended, or again by itself."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from scenegraph.errors import CutError, MediaError
from scenegraph.ledger import Engine, Ledger
from scenegraph.plan import amended_graph
from scenegraph.run.early import EarlySegments
from scenegraph.run.edited import edited_timeline, read_edit
from scenegraph.run.events import Listener, NoticeEvent, silent
from scenegraph.run.project import check_backend, open_scene, settle_name, store_of
from scenegraph.run.reel import make_reel, reel_path
from scenegraph.run.result import RunResult, ShotOutcome
from scenegraph.scene import Scene
from scenegraph.settings import Settings


def may_cut(result: RunResult, partial: bool) -> bool:
    """A reel is cut when every shot of it has a take; with `partial`, when any has."""
    if not any(outcome.kept for outcome in result.outcomes):
        return False
    return partial or all(outcome.kept for outcome in result.outcomes)


async def cut_run(
    result: RunResult,
    scene: Scene,
    ledger: Ledger,
    out: str | Path | None,
    settings: Settings,
    number: int,
    listener: Listener,
    early: EarlySegments,
) -> RunResult:
    takes = {o.shot: o.take for o in result.outcomes if o.kept and o.take is not None}
    try:
        reel = await make_reel(
            scene,
            amended_graph(scene, ledger.memory(result.scene).for_engine(result.backend)),
            takes,
            ledger,
            engine=result.backend,
            out=reel_path(scene, result.backend, out),
            settings=settings,
            run=number,
            listener=listener,
            early=early,
        )
    except (CutError, MediaError) as error:
        listener(NoticeEvent(message=f"{error.message} {error.next}"))
        notices = (*result.notices, error.message)
        return replace(result, notices=notices, reel_failed=error.message, reel_next=error.next)
    return replace(
        result,
        reel=reel.path,
        timeline=reel.timeline,
        reel_check=reel.check,
        deliveries=reel.deliveries,
        notices=(*result.notices, *reel.notices),
    )


def cut_again(
    scene: Scene | str | Path,
    *,
    store: str | Path | None = None,
    out: str | Path | None = None,
    backend: Engine | None = None,
    edited: str | Path | None = None,
    small: bool = False,
    burn_in: bool = False,
    settings: Settings | None = None,
    listener: Listener = silent,
) -> RunResult:
    """Cut the circled takes again; nothing is shot.

    Args:
        small: a quick look at the cuts in a low size, `NAME.cut-preview.mp4`; the reel stays.
        burn_in: make a copy with slate and time code as well, whose name ends in `.burn-in.mp4`.
        backend: whose takes; the paid ones by default, if there are any.
        edited: an `.otio` file whose cuts become the reel, as they are.

    Raises:
        CutError: nothing is circled yet.
    """
    settings = settings or Settings()
    scene = open_scene(scene, settings)
    if backend is not None:
        check_backend(backend)
    with (
        Ledger.open(store_of(scene, settings, store), create=False) as ledger,
        ledger.hold(name := settle_name(ledger, scene)),
    ):
        memory = ledger.memory(name)
        edit = read_edit(edited, memory) if edited is not None else None
        engine = backend or (edit.engine if edit else memory.leading_engine)
        memory = memory.for_engine(engine)
        graph = amended_graph(scene, memory)
        circled = {id: memory.circled(id) for id in graph.order}
        takes = {id: take for id, take in circled.items() if take is not None}
        if not takes and edit is None:
            raise CutError(
                "There is nothing to cut: no shot has a circled take.",
                next="`scenegraph run SCENE` shoots what is missing.",
            )
        began = time.monotonic()
        reel = asyncio.run(
            make_reel(
                scene,
                graph,
                takes,
                ledger,
                engine=engine,
                out=reel_path(scene, engine, out, small=small),
                settings=settings,
                listener=listener,
                small=small,
                burn_in=burn_in,
                timeline=edited_timeline(edit, scene, graph, memory, ledger) if edit else None,
            )
        )
        outcomes = tuple(
            ShotOutcome(
                shot=id,
                kind=graph.shots[id].kind,
                state=take.state.value if take else "skipped",
                take=take,
                kept=take is not None,
            )
            for id, take in circled.items()
        )
        return RunResult(
            scene=name,
            backend=engine,
            folder=scene.folder,
            outcomes=outcomes,
            submits=0,
            usd=Decimal(0),
            elapsed_s=time.monotonic() - began,
            reel=reel.path,
            timeline=reel.timeline,
            reel_check=reel.check,
            deliveries=reel.deliveries,
            notices=(*reel.notices, *(edit.notices if edit else ())),
        )
