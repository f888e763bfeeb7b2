"""The ladder: what follows from a review, decided purely."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from scenegraph.ledger import Measure, Review, State, Take
from scenegraph.run.remedies import Again, Circle, GiveUp, next_step
from scenegraph.scene import DriftPolicy

TAKE = Take(
    id=1, scene="s", shot="b", number=1, key="k", setup="s", parts={}, engine="fal", endpoint="e",
    seed=1, params={}, state=State.REVIEWED, usd_estimate=Decimal(1), billed=True,
)  # fmt: skip
PARENT = replace(TAKE, id=9, shot="a", state=State.CIRCLED, verdict="good")
FRESH = Measure(2.0, 1.0)


def drifted(*names: str, score: float = 2.0) -> Review:
    return Review(
        verdict="drifted", reasons=("too red",), score=score, measures=dict.fromkeys(names, FRESH)
    )


def test_a_good_take_is_circled() -> None:
    assert next_step(TAKE, Review(verdict="good"), DriftPolicy(), ()) == Circle(TAKE)


def test_a_drifted_take_is_shot_again_while_rerolls_are_left() -> None:
    decision = next_step(TAKE, drifted("hue"), DriftPolicy(rerolls=1), (), PARENT)
    assert isinstance(decision, Again)
    assert decision.amendment.kind == "reroll"


def test_after_the_last_reroll_the_best_take_is_kept_and_says_so() -> None:
    """The film goes on; nothing passes for good."""
    first = replace(TAKE, id=2, state=State.REJECTED, verdict="drifted", score=1.2)
    decision = next_step(TAKE, drifted("hue", score=2.0), DriftPolicy(rerolls=1), (first,), PARENT)
    assert isinstance(decision, Circle)
    assert decision.take.id == 2
    assert decision.amendment is not None
    assert decision.amendment.kind == "accept"


@pytest.mark.parametrize(
    ("over", "verdict_above", "again"),
    [
        (("hue_vs_keyframe",), "drifted", False),  # inherited: no seed takes it back
        (("hue_vs_keyframe",), "good", True),  # new in this hop
        (("hue", "hue_vs_keyframe"), "drifted", True),  # more than was inherited
    ],
)
def test_no_seed_is_paid_for_what_a_parent_brought_along(over, verdict_above, again) -> None:
    """A re-roll cannot mend what the tail already shows."""
    parent = replace(PARENT, verdict=verdict_above)
    decision = next_step(TAKE, drifted(*over), DriftPolicy(), (), parent)
    assert isinstance(decision, Again) is again


def test_accept_first_on_the_ladder_asks_for_nothing() -> None:
    policy = DriftPolicy(on_drift=("accept", "reroll"))
    assert isinstance(next_step(TAKE, drifted("hue"), policy, ()), Circle)


def test_broken_takes_alone_lose_the_shot() -> None:
    broken = Review(verdict="broken", reasons=("every frame is black",))
    decision = next_step(TAKE, broken, DriftPolicy(rerolls=0), ())
    assert isinstance(decision, GiveUp)
    assert decision.ends_as == "lost"


def test_a_ladder_that_ends_with_a_person_asks_one() -> None:
    policy = DriftPolicy(on_drift=("reroll", "ask"), rerolls=0)
    decision = next_step(TAKE, drifted("hue"), policy, ())
    assert isinstance(decision, GiveUp)
    assert decision.ends_as == "ask"
