"""How fast a chain uses its drift budget up, and what is planned ahead from that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from scenegraph.ledger import Memory
from scenegraph.plan import amended_graph, plan_ahead
from scenegraph.plan.drifting import chain_drifts

NIGHT: Mapping[str, Mapping[str, Any]] = {
    "watch": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she watches"},
    "night": {"kind": "extend", "parent": "watch", "prompt": "she waits", "hops": 8},
}
#: Of its budget: 0.1 at the start, and 0.2 more with every hop.
CLIMB = {"watch": {"contrast": 0.1}} | {
    f"night.{n}": {"contrast": 0.1 + 0.2 * n, "hue": 0.02 * n} for n in range(1, 5)
}


@pytest.fixture
def night(make_scene: Callable[..., Any]) -> Any:
    return make_scene(NIGHT, drift={"plan_ahead": True})


def decided(scene: Any, memory: Memory, ends: Any, **more: Any) -> tuple[Memory, list[str]]:
    new = plan_ahead(scene, memory, "fal", ends, **more)
    laid = replace(memory, amendments=(*memory.amendments, *new))
    return laid, [one.shot for one in new if one.kind == "reanchor"]


def test_the_slope_is_the_line_through_the_hops_ends(night: Any) -> None:
    (chain,) = chain_drifts(night, night.graph(), CLIMB)
    assert chain.slope == pytest.approx(0.2)
    assert (chain.chain, chain.hops, chain.measure) == ("night", 8, "contrast")
    assert (chain.lasts, chain.over_at) == (4, 5)  # 0.1 + 0.2 * 5 is over, 0.1 + 0.2 * 4 is not
    assert chain.basis == "measured on 4 hops"


def test_drift_to_the_other_side_runs_out_as_well(night: Any) -> None:
    fading = {shot: {"saturation": -share["contrast"]} for shot, share in CLIMB.items()}
    (chain,) = chain_drifts(night, night.graph(), fading)
    assert (chain.slope, chain.over_at) == (pytest.approx(0.2), 5)


def test_before_any_review_the_slope_is_said_to_be_assumed(night: Any) -> None:
    (chain,) = chain_drifts(night, night.graph(), {})
    assert chain.basis.startswith("assumed") and chain.over_at == 5


def test_a_new_chain_is_expected_to_drift_as_the_scenes_others(
    make_scene: Callable[..., Any],
) -> None:
    shots = NIGHT | {
        "dawn": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she sleeps"},
        "day": {"kind": "extend", "parent": "dawn", "prompt": "she wakes", "hops": 2},
    }
    scene = make_scene(shots)
    chains = {one.chain: one for one in chain_drifts(scene, scene.graph(), CLIMB)}
    assert chains["day"].slope == pytest.approx(0.2)
    assert chains["day"].basis == "as the scene's 1 reviewed chain"
    assert chains["day"].over_at is None


def test_anchors_stand_before_each_hop_that_would_run_out(night: Any) -> None:
    memory, anchored = decided(night, Memory("s"), {})
    assert anchored == ["night.5"]
    graph = amended_graph(night, memory)
    assert graph.shots["night.5"].tail_of == "night.5.anchor"
    (chain,) = chain_drifts(night, graph, {})
    assert (chain.over_at, chain.anchors) == (None, ("night.5",))


def test_what_was_decided_stays_although_the_chain_drifts_otherwise(night: Any) -> None:
    """Takes come in while a chain is shot; an anchor that moved would have them shot again."""
    memory, _ = decided(night, Memory("s"), {})
    steep = {f"night.{n}": {"hue": 0.6 * n} for n in range(1, 4)}
    assert plan_ahead(night, memory, "fal", steep) == ()
    calm = {f"night.{n}": {"hue": 0.01} for n in range(1, 4)}
    assert plan_ahead(night, memory, "fal", calm) == ()


def test_hops_added_later_are_thought_about_with_what_is_known_then(
    night: Any, make_scene: Callable[..., Any]
) -> None:
    memory, _ = decided(night, Memory("s"), {})
    shots = {**NIGHT, "night": {**NIGHT["night"], "hops": 12}}
    longer = make_scene(shots, drift={"plan_ahead": True})
    _, anchored = decided(longer, memory, CLIMB)
    assert anchored == ["night.9"]  # four hops after night.5, as CLIMB has it


def test_a_preview_plans_for_itself_alone(night: Any) -> None:
    new = plan_ahead(night, Memory("s"), "animatic", {})
    memory = Memory.of("s", (), new)
    assert "night.5.anchor" in amended_graph(night, memory.for_engine("animatic")).shots
    assert "night.5.anchor" not in amended_graph(night, memory.for_engine("fal")).shots


def test_without_the_wish_nothing_is_planned_and_old_plans_rest(
    night: Any, make_scene: Callable[..., Any]
) -> None:
    memory, _ = decided(night, Memory("s"), {})
    off = make_scene(NIGHT)
    assert plan_ahead(off, Memory("s"), "fal", {}) == ()
    assert "night.5.anchor" not in amended_graph(off, memory).shots


def test_a_chain_left_out_of_the_selection_is_decided_later(night: Any) -> None:
    assert plan_ahead(night, Memory("s"), "fal", {}, selected={"elsewhere"}) == ()


def test_where_the_first_hop_is_over_no_anchor_is_bought(night: Any) -> None:
    steep = {f"night.{n}": {"hue": 1.5 * n} for n in range(1, 4)}
    _, anchored = decided(night, Memory("s"), steep)
    assert anchored == []


def test_a_branch_counts_from_the_anchor_of_the_chain_it_leaves(
    make_scene: Callable[..., Any],
) -> None:
    shots = NIGHT | {"aside": {"kind": "extend", "parent": "night.6", "prompt": "x", "hops": 4}}
    scene = make_scene(shots, drift={"plan_ahead": True})
    _, anchored = decided(scene, Memory("s"), {})
    assert anchored == ["night.5", "aside.3"]  # night.5 and .6 are two hops, two more are within


def test_anchors_have_their_price_in_the_plan(new_studio: Callable[..., Any]) -> None:
    studio = new_studio(NIGHT, drift={"plan_ahead": True})
    without = studio.plan()
    studio.amendments += plan_ahead(studio.scene, studio.memory, "animatic", {})
    made = studio.plan()
    anchor = made["night.5.anchor"]
    assert anchor.will_shoot and anchor.usd > 0
    assert made.usd == without.usd + anchor.usd
    assert made.to_shoot == without.to_shoot + 1
    assert "night.5.anchor" in studio.run(only=("watch", "night"))
