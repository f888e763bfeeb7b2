"""Which of several takes that were shot side by side is kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scenegraph.ledger import Amendment, Review, Take
from scenegraph.plan import BEST
from scenegraph.run.remedies import Circle, GiveUp
from scenegraph.scene import DriftPolicy


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
    take, review = min(usable, key=lambda one: _score(one[1]))
    score = "not measured" if review.score is None else f"score {review.score:.2f}"
    said = f"t{take.number} is the best of {count}, {score}"
    is_good = review.verdict == "good"
    if not is_good and "ask" in policy.on_drift and "accept" not in policy.on_drift:
        said = f"{said}; all of them are over their drift budget"
        return GiveUp(said, "ask", _amend(take, "ask", said))
    return Circle(take, _amend(take, BEST if is_good else "accept", said))


def _score(review: Review) -> float:
    return float("inf") if review.score is None else review.score


def _amend(take: Take, kind: str, reason: str) -> Amendment:
    return Amendment(shot=take.shot, kind=kind, reason=reason, take=take.id, run=take.run)
