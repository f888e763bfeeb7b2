"""What follows from a review: the next rung of the scene's ladder. Pure; the ledger keeps it.

The rungs are tried in the order in which the scene names them. One that cannot help this take, or
has been taken as often as it may be, is stepped over; one that would pass the cap ends the run's
spending, and nothing is decided:

| rung | what it does | when it is stepped over |
| --- | --- | --- |
| accept | keeps the take | – |
| grade | keeps it; its colour is matched at the cut | the drift is no colour, or past the limits |
| reroll | another seed, with the failure's phrases | the drift is inherited; no re-rolls are left |
| tune | the model's own knobs against colour and contrast drift, up | the same; or no such knobs |
| reanchor | a node from the keyframe before the hop | no hop, no keyframe, or done already |
| cut | the hop becomes a new shot from the keyframe | the same |
| ask | a person decides | – |

`rerolls` bounds how often one wish is asked for again with another seed or tuning. After the last
rung the best take is kept, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from scenegraph.ledger import Amendment, Review, Take
from scenegraph.review import GRADE_LIMITS, grade_for
from scenegraph.scene import DriftPolicy, Rung, phrases_for, plain_name
from scenegraph.scene.fixes import KEYFRAME_SUFFIX

#: Measures of these endings are not this hop's own: they are held against the canonical keyframe,
#: or added up along the chain.
INHERITED = (KEYFRAME_SUFFIX, "_along_chain")
#: Knobs of the service against colours and contrast that climb hop by hop (LTX-Video's own).
TUNED: Mapping[str, float] = {"temporal_adain_factor": 0.8, "tone_map_compression_ratio": 0.3}
#: What those knobs work on.
TUNABLE = frozenset({"saturation", "contrast", "cast", "brightness"})
#: Rungs that ask for the same shot once more.
ASKS_AGAIN = ("reroll", "tune")


@dataclass(frozen=True, slots=True)
class Circle:
    """Keep this take. With an amendment it is kept although it drifted."""

    take: Take
    amendment: Amendment | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Reject the take, and plan again with the amendment: another take, or another graph."""

    amendment: Amendment


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No take can be used, or a person must say which: the shot has none for now."""

    reason: str
    ends_as: Literal["lost", "ask"]
    amendment: Amendment | None = None


@dataclass(frozen=True, slots=True)
class CannotPay:
    """The next rung would pass the cap: the take waits, undecided, for a run with more money."""

    usd: Decimal


Decision = Circle | Again | GiveUp | CannotPay


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A take that was just looked at, and all that the next step depends on.

    Attributes:
        earlier: the shot's other takes that were made from the same files and have media.
        parent: the take that it goes on from.
        wish: a name of what the scene file and the parent's take ask for; what was decided about
            another wish does not count.
        setup: what the shot's plan wants now; a take that is kept fits it.
        amended: what was decided about this shot, oldest first.
        rungs: the price of each rung that changes the graph, as far as it is possible here.
        knobs: the endpoint's own values of `TUNED`, for tuning upwards.
        usd: the price of one more take.
        left: US dollars that may still be asked for; None without a cap.
    """

    take: Take
    review: Review
    policy: DriftPolicy
    earlier: Sequence[Take] = ()
    parent: Take | None = None
    wish: str = ""
    setup: str = ""
    amended: Sequence[Amendment] = ()
    rungs: Mapping[Rung, tuple[Decimal, Mapping[str, Any]]] = field(default_factory=dict)
    knobs: Mapping[str, float] = field(default_factory=dict)
    usd: Decimal = Decimal(0)
    left: Decimal | None = None

    @property
    def over(self) -> list[str]:
        """The measures that are over their budgets."""
        return list(self.review.over)

    @property
    def why(self) -> str:
        reason = self.review.reasons[0] if self.review.reasons else self.review.verdict
        return f"t{self.take.number} {self.review.verdict}: {reason}"

    def taken(self, *rungs: str) -> int:
        """How often these rungs were taken for this wish."""
        return sum(
            one.kind in rungs and one.values.get("wish", self.wish) == self.wish
            for one in self.amended
        )

    @property
    def is_inherited(self) -> bool:
        """Over its budgets against the keyframe alone, as its parent was already.

        No seed takes that back, and each would be paid for.
        """
        against_keyframe = all(name.endswith(INHERITED) for name in self.over)
        drifted_above = self.parent is not None and self.parent.verdict == "drifted"
        return bool(self.over) and against_keyframe and drifted_above

    def can_pay(self, usd: Decimal) -> bool:
        return self.left is None or usd <= self.left


