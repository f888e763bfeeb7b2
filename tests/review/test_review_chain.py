"""Chains: small passes must not add up; and the words in which an excess is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.ledger import Chain, Review
from scenegraph.review import DEFAULT_BUDGETS, Footage, look_at
from scenegraph.review.chain import chain_measures, chain_on, steps_of
from scenegraph.review.measures import MEASURES, Reading
from scenegraph.review.verdict import as_measure, budgets_with, drift_reasons

Picture = NDArray[np.uint8]
Frames = list[Picture]
Seen = Callable[[Sequence[Picture]], Footage]


def warmer(frames: Sequence[Picture], by: float) -> Frames:
    """Saturated by `by`: chroma is stretched about each pixel's grey."""
    out = []
    for frame in frames:
        grey = frame.mean(2, keepdims=True)
        out.append(np.clip(grey + (frame - grey) * by, 0, 255).astype(np.uint8))
    return out


def test_hops_that_each_pass_raise_the_alarm_when_their_sum_does_not(
    shot: Callable[..., Frames], seen: Seen
) -> None:
    """Ten per cent a hop is within every hop's budget, and within five hops another film."""
    before, chain, verdicts = seen(shot(0, 24)), None, []
    for hop in range(1, 6):
        footage = seen(warmer(shot(24 * hop, 24 * hop + 24), 1.10**hop))
        review = look_at(footage, parent=before, expects_overlap=False, chain=chain)
        single = look_at(footage, parent=before, expects_overlap=False)
        assert single.verdict == "good", single.reasons
        verdicts.append(review.verdict)
        before, chain = footage, review.chain
    assert verdicts[0] == "good"
    assert verdicts[-1] == "drifted"
    assert review.reasons[0].startswith("saturation_along_chain: ")
    assert "more saturated than the start of its chain, 5 hops back" in review.reasons[0]
    assert chain is not None
    assert chain.hops == 5
    assert chain.sums["saturation"][0] == pytest.approx(5 * np.log(1.10), abs=0.12)


def test_what_goes_and_comes_back_does_not_add_up() -> None:
    """The sum is signed: a hop that takes back what the one before did is no drift."""
    there = steps_of({"hue": Reading(6.0, more=True), "cast": Reading(2.0, shift=(2.0, 0.0))})
    back = steps_of({"hue": Reading(6.0, more=False), "cast": Reading(2.0, shift=(-2.0, 0.0))})
    chain = chain_on(chain_on(None, there), back)
    assert not any(m.over for m in chain_measures(chain, DEFAULT_BUDGETS).values())
    again = chain_on(chain_on(None, there), there)
    found = chain_measures(again, DEFAULT_BUDGETS)
    assert found["hue_along_chain"].over
    assert found["hue_along_chain"].value == 12.0


def test_a_hop_that_measures_nothing_breaks_no_chain() -> None:
    """An axis without enough matched pixels adds nothing; the others go on."""
    first = chain_on(None, steps_of({"hue": Reading(3.0, more=True), "blur": Reading(None)}))
    second = chain_on(first, steps_of({"hue": Reading(None), "blur": Reading(0.1, more=False)}))
    assert second.sums == {"hue": (3.0,), "sharpness": (-0.1,)}
    assert "blur_along_chain" in chain_measures(second, DEFAULT_BUDGETS)


def test_a_chain_is_kept_in_the_review_s_json() -> None:
    """The next run's hop adds to what this run's parent was told."""
    chain = Chain(2, {"cast": (1.0, -0.5)}, {"cast": (2.0, -1.0)})
    review = Review(verdict="good", chain=chain)
    assert Review.from_json(review.to_json(), {}).chain == chain
    older = {name: part for name, part in review.to_json().items() if name != "chain"}
    assert Review.from_json(older, {}).chain is None


@pytest.mark.parametrize(
    ("name", "reading", "words"),
    [
        ("saturation", Reading(0.262, True), "30 % more saturated than the parent"),
        ("saturation", Reading(0.693, False), "50 % less saturated than the parent"),
        ("brightness", Reading(0.2, False), "18 % darker than the parent (11 % is allowed)"),
        ("hue", Reading(12.0, True), "colours have turned by 12 degrees, against the parent"),
        (
            "cast",
            Reading(6.0, shift=(-4.0, 4.0)),
            "a colour cast towards orange, 6 levels, against the parent (3 levels are allowed)",
        ),
        ("blur", Reading(0.693, False), "50 % of the fine detail is gone"),
        ("freeze", Reading(0.45), "stands still for 45 % of the new frames"),
    ],
)
def test_an_excess_is_told_in_percent_and_sides(name: str, reading: Reading, words: str) -> None:
    """`0.262 ln` says nothing to a film-maker; which way, by how much and since when does."""
    row = next(row for row in MEASURES if row.name == name)
    reading = replace(reading, track=((0, 0.0), (24, 99.0)))
    (sentence,) = drift_reasons({name: as_measure(row, reading, row.budget, "parent")})
    assert words in sentence
    assert ", from frame 24 on: " in sentence
    assert sentence.endswith(f"{(reading.value or 0) / row.budget:.1f} times its budget")


def test_a_wider_keyframe_budget_widens_the_chain_s_too() -> None:
    """Who allows a hop to be far from the keyframe allows its chain to get there."""
    wide = budgets_with({"hue_vs_keyframe": 40})
    assert wide["hue_along_chain"] == 40
    assert budgets_with({"hue_vs_keyframe": 40, "hue_along_chain": 5})["hue_along_chain"] == 5
