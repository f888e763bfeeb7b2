"""From scene, plan and ledger to the page's values. Pure: encodes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from scenegraph.report.compare import compared
from scenegraph.report.cuts import cuts
from scenegraph.report.drift import chains
from scenegraph.report.film import film
from scenegraph.report.material import Material
from scenegraph.report.page import IN_CAN, Fact, FilmView, Page, Standing
from scenegraph.report.shots import shot_view
from scenegraph.report.standing import headline, how_they_stand, losses
from scenegraph.report.words import count, dollars, length


def build_page(material: Material) -> Page:
    """The whole page as values."""
    scene, plan, graph = material.scene, material.plan, material.graph
    ours = {
        id: [take for take in material.takes(id) if take.engine == plan.backend]
        for id in graph.shots
    }
    stands = how_they_stand(plan, graph, ours)
    lost = losses(scene, plan, graph, stands, ours)
    playing = film(material)
    has_reel = playing is not None and playing.kind == "reel"
    planned = {shot.shot: shot for shot in plan.shots}
    shots = tuple(
        shot_view(material, planned[id], number, stands[id])
        for number, id in enumerate(graph.shots, 1)
        if id in planned
    )
    return Page(
        title=scene.title,
        name=scene.name,
        model=scene.model,
        backend=plan.backend,
        headline=headline(scene, plan, stands, lost, has_reel=has_reel),
        facts=_facts(material, stands, playing),
        film=playing,
        shots=shots,
        chains=chains(material),
        cuts=cuts(material),
        compared=compared(material, shots),
        as_of=_as_of(material),
    )


def _facts(
    material: Material, stands: Mapping[str, Standing], playing: FilmView | None
) -> tuple[Fact, ...]:
    plan, money, budget = material.plan, material.money, material.scene.budget_usd
    preview = plan.backend == "animatic"
    in_can = sum(standing in IN_CAN for standing in stands.values())
    attempts = sum(len(rows) for rows in material.memory.takes.values())
    facts = [
        Fact("In the can", f"{in_can} of {len(stands)}", "shots"),
        Fact("Takes", str(attempts), "asked for"),
    ]
    if playing is not None:
        name = "Reel" if playing.kind == "reel" else "Runs"
        facts.append(Fact(name, playing.length, count(playing.frames, "frame")))
    if (took := _took(material)) is not None:
        facts.append(Fact("The last run took", length(took)))
    facts.append(Fact("Spent", dollars(money.spent), "free preview" if preview else ""))
    if money.reserved or not preview:
        facts.append(Fact("Reserved", dollars(money.reserved), "not settled yet"))
    if budget is not None:
        left = budget - money.spent - money.reserved
        facts.append(Fact("Left", dollars(left), f"of {dollars(budget)}"))
    if plan.usd:
        facts.append(Fact("Still to shoot", dollars(plan.usd), "on fal.ai"))
    elif preview:
        whole = sum((shot.job.usd for shot in plan.shots), Decimal(0))
        facts.append(Fact("The same on fal.ai", dollars(whole), "each shot once"))
    return tuple(facts)


def _took(material: Material) -> float | None:
    """Seconds of the run that the page closes; one that asked for nothing took no time."""
    outcome, run = material.outcome or {}, material.last_run
    told = outcome.get("elapsed_s")
    if isinstance(told, (int, float)) and (outcome.get("submits", 1) or run is None):
        return float(told)
    if run is None or run["ended_at"] is None:
        return None
    return max(0.0, float(run["ended_at"]) - float(run["started_at"]))


def _as_of(material: Material) -> str:
    """The moment of the last thing that happened: the page of one ledger is always the same."""
    times = [
        at
        for rows in material.memory.takes.values()
        for take in rows
        for at in (take.created_at, take.submitted_at, take.answered_at, take.fetched_at)
        if at
    ]
    if not times:
        return ""
    return datetime.fromtimestamp(max(times), UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
