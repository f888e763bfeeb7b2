"""From scene, plan and ledger to the page's values. Pure: reads no file, encodes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from scenegraph.ledger import Review, Take
from scenegraph.plan import ShotPlan
from scenegraph.report.joins import chains, cuts, reel
from scenegraph.report.material import Material
from scenegraph.report.page import (
    FRAME_W,
    IN_CAN,
    SMALL_W,
    Fact,
    MeasureView,
    Moment,
    Page,
    Picture,
    ReelView,
    ShotView,
    Standing,
    TakeView,
)
from scenegraph.report.standing import STANDING_WORDS, headline, how_they_stand, losses
from scenegraph.report.words import (
    KINDS,
    amount,
    dollars,
    length,
    measure_name,
    moment,
    share,
)
from scenegraph.scene import Prompt, negative_prompt, render_prompt


def build_page(material: Material) -> Page:
    """The whole page as values."""
    scene, plan, graph = material.scene, material.plan, material.graph
    ours = {
        id: [take for take in material.takes(id) if take.engine == plan.backend]
        for id in graph.shots
    }
    stands = how_they_stand(plan, graph, ours)
    lost = losses(scene, plan, graph, stands, ours)
    film = reel(material)
    planned = {shot.shot: shot for shot in plan.shots}
    shots = tuple(
        _shot(material, planned[id], number, stands[id])
        for number, id in enumerate(graph.shots, 1)
        if id in planned
    )
    return Page(
        title=scene.title,
        name=scene.name,
        model=scene.model,
        backend=plan.backend,
        headline=headline(scene, plan, stands, lost, film),
        facts=_facts(material, stands, film),
        reel=film,
        shots=shots,
        chains=chains(material),
        cuts=cuts(material),
        as_of=_as_of(material),
    )


def _facts(
    material: Material, stands: Mapping[str, Standing], film: ReelView | None
) -> tuple[Fact, ...]:
    plan, money, budget = material.plan, material.money, material.scene.budget_usd
    preview = plan.backend == "animatic"
    in_can = sum(standing in IN_CAN for standing in stands.values())
    facts = [
        Fact("In the can", f"{in_can} of {len(stands)}", "shots"),
        Fact("Spent", dollars(money.spent), "the preview is free" if preview else ""),
    ]
    if money.reserved:
        facts.append(Fact("Reserved", dollars(money.reserved), "asked, not settled yet"))
    if plan.usd:
        facts.append(Fact("Still to shoot", dollars(plan.usd), "price on fal.ai"))
    if preview and not plan.usd:
        whole = sum((shot.job.usd for shot in plan.shots), Decimal(0))
        facts.append(Fact("The same on fal.ai", dollars(whole), "every shot once"))
    if budget is not None:
        facts.append(Fact("Left of the budget", dollars(budget - money.spent - money.reserved)))
    if film is not None:
        facts.append(Fact("Reel", film.length, f"{film.frames} frames"))
    took = (material.outcome or {}).get("elapsed_s")
    if isinstance(took, (int, float)):
        facts.append(Fact("Took", length(float(took)), "last run"))
    return tuple(facts)


def _shot(material: Material, plan: ShotPlan, number: int, standing: Standing) -> ShotView:
    id = plan.shot
    scene, shot = material.scene, material.graph.shots[id]
    rows, kept = material.takes(id), material.kept(id)
    pictures = _pictures(material, id, kept)
    params = _params(plan, kept or (rows[-1] if rows else None))
    rate = float(kept.clip.rate) if kept and kept.clip else float(scene.picture.frame_rate)
    words = shot.prompt.action if isinstance(shot.prompt, Prompt) else shot.prompt
    return ShotView(
        id=id,
        number=number,
        kind=plan.job.kind,
        kind_words=KINDS.get(plan.job.kind, plan.job.kind),
        standing=standing,
        standing_words=STANDING_WORDS[standing],
        reason=plan.reason,
        pictures=pictures,
        is_still=bool(pictures) and pictures[0].frame is None,
        action=words or "",
        parents=tuple(material.graph.parents(id)),
        length=_length(plan, rate),
        usd=_price(plan, kept),
        seed=kept.seed if kept else plan.job.seed,
        takes=tuple(_take(material, take, kept) for take in rows),
        changed=tuple((c.field, str(c.was), str(c.now)) for c in plan.changed),
        prompt=str(params.get("prompt") or render_prompt(scene, shot)),
        negative_prompt=str(params.get("negative_prompt") or negative_prompt(scene, shot)),
        endpoint=kept.endpoint if kept else plan.job.endpoint.id,
        request=json.dumps(params, indent=2, ensure_ascii=False, default=str) if params else "",
        notes=plan.job.notes,
        decisions=tuple(f"{a.kind}: {a.reason}" for a in material.memory.amended(id)),
        file_notes=shot.notes or "",
        origin=material.origin(id, SMALL_W),
    )


def _length(plan: ShotPlan, rate: float) -> str:
    """Of the picture that is new: a hop's answer repeats its parent's end."""
    new = plan.new_frames
    word = "new frames" if new < plan.num_frames else "frames"
    return f"{length(new / rate)}, {new} {word}" if new else ""


def _price(plan: ShotPlan, kept: Take | None) -> str:
    """What it cost, or what it would cost on the service."""
    if kept is not None and kept.billed:
        return dollars(kept.usd if kept.usd is not None else kept.usd_estimate)
    return f"{dollars(plan.job.usd)} on fal.ai"


def _params(plan: ShotPlan, take: Take | None) -> dict[str, Any]:
    """What was asked for the take on show, or what will be asked."""
    if take is not None:
        return dict(take.params)
    return dict(plan.job.params)


def _pictures(material: Material, shot: str, kept: Take | None) -> tuple[Picture, ...]:
    """First, middle and last frame that play; else the keyframe; else nothing."""
    if kept is not None and kept.clip is not None:
        first, last = _played(material, shot, kept)
        spots = {"first": first, "middle": (first + last) // 2, "last": last}
        found = [
            material.frame(kept, at, FRAME_W, f"{name} frame of {shot}", f"{at}")
            for name, at in spots.items()
        ]
        if shown := tuple(picture for picture in found if picture):
            return shown
    still = material.still(shot, FRAME_W, f"keyframe of {shot}")
    return (still,) if still else ()


def _played(material: Material, shot: str, take: Take) -> tuple[int, int]:
    """First and last frame of a take that a viewer sees: in the reel, else past its overlap."""
    assert take.clip is not None
    for event in material.timeline["events"] if material.timeline else ():
        if event["take"] == take.slate and event["shot"] == shot:
            return int(event["in_frame"]), int(event["out_frame"])
    review = material.reviews.get(take.id)
    repeated = review.overlap.frames if review and review.overlap else 0
    return min(repeated, take.clip.frames - 1), take.clip.frames - 1


def _take(material: Material, take: Take, kept: Take | None) -> TakeView:
    review = material.reviews.get(take.id)
    error = take.error or {}
    circled = kept is not None and take.id == kept.id
    clip_warnings = take.clip.warnings if take.clip else ()
    middle = take.clip.frames // 2 if take.clip else 0
    return TakeView(
        number=take.number,
        slate=take.slate,
        state=take.state.value,
        circled=circled,
        pinned=take.pinned,
        preview=take.engine == "animatic",
        verdict=take.verdict or "",
        seed=take.seed,
        usd=dollars(take.usd if take.usd is not None else take.usd_estimate) if take.billed else "",
        request_id=take.request_id or "",
        why=str(error.get("message") or material.rejections.get(take.id, "")),
        next=str(error.get("next") or ""),
        reasons=review.reasons if review else (),
        warnings=tuple(dict.fromkeys((*clip_warnings, *(review.warnings if review else ())))),
        moments=_moments(take),
        measures=_measures(review) if review else (),
        picture=None
        if circled
        else material.frame(take, middle, SMALL_W, f"middle frame of {take.slate}"),
        best=material.best(take, SMALL_W),
    )


def _measures(review: Review) -> tuple[MeasureView, ...]:
    rows = [
        MeasureView(
            name=measure_name(name),
            value=amount(measure.value, measure.unit),
            budget="" if measure.budget is None else amount(measure.budget, measure.unit),
            share=share(measure),
            over=measure.over,
            note=measure.note.removeprefix("not measured: "),
        )
        for name, measure in review.measures.items()
    ]
    return tuple(sorted(rows, key=lambda row: -1.0 if row.share is None else row.share)[::-1])


def _moments(take: Take) -> tuple[Moment, ...]:
    """Queued apart from running is the service's to tell; we tell what we saw ourselves."""
    steps = [
        ("written down", take.created_at or None),
        ("asked", take.submitted_at),
        ("answered", take.answered_at),
        ("on disk", take.fetched_at),
    ]
    told: list[Moment] = []
    before: float | None = None
    for name, at in steps:
        if at is not None:
            after = "" if before is None else f"+{length(max(0.0, at - before))}"
            told.append(Moment(name, moment(at, date=before is None), after))
            before = at
    return tuple(told)


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
