"""Whether a take is out of date only because a person chose another take of its parent."""

from __future__ import annotations

from scenegraph.ledger import Take
from scenegraph.plan.context import PlanContext
from scenegraph.plan.frames import is_chosen
from scenegraph.plan.sight import Sight


def other_takes(sight: Sight, circled: Take) -> list[str]:
    """The parents whose take is not the one that the circled take was made from."""
    before = circled.parts.get("inputs", {})
    return [
        one.parent
        for one in sight.job.inputs
        if one.parent is not None and before.get(one.role, {}).get("sha256") != one.sha256
    ]


def only_others(context: PlanContext, sight: Sight, circled: Take) -> bool:
    """True when nothing but the parents' takes differs, and those were chosen, not changed.

    A parent that was shot again because the file changed takes its children with it. A parent of
    the same setup has another take because a person forced, picked or rejected one: then its
    children, which somebody may have approved, wait to be asked for.
    """
    before, now = dict(circled.parts), dict(sight.job.parts)
    old_inputs, new_inputs = before.pop("inputs", {}), now.pop("inputs", {})
    before["params"] = {**before.get("params", {}), "seed": None}
    now["params"] = {**now["params"], "seed": None}
    if before != now or old_inputs.keys() != new_inputs.keys():
        return False
    parent_of = {one.role: one.parent for one in sight.job.inputs}
    for role, part in new_inputs.items():
        old = dict(old_inputs[role])
        if old == part:
            continue
        parent = parent_of[role]
        if role == "image" and is_chosen(sight.shot):  # each take has a best frame of its own
            old["frame"] = part.get("frame")
        if parent is None or {**old, "sha256": ""} != {**part, "sha256": ""}:
            return False
        if not _was_chosen(context, parent, old["sha256"], sight.parents[parent]):
            return False
    return True


def _was_chosen(context: PlanContext, parent: str, old_sha: str, take: Take | None) -> bool:
    """Whether a parent's other take is of the same wish as the one that was used."""
    used = next((t for t in context.memory.of_shot(parent) if t.sha256 == old_sha), None)
    if used is None:
        return False
    planned = context.planned[parent]
    if take is None:
        return not planned.job.provisional and planned.job.setup == used.setup
    # A circled take that is not of the parent's own setup was picked by a person.
    wanted = planned.job
    return take.setup == used.setup or (take.setup != wanted.setup and take.key != wanted.key)
