"""One shot of the page, with all its takes. Pure: reads no file, encodes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scenegraph.ledger import Review, Take
from scenegraph.plan import ShotPlan
from scenegraph.report.material import Material, aspect_of
from scenegraph.report.page import (
    MeasureView,
    Moment,
    ShotView,
    Standing,
    Stretch,
    TakeView,
)
from scenegraph.report.standing import STANDING_WORDS
from scenegraph.report.wanted import CARD_W, FRAME_W, SMALL_W, Clipping, Picture
from scenegraph.report.words import KINDS, amount, dollars, length, measure_name, moment, share
from scenegraph.scene import Prompt, advice_against, fixes_for, negative_prompt, render_prompt

#: The event that says when a job was first seen running, and how long it ran by the service's word.
RAN = "take.ran"
#: Of these events the moments tell already.
STEPS = ("take.intended", "take.submitted", "take.answered", "take.fetched")


def shot_view(material: Material, plan: ShotPlan, number: int, standing: Standing) -> ShotView:
    """All that the page shows of one shot."""
    id = plan.shot
    scene, shot = material.scene, material.graph.shots[id]
    rows, kept = material.takes(id), material.kept(id)
    pictures = _pictures(material, id, kept, FRAME_W)
    params = _params(plan, kept or (rows[-1] if rows else None))
    rate = float(kept.clip.rate) if kept and kept.clip else float(scene.picture.frame_rate)
    words = shot.prompt.action if isinstance(shot.prompt, Prompt) else shot.prompt
    cards = _pictures(material, id, kept, CARD_W)
    return ShotView(
        id=id,
        number=number,
        kind=plan.job.kind,
        kind_words=KINDS.get(plan.job.kind, plan.job.kind),
        standing=standing,
        standing_words=STANDING_WORDS[standing],
        reason=plan.reason,
        card=cards[len(cards) // 2] if cards else None,
        pictures=pictures,
        is_still=pictures == (material.still(id, FRAME_W, f"keyframe of {id}"),),
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
        request=as_text(params),
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


def as_text(document: Mapping[str, Any]) -> str:
    """A document for reading; empty when there is nothing in it."""
    if not document:
        return ""
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def _pictures(material: Material, shot: str, kept: Take | None, width: int) -> tuple[Picture, ...]:
    """First, middle and last frame that play; else the keyframe; else nothing."""
    if kept is not None and kept.clip is not None:
        first, last = material.played(shot, kept)
        spots = {"first": first, "middle": (first + last) // 2, "last": last}
        found = [
            material.frame(kept, at, width, f"{name} frame of {shot}", f"{at}")
            for name, at in spots.items()
        ]
        if shown := tuple(picture for picture in found if picture):
            return shown
    still = material.still(shot, width, f"keyframe of {shot}")
    return (still,) if still else ()


def _take(material: Material, take: Take, kept: Take | None) -> TakeView:
    review = material.reviews.get(take.id)
    error = take.error or {}
    circled = kept is not None and take.id == kept.id
    clip_warnings = take.clip.warnings if take.clip else ()
    middle = take.clip.frames // 2 if take.clip else 0
    return TakeView(
        id=take.id,
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
        why=str(error.get("message") or material.rejection(take)),
        next=str(error.get("next") or ""),
        reasons=review.reasons if review else (),
        fixes=tuple(map(advice_against, fixes_for(review.over if review else ()))),
        warnings=tuple(dict.fromkeys((*clip_warnings, *(review.warnings if review else ())))),
        moments=_moments(take),
        stretches=_stretches(take, material.events.get(take.id, ())),
        measures=_measures(review) if review else (),
        answer=as_text(without_queries(take.answer or {})),
        request=as_text(take.params),
        log=_log(material, take),
        picture=material.frame(take, middle, SMALL_W, f"middle frame of {take.slate}"),
        clipping=_clipping(material, take),
        best=material.best(take, SMALL_W),
    )


def _clipping(material: Material, take: Take) -> Clipping | None:
    path = material.media.get(take.id)
    if path is None or take.clip is None or take.clip.frames < 2:
        return None
    return Clipping(path, take.clip.frames, float(take.clip.rate), aspect_of(take.clip))


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


def _stretches(take: Take, events: Any) -> tuple[Stretch, ...]:
    """Queued apart from running, by the service's word, else by what was seen of it."""
    if take.submitted_at is None or take.answered_at is None:
        return ()
    waited = max(0.0, take.answered_at - take.submitted_at)
    ran = _ran(take.answered_at, events)
    parts: list[tuple[Any, float]] = [("at the queue", waited)]
    if ran is not None:
        ran = min(ran, waited)
        parts = [("queued", waited - ran), ("running", ran)]
    if take.fetched_at is not None:
        parts.append(("fetching", max(0.0, take.fetched_at - take.answered_at)))
    whole = sum(seconds for _, seconds in parts) or 1.0
    return tuple(
        Stretch(name, seconds, f"{name} {length(seconds)}", seconds / whole)
        for name, seconds in parts
    )


def _ran(answered_at: float, events: Any) -> float | None:
    facts = next((event["facts"] for event in events if event["name"] == RAN), None)
    if not facts:
        return None
    said, seen = facts.get("inference_s"), facts.get("running_at")
    if isinstance(said, (int, float)) and said >= 0:
        return float(said)
    return max(0.0, answered_at - seen) if isinstance(seen, (int, float)) else None


def _log(material: Material, take: Take) -> tuple[tuple[str, str, str], ...]:
    """The ledger's events of a take: time, name, facts."""
    return tuple(
        (moment(event["at"]), event["name"], _facts(event["facts"] or {}))
        for event in material.events.get(take.id, ())
    )


def _facts(facts: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {_fact(name, value)}"
        for name, value in facts.items()
        if value not in (None, "", [], {})
    )


def _fact(name: str, value: Any) -> str:
    if name.endswith("_at") and isinstance(value, (int, float)):
        return moment(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def without_queries(value: Any) -> Any:
    """A document whose URLs have lost what stands behind `?`: a signature opens the file.

    >>> without_queries({"video": {"url": "https://v3.fal.media/a.mp4?token=secret"}})
    {'video': {'url': 'https://v3.fal.media/a.mp4'}}
    """
    if isinstance(value, Mapping):
        return {key: without_queries(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_queries(part) for part in value]
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        parts = urlsplit(value)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))
    return value
