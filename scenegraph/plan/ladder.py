"""The rungs of a shot's ladder that cost something, and what each would cost.

Only prices and possibilities: which rung is taken is decided after looking (`run.remedies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from scenegraph.catalog import length_for, price_of
from scenegraph.ledger import Take
from scenegraph.plan.amend import ANCHOR_FRAMES, chain_keyframe, is_in_force
from scenegraph.plan.asking import Manner
from scenegraph.plan.context import PlanContext
from scenegraph.plan.job import Job
from scenegraph.plan.keys import digest
from scenegraph.plan.values import RungPrice
from scenegraph.scene import FrameOf, Kind, Rung, Scene, Shot, render_prompt

#: What a shot from each kind of still is called; a still of another name is called by it.
FRAMINGS: Mapping[str, str] = {
    "front_closeup": "close-up",
    "three_quarter": "three-quarter close shot",
    "medium_shot": "medium shot",
}

RungPrices = Mapping[Rung, tuple[Decimal, Mapping[str, Any]]]


def graph_rungs(context: PlanContext, shot: Shot, job: Job) -> RungPrices:
    """The rungs that would change the graph for this shot: price, and what the amendment holds.

    Only a hop can be anchored anew or be cut back to a keyframe, each once, and only when its
    chain has a keyframe.
    """
    if shot.kind != "extend" or chain_keyframe(context.graph, shot.id) is None:
        return {}
    amended = context.memory.amended(shot.id)
    done = {one.kind for one in amended if is_in_force(context.scene, one)}
    found: dict[Rung, tuple[Decimal, Mapping[str, Any]]] = {}
    if "reanchor" not in done:
        anchor = _price(context, "multicondition", job, ANCHOR_FRAMES, shown=job.num_frames)
        found["reanchor"] = (anchor + job.usd, {})
    if "cut" not in done:
        usd = _price(context, "i2v", job, job.new_frames)
        found["cut"] = (usd, another_angle(context, shot.id))
    return found


def another_angle(context: PlanContext, shot_id: str) -> dict[str, Any]:
    """Which still a hop would be cut back to: another one of the character, if there is one.

    A cut between two nearly equal framings reads as a jump (the 30-degree rule), so the framing
    changes with the still.
    """
    keyframe = chain_keyframe(context.graph, shot_id)
    if keyframe is None or isinstance(keyframe, FrameOf):
        return {}
    character, _, name = keyframe.partition(".")
    others = [
        key
        for key in _stills(context.scene, character)
        if key != name and context.scene.still_of(f"{character}.{key}") in context.hashes
    ]
    chosen = others[0] if others else name
    return {
        "keyframe": f"{character}.{chosen}",
        "framing": FRAMINGS.get(chosen, chosen.replace("_", " ").replace("-", " ")),
    }


def _stills(scene: Scene, character: str) -> list[str]:
    """A character's stills, those with a known framing first."""
    keys = list(scene.characters[character].keyframes)
    return sorted(keys, key=lambda key: (key not in FRAMINGS, keys.index(key)))


def _price(context: PlanContext, kind: Kind, job: Job, frames: int, *, shown: int = 0) -> Decimal:
    """A request of this kind with the shot's own parameters."""
    endpoint = context.catalog.family(context.scene.model).endpoint(kind)
    tail = min(shown, context.scene.tail_frames)
    rate = int(Fraction(job.params.get("frame_rate") or 24))
    params = {name: value for name, value in job.params.items() if name in endpoint.fields}
    params[endpoint.length] = length_for(endpoint, frames, shown=tail, rate=rate)
    return price_of(endpoint, params)


def ladder_of(context: PlanContext, job: Job) -> tuple[RungPrice, ...]:
    """What each rung of a shot's ladder would cost, in the ladder's order, each taken once."""
    shot = context.graph.shots[job.shot]
    policy = context.scene.drift_of(shot)
    in_graph = {rung: usd for rung, (usd, _) in graph_rungs(context, shot, job).items()}
    found = []
    for rung in policy.on_drift:
        if rung in ("reroll", "tune"):
            found.append(RungPrice(rung, job.usd, policy.rerolls if rung == "reroll" else 1))
        elif rung in in_graph:
            found.append(RungPrice(rung, in_graph[rung]))
        elif rung in ("accept", "grade", "ask"):
            found.append(RungPrice(rung, Decimal(0)))
    return tuple(found)


def knobs_of(job: Job, tuned: Mapping[str, float]) -> dict[str, float]:
    """The endpoint's knobs among `tuned` that are not turned up as far already.

    >>> knobs_of.__name__
    'knobs_of'
    """
    found = {}
    for name, up in tuned.items():
        field = job.endpoint.fields.get(name)
        if field is None:
            continue
        now = job.params.get(name, field.default)
        if not isinstance(now, int | float) or now < up:
            found[name] = float(now or 0)
    return found


def wish_of(context: PlanContext, shot_id: str, made_from: Take | None) -> str:
    """A short name of what the scene file asks of a shot, and of the take that it goes on from.

    What a ladder has added is not in it: the ladder goes on where it was as long as neither the
    file nor the parent's take has changed.

    Args:
        made_from: the take of the shot's parent in the scene file.
    """
    told = context.written(shot_id)
    manner = Manner.of(context.scene, told)
    still = told.picture_of
    picture = context.hashes.get(context.scene.still_of(still)) if isinstance(still, str) else None
    prompt = render_prompt(context.scene, told)
    rest = [manner.negative, manner.frames, prompt, picture]
    parent = made_from.sha256 if made_from is not None else None
    return digest([told.kind, dict(manner.parameters), *rest, parent])[:16]
