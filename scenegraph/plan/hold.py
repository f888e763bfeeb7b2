"""The name of a plan, and whether that plan still holds.

The id has three parts, so that one which no longer holds says by itself what is another one now:
what the scene asks for, what there is already, and what the call chose. Nothing is kept anywhere:
the same state gives the same id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.plan.context import PlanContext
from scenegraph.plan.keys import digest
from scenegraph.plan.values import Plan, ShotPlan
from scenegraph.units import usd_text

#: Letters of each part.
_PARTS = (6, 6, 4)
#: So many shots are told of one by one.
MOST = 6


class PlanChanged(SceneError):
    """A run was bound to a plan, and that plan no longer holds. `was` and `now` are the ids."""

    kind = "plan-changed"

    def __init__(self, message: str, was: str, now: str) -> None:
        super().__init__(message, next="`scenegraph plan SCENE` shows the plan as it is now.")
        self.was, self.now = was, now


def plan_id(context: PlanContext, shots: Sequence[ShotPlan]) -> str:
    """A hash of what would be done: equal for equal state and call, and for nothing else."""
    wishes: list[str] = []
    acts: list[str] = []
    for shot in shots:
        recipe, take, gives = shot.job.recipe, shot.take, shot.gives
        wishes.append(f"{shot.shot}\n{shot.job.endpoint.id}\n{recipe.told}\n{recipe.seed_from}")
        for one in shot.job.inputs:
            made_from = one.parent or one.sha256
            wishes.append(f"{one.role} {made_from} {one.tail_frames} {one.tail_end}")
        takes = f"{take.id if take else None} {gives.id if gives else None}"
        acts.append(f"{shot.shot} {shot.action} {shot.act} {shot.key} {takes}")
    chosen = context.chosen
    call = [
        context.memory.scene,
        context.engine,
        None if chosen.whole else sorted(chosen.selected),
        sorted(chosen.asked),
        sorted(chosen.forced),
        sorted(chosen.takes.items()),
    ]
    hashes = (_hash_of(wishes), _hash_of(acts), digest(call))
    return "-".join(text[:letters] for text, letters in zip(hashes, _PARTS, strict=True))


def _hash_of(lines: Sequence[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


def must_hold(was: Plan | Mapping[str, Any] | str, now: Plan) -> None:
    """Refuse a run that would not do what was planned.

    Args:
        was: a plan, its JSON answer, or its id.

    Raises:
        PlanChanged: it is no longer the plan of the present state; says what changed.
    """
    document = was.to_json() if isinstance(was, Plan) else was
    if isinstance(document, str) and [len(part) for part in document.split("-")] != list(_PARTS):
        raise PlanChanged(
            f"{document!r} is not the id of a plan. {_now(now)}", document, now.plan_id
        )
    id = document if isinstance(document, str) else str(document.get("plan_id", ""))
    if id == now.plan_id:
        return
    shots = () if isinstance(document, str) else tuple(_by_shot(document, now))
    told = f" {_list(shots)}" if shots else ""
    raise PlanChanged(
        f"Plan {id} no longer holds: {_what(id, now)}.{told} {_now(now)}", id, now.plan_id
    )


def _what(id: str, now: Plan) -> str:
    before, after = id.split("-"), now.plan_id.split("-")
    if before[2:] != after[2:]:
        return "it was made for another scene, backend or selection than this call"
    if before[0] != after[0]:
        return "what the scene asks for has changed since (its file, a still or a motion)"
    return "takes were shot, lost, circled or pinned since"


def _by_shot(was: Mapping[str, Any], now: Plan) -> Iterator[str]:
    """`mara-turns: keep → shoot`, for each shot about which something else would be done."""
    before = {str(shot.get("shot")): shot for shot in was.get("shots", ())}
    for shot in now.shots:
        old = before.pop(shot.shot, None)
        if old is None:
            yield f"{shot.shot}: new, {shot.action}"
        elif old.get("action") != shot.action:
            yield f"{shot.shot}: {old.get('action')} → {shot.action}"
        elif old.get("key") != shot.key:
            fields = ", ".join(change.field for change in shot.changed)
            yield f"{shot.shot}: {shot.action}, made from something else{fields and f' ({fields})'}"
    yield from (f"{id}: gone" for id in before)


def _list(shots: Sequence[str]) -> str:
    more = f"; and {len(shots) - MOST} more" if len(shots) > MOST else ""
    return f"{'; '.join(shots[:MOST])}{more}."


def _now(now: Plan) -> str:
    return (
        f"Now {now.to_shoot} shot{'' if now.to_shoot == 1 else 's'} would be shot "
        f"for ${usd_text(now.usd)}: plan {now.plan_id}."
    )
