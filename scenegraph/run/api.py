"""Running a scene: the whole walk, from scene file to reel."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from scenegraph.catalog import load_catalog
from scenegraph.errors import OverBudget, SceneError
from scenegraph.fal import FalClient
from scenegraph.ledger import Engine, Journal, Ledger, Memory, State, is_there
from scenegraph.plan import (
    Plan,
    PlanContext,
    Selection,
    hash_inputs,
    must_hold,
    plan_all,
)
from scenegraph.run.ahead import decide_ahead, ends_of, with_decisions, write_down
from scenegraph.run.backend import open_queue
from scenegraph.run.camera import Camera
from scenegraph.run.collecting import without_old_objects
from scenegraph.run.cutting import cut_run, may_cut
from scenegraph.run.early import EarlySegments
from scenegraph.run.events import Event, Listener, MoneyEvent, NoticeEvent, ShotEvent, silent
from scenegraph.run.executor import Executor
from scenegraph.run.eyes import Eyes
from scenegraph.run.history import begin_run, end_run
from scenegraph.run.logs import quiet_by_default
from scenegraph.run.material import Material
from scenegraph.run.project import (
    QUEUE_ENDED,
    check_backend,
    dead_previews,
    open_scene,
    settle_name,
    store_of,
)
from scenegraph.run.purse import Purse
from scenegraph.run.repeats import Repeats
from scenegraph.run.result import RunResult, ShotOutcome
from scenegraph.run.slots import Slots
from scenegraph.scene import Scene
from scenegraph.settings import Settings
from scenegraph.units import usd_text

log = structlog.get_logger(__name__)

NOT_COPIED = (
    "No copy of the ledger could be made beside it. `scenegraph mend SCENE` looks whether it is "
    "damaged; otherwise make room on the disk."
)


def run(
    scene: Scene | str | Path,
    *,
    backend: Engine = "animatic",
    store: str | Path | None = None,
    selection: Selection | None = None,
    max_usd: Decimal | None = None,
    jobs: int | None = None,
    fail_fast: bool = False,
    as_planned: Plan | Mapping[str, Any] | str | None = None,
    partial: bool = False,
    cut: bool = True,
    out: str | Path | None = None,
    listener: Listener = silent,
    settings: Settings | None = None,
) -> RunResult:
    """Shoot what is still to shoot, look at it, and cut the reel. Blocks until it is done.

    Args:
        scene: a scene, or the path of its file.
        backend: `animatic` draws a free preview; `fal` asks the real service and costs money.
        store: where ledger and media lie; `.scenegraph` beside the scene file by default.
        selection: what may be shot, and what must be shot again.
        max_usd: nothing more is asked for past this; held against list prices on either backend.
        jobs: requests in flight at a time.
        fail_fast: after the first lost shot nothing more is asked for; what is out is collected.
        as_planned: a plan, its JSON answer or its id; the run is refused when it would do anything
            else. Give the selection that the plan was made with.
        partial: cut the reel from what there is although shots were lost.
        cut: make the reel at the end.
        out: the reel's file; by default `NAME.reel.mp4` beside the scene file, or
            `NAME.preview.mp4` for a preview.
        listener: called with each `Event`, from the thread that runs.

    Raises:
        SceneInvalid: every problem of the scene, each with its place.
        PlanChanged: `as_planned` no longer holds; nothing was asked for.
        OverBudget: the whole plan costs more than allowed; nothing was asked for.
        StoreBusy: another process works on this scene.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise SceneError(
            "An event loop is running here, and `run` needs one of its own.",
            next="Use `await run_async(scene, …)`; it takes the same arguments.",
        )
    return asyncio.run(
        run_async(
            scene,
            backend=backend,
            store=store,
            selection=selection,
            max_usd=max_usd,
            jobs=jobs,
            fail_fast=fail_fast,
            as_planned=as_planned,
            partial=partial,
            cut=cut,
            out=out,
            listener=listener,
            settings=settings,
        )
    )


