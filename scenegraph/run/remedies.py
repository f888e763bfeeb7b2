"""What follows from a review: the next rung of the scene's ladder. Pure; the ledger keeps it.

Rungs of today: `accept`, `reroll`, `ask`. `tune`, `reanchor` and `cut` change the graph; until a
rung can be taken, the ladder steps over it, and the last resort keeps the best take and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scenegraph.ledger import Amendment, Review, State, Take
from scenegraph.plan import BEST
from scenegraph.scene import DriftPolicy

#: Measures of this ending are held against the canonical keyframe, not against the parent.
KEYFRAME_SUFFIX = "_vs_keyframe"
#: Rungs that this version takes by itself.
TAKEN = frozenset({"accept", "reroll", "ask"})


@dataclass(frozen=True, slots=True)
class Circle:
    """Keep this take. With an amendment it is kept although it drifted."""

    take: Take
    amendment: Amendment | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Reject the take and shoot another."""

    amendment: Amendment


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No take can be used, or a person must say which: the shot has none for now."""

    reason: str
    ends_as: Literal["lost", "ask"]
    amendment: Amendment | None = None


Decision = Circle | Again | GiveUp


def next_step(
    take: Take,
    review: Review,
    policy: DriftPolicy,
    earlier: Sequence[Take],
    parent: Take | None = None,
) -> Decision:
    """What to do about a take that was just looked at.

    Args:
        earlier: the shot's other takes of the same setup that have media.
        parent: the take that it goes on from.
    """
    if review.verdict == "good":
        return Circle(take)
    why = review.reasons[0] if review.reasons else review.verdict
    asked = 1 + sum(one.state is State.REJECTED for one in earlier)
    rungs = [rung for rung in policy.on_drift if rung in TAKEN]
    wanted = review.verdict == "broken" or _rerolls(rungs, review, parent)
    if wanted and asked <= policy.rerolls:
        return Again(_amend(take, "reroll", f"t{take.number} {review.verdict}: {why}"))
    usable = [one for one in (*earlier, take) if _is_usable(one, take, review)]
    if not usable:
        return GiveUp(f"Every take of {take.shot!r} is broken; the last one: {why}", "lost")
    if "ask" in rungs and "accept" not in rungs:
        said = f"t{take.number} {review.verdict}: {why}"
        return GiveUp(said, "ask", _amend(take, "ask", said))
    best = min(usable, key=lambda one: _score(one, take, review))
    score = _score(best, take, review)
    said = f"the best of {asked}: t{best.number}, {score:.2f} of its drift budget"
    return Circle(best, _amend(best, "accept", said))


def best_of(looked: Sequence[tuple[Take, Review]], policy: DriftPolicy) -> Circle | GiveUp:
    """What to do about takes that were shot side by side: the lowest score is circled.

    They are each other's re-rolls, so the ladder adds none. A broken take is never the best one.
    """
    count, first = len(looked), looked[0][0]
    usable = [(take, review) for take, review in looked if review.verdict in ("good", "drifted")]
    if not usable:
        why = looked[-1][1].reasons[0] if looked[-1][1].reasons else "broken"
        said = f"All {count} takes of {first.shot!r} are broken; the last one: {why}"
        return GiveUp(said, "lost")
    take, review = min(usable, key=lambda one: _score(one[0], one[0], one[1]))
    score = "not measured" if review.score is None else f"score {review.score:.2f}"
    said = f"t{take.number} is the best of {count}, {score}"
    is_good = review.verdict == "good"
    rungs = [rung for rung in policy.on_drift if rung in TAKEN]
    if not is_good and "ask" in rungs and "accept" not in rungs:
        said = f"{said}; all of them are over their drift budget"
        return GiveUp(said, "ask", _amend(take, "ask", said))
    return Circle(take, _amend(take, BEST if is_good else "accept", said))


def _rerolls(rungs: Sequence[str], review: Review, parent: Take | None) -> bool:
    """Whether the ladder comes to a new seed before it accepts, and a new seed can help.

    A hop that is over its budgets against the keyframe alone has only inherited what its parent
    had: no seed takes that back, and each would be paid for.
    """
    if "reroll" not in rungs or rungs[0] == "accept":
        return False
    over = [name for name, measure in review.measures.items() if measure.over]
    inherited = bool(over) and all(name.endswith(KEYFRAME_SUFFIX) for name in over)
    return not (inherited and parent is not None and parent.verdict == "drifted")


def _amend(take: Take, kind: str, reason: str) -> Amendment:
    return Amendment(shot=take.shot, kind=kind, reason=reason, take=take.id, run=take.run)


def _is_usable(one: Take, now: Take, review: Review) -> bool:
    verdict = review.verdict if one.id == now.id else one.verdict
    return verdict in ("good", "drifted")


def _score(one: Take, now: Take, review: Review) -> float:
    score = review.score if one.id == now.id else one.score
    return float("inf") if score is None else score
