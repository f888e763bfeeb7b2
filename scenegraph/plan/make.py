"""The plan of a whole scene: one fold of `plan_shot` over its graph, parents first."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from scenegraph.catalog import Catalog, load_catalog
from scenegraph.errors import Problem, SceneInvalid
from scenegraph.ledger import Engine, Memory
from scenegraph.plan.amend import chain_keyframe
from scenegraph.plan.context import PlanContext
from scenegraph.plan.drifting import Ends, chain_drifts
from scenegraph.plan.expect import expect
from scenegraph.plan.frames import frame_problem
from scenegraph.plan.hold import plan_id
from scenegraph.plan.ladder import ladder_of
from scenegraph.plan.reel_length import reel_length
from scenegraph.plan.select import Selection
from scenegraph.plan.shot import plan_shot
from scenegraph.plan.speculating import speculation_of
from scenegraph.plan.values import Plan, RungPrice, ShotPlan
from scenegraph.scene import Scene, ShotGraph
from scenegraph.units import as_usd


def make_plan(
    scene: Scene,
    memory: Memory,
    *,
    engine: Engine,
    catalog: Catalog | None = None,
    hashes: Mapping[Path, str],
    selection: Selection | None = None,
    graph: ShotGraph | None = None,
    run: int | None = None,
    ends: Ends | None = None,
) -> Plan:
    """What is still to shoot, parents first. Reads no file, calls no one, spends nothing.

    Args:
        hashes: of every still and motion (`hash_inputs`).
        graph: the amended graph, when the caller has it already.
        run: the run that is under way, so that what it has forced is not forced again.
        ends: where the kept takes of chains end, as shares of their drift budgets.

    Raises:
        SceneInvalid: requests that the service would not take, all of them with their places.
        UnknownFamily, UnknownShot: the model, or a name of the selection, does not exist.
    """
    context = PlanContext.of(
        scene,
        memory,
        engine=engine,
        catalog=catalog or load_catalog(),
        hashes=hashes,
        selection=selection,
        graph=graph,
        run=run,
    )
    chains = chain_drifts(scene, context.graph, ends or {})
    return replace(plan_all(context), chains=chains)


def plan_all(context: PlanContext) -> Plan:
    """The plan of everything that a context holds."""
    context.read_words()
    planned = [plan_shot(context, id) for id in context.graph.order]
    _refuse_bad_requests(context, planned)
    ladders: Ladders = {}
    shots = tuple(_with_children(context, shot, ladders) for shot in planned)
    will = [shot for shot in shots if shot.will_shoot]
    limits = [(shot.usd, _rerolls(context, shot)) for shot in will]
    rate = Fraction(context.scene.reel.frame_rate or context.scene.picture.frame_rate)
    reel = reel_length(context, rate)
    return Plan(
        scene=context.memory.scene,
        plan_id=plan_id(context, shots),
        backend=context.engine,
        shots=shots,
        usd=as_usd(sum((shot.usd for shot in shots), Decimal(0))),
        to_shoot=len(will),
        expected=expect(limits, context.memory),
        reel_frames=reel.at_most,
        reel_expected=reel.expected,
        reel_note=reel.note,
        reel_rate=rate,
        speculation=speculation_of(context.scene, context.memory, context.graph, shots),
    )


#: Shots of one length, price and policy have one ladder.
Ladders: TypeAlias = dict[Hashable, tuple[RungPrice, ...]]


def _ladder(context: PlanContext, shot: ShotPlan, ladders: Ladders) -> tuple[RungPrice, ...]:
    job = shot.job
    node = context.graph.shots[shot.shot]
    is_plain = node.drift is None and not context.memory.amended(shot.shot) and not node.parameters
    if not is_plain or job.kind != "extend":
        return ladder_of(context, job)
    anchored = chain_keyframe(context.graph, shot.shot) is not None
    alike = (job.kind, job.num_frames, job.new_frames, job.usd, anchored)
    if alike not in ladders:
        ladders[alike] = ladder_of(context, job)
    return ladders[alike]


def _rerolls(context: PlanContext, shot: ShotPlan) -> int:
    """How often the ladder may shoot it again; takes side by side are each other's re-rolls."""
    if shot.series is not None:
        return 0
    return context.scene.drift_of(context.graph.shots[shot.shot]).rerolls


def _with_children(context: PlanContext, shot: ShotPlan, ladders: Ladders) -> ShotPlan:
    if shot.action not in ("shoot", "wait", "reattach"):
        return shot
    ladder = _ladder(context, shot, ladders) if shot.will_shoot else ()
    below = context.graph.children(shot.shot)
    plans = [context.planned[child] for child in below]
    follow = tuple([one.shot for one in plans if one.will_shoot or one.root_cause])
    return replace(shot, ladder=ladder, children=follow) if ladder or follow else shot


def _refuse_bad_requests(context: PlanContext, planned: list[ShotPlan]) -> None:
    problems = []
    for shot in planned:
        node = context.graph.shots[shot.shot]
        wrong = frame_problem(context.scene, node, lambda id: context.planned[id].num_frames)
        if wrong is not None:
            problems.append(wrong)
        for one in shot.job.problems:
            name = one.field.partition(".")[0].partition("[")[0]
            inside = name in context.graph.shots[shot.shot].parameters
            where = ("parameters", name) if inside else ()
            problems.append(
                Problem(
                    f"Shot {shot.shot!r}: {shot.job.endpoint.id} would not take `{one.field}`: "
                    f"{one.message}",
                    context.scene.where("shots", shot.shot, *where),
                    "Mend it in the shot, its preset or its parameters.",
                    "request-invalid",
                )
            )
    if problems:
        raise SceneInvalid(problems)