def next_step(now: Situation) -> Decision:
    """What to do about a take that was just looked at."""
    if now.review.verdict == "good":
        return Circle(now.take)
    if now.review.verdict == "broken":
        if _may_ask_again(now):
            return _paid(now, now.usd, _amend(now, "reroll"))
        return _best(now)
    for rung in now.policy.on_drift:
        decision = _STEPS[rung](now)
        if decision is not None:
            return decision
    return _best(now)


def _accept(now: Situation) -> Decision:
    return Circle(now.take, _keep(now, now.take, f"{now.why}; the scene accepts it"))


def _grade(now: Situation) -> Decision | None:
    if not now.over or not {plain_name(name) for name in now.over} <= GRADE_LIMITS.keys():
        return None
    grade = grade_for(now.review)
    if grade is None:
        return None
    said = f"{now.why}; its colour is matched at the cut: {grade}"
    return Circle(now.take, _keep(now, now.take, said, "grade", grade=grade.to_json()))


def _reroll(now: Situation) -> Decision | None:
    spared = _tunes_later(now)
    if now.is_inherited or not _may_ask_again(now, spared):
        return None
    return _paid(now, now.usd, _amend(now, "reroll", phrases=list(phrases_for(now.over))))


def _tune(now: Situation) -> Decision | None:
    if now.is_inherited or not _can_tune(now) or not _may_ask_again(now):
        return None
    up = {name: TUNED[name] for name in now.knobs}
    tuned = _amend(now, "tune", parameters=up, phrases=list(phrases_for(now.over)))
    return _paid(now, now.usd, tuned)


def _in_the_graph(rung: Rung) -> Callable[[Situation], Decision | None]:
    def step(now: Situation) -> Decision | None:
        if rung not in now.rungs:
            return None
        usd, values = now.rungs[rung]
        return _paid(now, usd, _amend(now, rung, **values))

    return step


def _ask(now: Situation) -> Decision:
    return GiveUp(now.why, "ask", _amend(now, "ask"))


_STEPS: Mapping[Rung, Callable[[Situation], Decision | None]] = {
    "accept": _accept,
    "grade": _grade,
    "reroll": _reroll,
    "tune": _tune,
    "reanchor": _in_the_graph("reanchor"),
    "cut": _in_the_graph("cut"),
    "ask": _ask,
}


def _may_ask_again(now: Situation, spared: int = 0) -> bool:
    return now.taken(*ASKS_AGAIN) + spared < now.policy.rerolls


def _paid(now: Situation, usd: Decimal, amendment: Amendment) -> Again | CannotPay:
    return Again(amendment) if now.can_pay(usd) else CannotPay(usd)


def _can_tune(now: Situation) -> bool:
    shown = {plain_name(name) for name in now.over}
    return bool(now.knobs) and bool(shown & TUNABLE) and not now.taken("tune")


def _tunes_later(now: Situation) -> int:
    """One re-roll is spared for a tuning that the ladder comes to after other seeds."""
    rungs = now.policy.on_drift
    later = "tune" in rungs and rungs.index("tune") > rungs.index("reroll")
    return int(later and _can_tune(now))


def _best(now: Situation) -> Decision:
    """The ladder's end: the take that drifted least is kept, and says so."""
    usable = [one for one in (*now.earlier, now.take) if _is_usable(one, now)]
    if not usable:
        said = f"Every take of {now.take.shot!r} is broken; the last one: {now.why}"
        return GiveUp(said, "lost")
    best = min(usable, key=lambda one: _score(one, now))
    count = len(usable)
    said = f"the best of {count}: t{best.number}, {_score(best, now):.2f} of its drift budget"
    return Circle(best, _keep(now, best, said))


def _amend(now: Situation, kind: str, **values: Any) -> Amendment:
    take = now.take
    return Amendment(
        shot=take.shot,
        kind=kind,
        reason=now.why,
        values={**values, "wish": now.wish},
        take=take.id,
        run=take.run,
    )


def _keep(now: Situation, take: Take, said: str, kind: str = "accept", **values: Any) -> Amendment:
    return Amendment(
        shot=take.shot,
        kind=kind,
        reason=said,
        values={**values, "wish": now.wish, "setup": now.setup},
        take=take.id,
        run=now.take.run,
    )


def _is_usable(one: Take, now: Situation) -> bool:
    verdict = now.review.verdict if one.id == now.take.id else one.verdict
    return verdict in ("good", "drifted")


def _score(one: Take, now: Situation) -> float:
    score = now.review.score if one.id == now.take.id else one.score
    return float("inf") if score is None else score