async def run_async(
    scene: Scene | str | Path,
    *,
    backend: Engine = "animatic",
    store: str | Path | None = None,
    selection: Selection | None = None,
    max_usd: Decimal | None = None,
    jobs: int | None = None,
    fail_fast: bool = False,
    as_planned: Plan | Mapping[str, Any] | str | None = None,
    partial: bool = False,
    cut: bool = True,
    out: str | Path | None = None,
    listener: Listener = silent,
    settings: Settings | None = None,
    queue: FalClient | None = None,
) -> RunResult:
    """As `run`, for those who have an event loop of their own.

    Args:
        queue: a queue of one's own, instead of the backend's; it is left open, and it is taken to
            know the jobs of earlier runs.
    """
    began = time.monotonic()
    quiet_by_default()
    settings = settings or Settings()
    check_backend(backend)
    scene = open_scene(scene, settings)
    if jobs is not None and jobs < 1:
        raise SceneError(f"{jobs} jobs at a time shoot nothing.", next="Give --jobs 1 or more.")
    hashes = hash_inputs(scene)
    catalog = load_catalog()

    def look_at(memory: Memory) -> PlanContext:
        return PlanContext.of(
            scene, memory, engine=backend, catalog=catalog, hashes=hashes, selection=selection
        )

    place = store_of(scene, settings, store)
    async with AsyncExitStack() as stack:
        stack.enter_context(without_old_objects())
        # A scene that cannot be asked for is refused before a store is made for it.
        early = None if is_there(place) else look_at(Memory(scene.name))
        planned = plan_all(early) if early is not None else None
        ledger = stack.enter_context(Ledger.open(place))
        name = settle_name(ledger, scene)
        stack.enter_context(ledger.hold(name))
        memory = ledger.memory(name)
        if _settle_left_over(ledger, memory, ends_here=backend == "animatic" and queue is None):
            memory = ledger.memory(name)
        ends = ends_of(scene, memory, backend, ledger) if scene.drift.plan_ahead else {}
        ahead = decide_ahead(scene, memory, backend, ends, selection)
        memory = with_decisions(memory, ahead)
        if early is not None and early.memory == memory and not memory.elsewhere:
            context = early
        else:
            context, planned = look_at(memory), None
        planned = planned or plan_all(context)
        if as_planned is not None:
            must_hold(as_planned, planned)
        if cut and planned.reel_note:
            listener(NoticeEvent(message=planned.reel_note))
        purse = _purse(scene, planned, ledger, backend, max_usd)
        if planned.has_work:
            await stack.enter_async_context(_backing_up(ledger, listener, backend))
        number = begin_run(ledger, scene, planned, selection)
        # From here on the run's own takes count as shot, so a forced shot is forced once.
        context = replace(context, run=number)
        if ahead:
            memory = write_down(ledger, name, ahead, number)
            context = replace(context, memory=memory.for_engine(backend))
        journal = await stack.enter_async_context(Journal(ledger))
        slots = Slots(jobs or (settings.fal_inflight if backend == "fal" else os.cpu_count() or 2))
        if queue is None:
            own = open_queue(backend, scene, settings, workers=jobs, listener=listener)
            queue = await stack.enter_async_context(own)
        material = await stack.enter_async_context(Material(queue, journal, backend))
        encoded = await stack.enter_async_context(
            EarlySegments(scene, context.graph, ledger, name, backend, settings, wanted=cut)
        )
        listener = encoded.listening(_with_money(listener, ledger, name, number, purse, backend))
        camera = Camera(queue, journal, material, purse, listener)
        executor = Executor(
            context,
            run=number,
            journal=journal,
            camera=camera,
            material=material,
            eyes=Eyes(
                context,
                ledger.store,
                settings,
                ledger.review_of,
                Repeats(journal, backend, listener),
            ),
            slots=slots,
            listener=listener,
            fail_fast=fail_fast,
        )
        outcomes: tuple[ShotOutcome, ...] = ()
        try:
            outcomes = await _carry_out(executor)
        except BaseException as error:
            ledger.end_run(number, {"ended": type(error).__name__, "submits": camera.submits})
            raise
        encoded.stop()
        paused = executor.brakes.paused
        result = RunResult(
            scene=name,
            backend=backend,
            folder=scene.folder,
            outcomes=outcomes,
            submits=camera.submits,
            usd=ledger.money(name, number).spent,
            elapsed_s=time.monotonic() - began,
            paused=str(paused.next or paused.message) if paused else None,
            stopped_at_budget=executor.brakes.over_budget is not None,
        )
        if cut and may_cut(result, partial):
            result = await cut_run(result, scene, ledger, out, settings, number, listener, encoded)
        result = replace(result, elapsed_s=time.monotonic() - began)
        end_run(ledger, number, planned, result)
        return result


