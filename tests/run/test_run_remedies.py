"""The ladder: what follows from a review, decided purely."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from scenegraph.ledger import Amendment, Measure, Overlap, Review, State, Take
from scenegraph.run.remedies import Again, CannotPay, Circle, GiveUp, Situation, next_step
from scenegraph.scene import DriftPolicy

TAKE = Take(
    id=1, scene="s", shot="b", number=1, key="k", setup="s", parts={}, engine="fal", endpoint="e",
    seed=1, params={}, state=State.REVIEWED, usd_estimate=Decimal(1), billed=True,
)  # fmt: skip
PARENT = replace(TAKE, id=9, shot="a", state=State.CIRCLED, verdict="good")
FRESH = Measure(2.0, 1.0)
GOOD = Review(verdict="good")
BROKEN = Review(verdict="broken", reasons=("every frame is black",))
ALL = {"reanchor": (Decimal(2), {}), "cut": (Decimal(1), {"keyframe": "mara.side"})}


def drifted(*names: str, score: float = 2.0) -> Review:
    return Review(
        verdict="drifted", reasons=("too red",), score=score, measures=dict.fromkeys(names, FRESH)
    )


def decide(review: Review, *rungs: str, rerolls: int = 2, **more: Any) -> Any:
    policy = DriftPolicy(rerolls=rerolls, **({"on_drift": rungs} if rungs else {}))
    situation = Situation(take=TAKE, review=review, policy=policy, wish="w", setup="now")
    return next_step(replace(situation, usd=Decimal(1), **more))


def after(*kinds: str, wish: str = "w") -> tuple[Amendment, ...]:
    return tuple(Amendment(shot="b", kind=one, reason="", values={"wish": wish}) for one in kinds)


def test_a_good_take_is_circled() -> None:
    assert decide(GOOD) == Circle(TAKE)


def test_a_drifted_take_is_shot_again_while_rerolls_are_left() -> None:
    decision = decide(drifted("hue"), rerolls=1, parent=PARENT)
    assert isinstance(decision, Again)
    assert decision.amendment.kind == "reroll"


def test_a_reroll_says_what_helps_against_its_failure() -> None:
    decision = decide(drifted("wardrobe_vs_keyframe", "zoom_jump"), "reroll", parent=PARENT)
    said = decision.amendment.values["phrases"]
    assert "Same outfit." in said and "Camera stable, no sudden zoom, no cut." in said


def test_after_the_last_reroll_the_best_take_is_kept_and_says_so() -> None:
    """The film goes on; nothing passes for good."""
    first = replace(TAKE, id=2, state=State.REJECTED, verdict="drifted", score=1.2)
    decision = decide(
        drifted("hue"), rerolls=1, earlier=(first,), parent=PARENT, amended=after("reroll")
    )
    assert isinstance(decision, Circle)
    assert decision.take.id == 2
    assert decision.amendment is not None
    assert decision.amendment.kind == "accept"
    assert decision.amendment.values["setup"] == "now"


def test_what_was_decided_about_another_wish_uses_up_no_reroll() -> None:
    """A person who has changed the prompt gets the whole ladder again."""
    decision = decide(drifted("hue"), "reroll", rerolls=1, amended=after("reroll", wish="old"))
    assert isinstance(decision, Again)


@pytest.mark.parametrize(
    ("over", "verdict_above", "again"),
    [
        (("hue_vs_keyframe",), "drifted", False),  # inherited: no seed takes it back
        (("hue_vs_keyframe",), "good", True),  # new in this hop
        (("hue", "hue_vs_keyframe"), "drifted", True),  # more than was inherited
    ],
)
def test_no_seed_is_paid_for_what_a_parent_brought_along(
    over: tuple[str, ...], verdict_above: str, again: bool
) -> None:
    """A re-roll cannot mend what the tail already shows."""
    parent = replace(PARENT, verdict=verdict_above)
    assert isinstance(decide(drifted(*over), parent=parent), Again) is again


def test_what_is_inherited_goes_straight_to_the_anchor() -> None:
    parent = replace(PARENT, verdict="drifted")
    decision = decide(drifted("hue_vs_keyframe"), parent=parent, rungs=ALL)
    assert decision.amendment.kind == "reanchor"


def test_accept_first_on_the_ladder_asks_for_nothing() -> None:
    decision = decide(drifted("hue"), "accept", "reroll")
    assert isinstance(decision, Circle)


def test_broken_takes_alone_lose_the_shot() -> None:
    decision = decide(BROKEN, rerolls=0)
    assert isinstance(decision, GiveUp)
    assert decision.ends_as == "lost"


def test_a_ladder_that_ends_with_a_person_asks_one() -> None:
    decision = decide(drifted("hue"), "reroll", "ask", rerolls=0)
    assert isinstance(decision, GiveUp)
    assert decision.ends_as == "ask"


def test_one_reroll_is_spared_for_the_tuning_that_comes_after() -> None:
    """Both ask for the same shot again: together they stay within `rerolls`."""
    ladder = ("reroll", "tune", "ask")
    knobs = {"temporal_adain_factor": 0.5}
    review = drifted("saturation")
    kinds = []
    for _ in range(3):
        decision = decide(review, *ladder, knobs=knobs, amended=after(*kinds))
        if isinstance(decision, GiveUp):
            break
        kinds.append(decision.amendment.kind)
    assert kinds == ["reroll", "tune"]


def test_tuning_is_for_colour_and_contrast_alone() -> None:
    knobs = {"temporal_adain_factor": 0.5}
    assert isinstance(decide(drifted("identity"), "tune", knobs=knobs), Circle)
    decision = decide(drifted("contrast"), "tune", knobs=knobs)
    assert decision.amendment.values["parameters"] == {"temporal_adain_factor": 0.8}


def test_a_rung_that_would_pass_the_cap_decides_nothing() -> None:
    """The anchor and its hop cost two dollars. A lack of money is no reason to accept a take."""
    decision = decide(drifted("hue"), "reanchor", "cut", rungs=ALL, left=Decimal("1.50"))
    assert decision == CannotPay(Decimal(2))
    assert decide(drifted("hue"), "reroll", "accept", left=Decimal(0)) == CannotPay(Decimal(1))


def tracked(**ends: float) -> Review:
    """A review of ten frames in which each measure runs evenly to its end."""
    return Review(
        verdict="drifted",
        reasons=("too red",),
        score=2.0,
        overlap=Overlap(0, None, 0, 1.0),
        measures=dict.fromkeys(ends, FRESH),
        series={
            f"{name}_drift": np.linspace(0, end, 10, dtype=np.float32) for name, end in ends.items()
        },
    )


def test_a_colour_match_takes_back_what_was_measured() -> None:
    decision = decide(tracked(saturation=0.3, brightness=-0.1), "grade", "ask")
    assert isinstance(decision, Circle) and decision.amendment is not None
    end = decision.amendment.values["grade"]["end"]
    assert end == {"brightness": 0.1, "contrast": 0.0, "saturation": -0.3}


@pytest.mark.parametrize(
    "review",
    [tracked(saturation=0.6), tracked(saturation=0.2, wardrobe=1.0), drifted("identity")],
    ids=["past the limit", "not colour alone", "no colour"],
)
def test_what_a_colour_match_cannot_mend_goes_on_down_the_ladder(review: Review) -> None:
    assert isinstance(decide(review, "grade", "ask"), GiveUp)
