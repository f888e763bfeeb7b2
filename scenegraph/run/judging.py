"""What a decision about a drifted take depends on, gathered from plan and ledger. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from scenegraph.ledger import Review, Take
from scenegraph.plan import ANCHOR, PlanContext, ShotPlan, graph_rungs, knobs_of, wish_of
from scenegraph.run.remedies import ASKS_AGAIN, TUNED, Situation


def situation_of(
    context: PlanContext,
    planned: ShotPlan,
    take: Take,
    review: Review,
    *,
    own: Sequence[Take],
    parent: Take | None,
    made_from: Take | None,
    left: Decimal | None,
) -> Situation:
    """The situation of a take that was just looked at.

    Args:
        own: all takes of the shot.
        parent: the take that it goes on from.
        made_from: the take of its parent in the scene file, which an inserted node may stand
            before.
        left: US dollars that may still be asked for.
    """
    shot = context.graph.shots[take.shot]
    same_files = [
        one
        for one in own
        if one.id != take.id
        and one.state.has_media
        and one.endpoint == take.endpoint
        and one.parts.get("inputs") == take.parts.get("inputs")
    ]
    policy = context.scene.drift_of(shot)
    if take.shot.endswith(ANCHOR):
        # A node that a ladder put in has no ladder of its own beyond other takes of it: what it
        # gives is judged by the hop that it was put in for.
        rungs = tuple(rung for rung in policy.on_drift if rung in ASKS_AGAIN)
        policy = policy.model_copy(update={"on_drift": rungs})
    return Situation(
        take=take,
        review=review,
        policy=policy,
        earlier=same_files,
        parent=parent,
        wish=wish_of(context, take.shot, made_from),
        setup=planned.job.setup,
        amended=context.memory.amended(take.shot),
        rungs=graph_rungs(context, shot, planned.job),
        knobs=knobs_of(planned.job, TUNED),
        usd=planned.job.usd,
        left=left,
    )