@asynccontextmanager
async def _backing_up(ledger: Ledger, listener: Listener, backend: Engine) -> AsyncIterator[None]:
    """A copy of the ledger as it is at the run's start, made beside the run.

    After a paid run there is another, of all that the run has bought.
    """
    copying = asyncio.create_task(asyncio.to_thread(ledger.back_up), name="copy of the ledger")
    try:
        yield
    finally:
        copied = await copying
        if backend == "fal":
            copied = await asyncio.to_thread(ledger.back_up)
        if not copied:
            listener(NoticeEvent(message=NOT_COPIED))


def _settle_left_over(ledger: Ledger, memory: Memory, *, ends_here: bool) -> bool:
    """Write down what became of takes that a dead run has left; False when there are none.

    Args:
        ends_here: the queue of previews lives in this process, so earlier ones have ended.
    """
    states = {take.state for takes in memory.takes.values() for take in takes}
    dead = dead_previews(memory) if ends_here else ()
    if State.INTENDED in states:
        ledger.sweep(memory.scene)
    if dead:
        with ledger.group():
            for take in dead:
                ledger.lost(take.id, QUEUE_ENDED)
    return State.INTENDED in states or bool(dead)


async def _carry_out(executor: Executor) -> tuple[ShotOutcome, ...]:
    try:
        return await executor.run()
    except BaseExceptionGroup as group:
        # One bug may have ended several tasks: the first is the one to read.
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from group


def _purse(
    scene: Scene, planned: Plan, ledger: Ledger, backend: Engine, max_usd: Decimal | None
) -> Purse:
    """The cap of this run.

    `max_usd` bounds the run. `budget_usd` bounds the scene, over all its runs, and only what is
    really spent counts: it does not stand in the way of a free preview.

    Raises:
        OverBudget: what is planned already passes it.
    """
    caps = [] if max_usd is None else [max_usd]
    if backend == "fal" and scene.budget_usd is not None:
        so_far = ledger.money(planned.scene)
        caps.append(scene.budget_usd - so_far.spent - so_far.reserved)
    purse = Purse(min(caps) if caps else None)
    if purse.cap is not None and planned.usd > purse.cap:
        raise OverBudget(
            f"This run would cost ${usd_text(planned.usd)} on fal.ai, and "
            f"${usd_text(max(purse.cap, Decimal(0)))} is allowed.",
            next="Raise --max-usd or `budget_usd`, or select fewer shots with --only or --until.",
            usd=planned.usd,
            cap=purse.cap,
        )
    return purse


def _with_money(
    listener: Listener, ledger: Ledger, scene: str, run: int, purse: Purse, backend: Engine
) -> Listener:
    """Say where the money stands whenever a shot has been asked for or has come home."""
    if listener is silent:
        return silent

    def listen(event: Event) -> None:
        listener(event)
        if isinstance(event, ShotEvent) and event.stage in ("queued", "reviewing", "lost"):
            money = ledger.money(scene, run) if backend == "fal" else None
            listener(
                MoneyEvent(
                    spent=money.spent if money else Decimal(0),
                    reserved=money.reserved if money else Decimal(0),
                    left=purse.left,
                )
            )

    return listen
