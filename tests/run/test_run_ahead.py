"""A re-anchor that is planned before the drift budget runs out is shot once, and stays there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from scenegraph.ledger import Ledger, State
from scenegraph.plan import Plan
from scenegraph.run import plan
from scenegraph.run.ahead import ends_of
from scenegraph.scene import load_scene

CHAIN: Mapping[str, Mapping[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "night": {"kind": "extend", "parent": "waits", "prompt": "she watches", "hops": 6},
}
SOFT = {"blur": 9.0, "blur_vs_keyframe": 9.0, "contrast": 9.0, "contrast_vs_keyframe": 9.0}
AHEAD = {"drift": {"on_drift": ["accept"], "budgets": dict(SOFT), "plan_ahead": True}}


def planned(house: Any, **more: Any) -> Plan:
    return plan(house.file, **{"backend": "fal", **more})


def fading(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
    """Every hop fades a little more towards grey; a shot from the keyframe does not."""
    amount = 0.08 if kind == "extend" else 0.0
    return sys.modules["run_stages"].small_render(kind, params, inputs, out, drift=amount)


@pytest.mark.ffmpeg
def test_the_anchor_is_in_the_plan_with_its_price_and_the_run_shoots_exactly_that(
    theatre: Callable[..., Any],
) -> None:
    house = theatre(CHAIN, scene=AHEAD)
    before = planned(house)
    assert [shot.shot for shot in before.shots] == [
        "waits", "night.1", "night.2", "night.3", "night.4", "night.5.anchor", "night.5", "night.6",
    ]  # fmt: skip
    assert before["night.5.anchor"].usd > 0
    assert before.usd == sum(shot.usd for shot in before.shots)
    result = house.run()
    assert result.exit_code == 0, result.to_json()
    assert (house.submits, result.submits) == (8, before.to_shoot)
    assert {one.shot: one.usd_estimate for one in house.takes()} == {
        shot.shot: shot.usd for shot in before.shots
    }
    # each bill is rounded to a hundredth of a cent by itself
    assert float(result.usd) == pytest.approx(float(before.usd), abs=0.0008)
    assert [outcome.shot for outcome in result.outcomes] == [shot.shot for shot in before.shots]
    (anchor,) = house.takes("night.5.anchor")
    (hop,) = house.takes("night.5")
    assert hop.parts["inputs"]["video"]["sha256"] == anchor.sha256


@pytest.mark.ffmpeg
def test_a_second_run_shoots_nothing_though_the_slope_is_known_by_now(
    theatre: Callable[..., Any],
) -> None:
    """The chain fades faster than was assumed; what was planned ahead stays where it is."""
    house = theatre(CHAIN, render=fading, scene=AHEAD)
    house.run()
    shot = house.submits
    assert (house.run().submits, house.submits) == (0, shot)
    seen = planned(house)
    assert {one.action for one in seen.shots} == {"keep"}
    (chain,) = seen.chains
    assert chain.anchors == ("night.5",)
    assert chain.basis == "measured on 6 hops" and chain.slope > 0.1


@pytest.mark.ffmpeg
def test_a_run_that_stopped_half_way_goes_on_with_the_same_anchors(
    theatre: Callable[..., Any],
) -> None:
    from scenegraph.plan import Selection

    house = theatre(CHAIN, render=fading, scene=AHEAD)
    house.run(selection=Selection.of(until="night.3"))
    assert house.submits == 4
    assert [one.shot for one in planned(house).shots if one.will_shoot] == [
        "night.4", "night.5.anchor", "night.5", "night.6",
    ]  # fmt: skip
    house.run()
    assert house.submits == 8
    assert house.states("night.5.anchor") == [State.CIRCLED]
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_asking_for_a_plan_ahead_of_a_chain_that_was_shot_uses_what_was_measured(
    theatre: Callable[..., Any],
) -> None:
    """Only what comes after the first anchor is shot again, and taking the wish back is free."""
    off = {"drift": {**AHEAD["drift"], "plan_ahead": False}}
    house = theatre(CHAIN, render=fading, scene=off)
    house.run()
    assert house.submits == 7
    (measured,) = planned(house).chains
    assert measured.over_at is not None and measured.lasts == measured.over_at - 1
    house.scene(CHAIN, **AHEAD)
    made = planned(house)
    (chain,) = made.chains
    assert chain.anchors[0] == f"night.{measured.over_at}"
    assert made[f"night.{measured.over_at - 1}"].action == "keep"
    result = house.run()
    assert result.submits == made.to_shoot == house.submits - 7
    house.scene(CHAIN, **off)
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_an_anchor_is_not_blamed_for_leaving_its_drifted_parent(
    theatre: Callable[..., Any],
) -> None:
    """It is there to go back to the keyframe: one take, held against the keyframe alone."""
    drift = {**AHEAD["drift"], "on_drift": ["reroll", "accept"], "rerolls": 1}
    house = theatre(CHAIN, render=fading, scene={"drift": drift})
    house.run()
    (anchor,) = house.takes("night.5.anchor")
    assert anchor.verdict == "good"
    with house.ledger() as ledger:
        review = ledger.review_of(anchor.id)
        assert "saturation" not in review.measures
        assert review.measures["saturation_vs_keyframe"].value is not None


@pytest.mark.ffmpeg
def test_ends_are_signed_shares_of_the_budget(theatre: Callable[..., Any]) -> None:
    house = theatre(CHAIN, render=fading, scene=AHEAD)
    house.run()
    scene = load_scene(house.file)
    with Ledger.open(house.folder / ".scenegraph", create=False) as ledger:
        ends = ends_of(scene, ledger.memory(scene.name), "fal", ledger)
    fades = [ends[f"night.{n}"]["saturation"] for n in range(1, 5)]
    assert all(later < earlier < 0 for earlier, later in pairwise(fades))
    assert abs(ends["night.5.anchor"]["saturation"]) < abs(fades[-1]) / 3
