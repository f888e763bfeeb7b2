"""Planning one shot: what there is, what is wanted, and the one thing to do about it.

`make_plan` folds `plan_shot` over the graph; the executor calls it again when a parent has come
in. So plan and run cannot disagree: they ask the same function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from scenegraph.ledger import State, Take
from scenegraph.plan.asking import Ask
from scenegraph.plan.context import PlanContext
from scenegraph.plan.decide import decide
from scenegraph.plan.job import Job
from scenegraph.plan.keys import Recipe, derive_seed
from scenegraph.plan.series import wanted_series
from scenegraph.plan.sight import Sight
from scenegraph.plan.values import ShotPlan
from scenegraph.scene import Shot


def plan_shot(
    context: PlanContext, shot_id: str, parents: Mapping[str, Take | None] | None = None
) -> ShotPlan:
    """What to do about one shot.

    Args:
        parents: the take of each parent that this shot is made from; None for one that is still
            to come. Left out: as the plan of each parent says.

    Raises:
        UnknownShot: the graph has no such shot.
    """
    above = context.graph.parents(shot_id)
    for id in above:
        if id not in context.planned:
            plan_above(context, shot_id)
    if parents is None:
        parents = {id: context.planned[id].gives for id in above}
    else:
        parents = {id: parents.get(id) for id in above}
    planned = context.settled(shot_id, parents)
    if planned is not None:
        context.planned[shot_id] = planned
        return planned
    planned = _plan(context, context.graph.shots[shot_id], parents)
    context.keep_plan(planned, parents)
    return planned


def plan_above(context: PlanContext, shot_id: str) -> None:
    """Plan what a shot hangs on, as far as that has not been done in this context."""
    missing = context.graph.ancestors(shot_id) - context.planned.keys()
    for id in context.graph.order:
        if id in missing:
            gives = {up: context.planned[up].gives for up in context.graph.parents(id)}
            context.planned[id] = _plan(context, context.graph.shots[id], gives)


def _plan(context: PlanContext, shot: Shot, parents: Mapping[str, Take | None]) -> ShotPlan:
    ask = context.ask(shot, parents)
    recipe = _recipe(context, shot, ask)
    own = context.memory.of_shot(shot.id)
    number = context.memory.next_number(shot.id)
    forced = _is_forced(context, shot.id, own)
    provisional = None in parents.values()

    def job_of(number: int, again: bool, beside: tuple[int, ...] = ()) -> Job:
        return Job(
            shot=shot.id,
            kind=shot.kind,
            scene=context.memory.scene,
            asks=ask,
            recipe=recipe,
            take_number=number,
            draw=partial(_seed, context.scene.seed, shot, recipe.setup, own, number, again, beside),
            engine=context.engine,
            provisional=provisional,
            seen=context.memory.last,
        )

    job = job_of(number, forced)
    series = wanted_series(context, shot.id, recipe.setup, own, provisional)
    if series is not None:
        jobs: list[Job] = []
        for place in range(series.number - len(series.takes)):
            jobs.append(job_of(number + place, True, tuple(one.seed for one in jobs)))
        series = replace(series, jobs=tuple(jobs))
    return decide(context, Sight(shot, job, own, parents, forced, series))


def _recipe(context: PlanContext, shot: Shot, ask: Ask) -> Recipe:
    hashes: dict[str, str] = {}
    for one in ask.inputs:
        found = one.sha256
        if found is None and one.parent is not None:
            found = f"provisional:{context.planned[one.parent].job.key}"
        hashes[one.role] = found or "provisional:None"
    seed_from = ("scene_seed", context.scene.seed) if shot.seed is None else ("fixed", shot.seed)
    return Recipe(context.made(ask), hashes, ask.text, seed_from)


def _seed(
    scene_seed: int,
    shot: Shot,
    setup: str,
    own: tuple[Take, ...],
    number: int,
    forced: bool,
    beside: tuple[int, ...],
) -> tuple[int, tuple[str, ...]]:
    """The seed of the next take: drawn from its number, or the one that the shot names.

    Args:
        beside: seeds of the takes that are shot side by side with it.
    """
    if shot.seed is None:
        # Takes that are shot side by side may be numbered in another order than they were planned.
        used = {take.seed for take in own if take.setup == setup}.union(beside)
        while (seed := derive_seed(scene_seed, shot.id, number)) in used:
            number += 1
        return seed, ()
    if shot.seed in beside:
        note = f"One take has seed {shot.seed}; the others' are drawn from it."
        return derive_seed(shot.seed, shot.id, number), (note,)
    for take in own:
        seen = take.setup == setup and take.seed == shot.seed
        if seen and (take.state is State.REJECTED or (forced and take.state.has_media)):
            # The same request again would give, and cost, the same picture.
            note = f"Seed {shot.seed} was shot as t{take.number}; a new one is drawn from it."
            return derive_seed(shot.seed, shot.id, number), (note,)
    return shot.seed, ()


def _is_forced(context: PlanContext, shot_id: str, own: tuple[Take, ...]) -> bool:
    """Whether a new take is demanded, and this run has not shot it yet."""
    if shot_id not in context.chosen.forced:
        return False
    if context.run is None:
        return True
    again = {one.take for one in context.memory.amended(shot_id) if one.kind in ("reroll", "tune")}
    return not any(
        take.run == context.run and not (take.state is State.REJECTED and take.id in again)
        for take in own
    )
