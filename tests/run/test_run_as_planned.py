"""A run that is bound to a plan, one that stops at the first loss, and the way on after a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scenegraph.ledger import State
from scenegraph.plan import PlanChanged, Selection
from scenegraph.run import plan
from scenegraph.run.sheet import pick

CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}
PLACES = {f"place-{n}": {"kind": "t2v", "prompt": f"place {n}."} for n in range(4)}


def _states(result: Any) -> dict[str, str]:
    return {shot.shot: shot.state for shot in result.outcomes}


# -- bound to a plan -----------------------------------------------------------------------------


@pytest.mark.ffmpeg
def test_a_run_bound_to_a_plan_does_that_plan_and_once(theatre: Callable[..., Any]) -> None:
    """By its id, its JSON or itself; afterwards the plan is done, so it no longer holds."""
    house = theatre(CHAIN)
    planned = plan(house.file, backend="fal")
    assert planned.plan_id == plan(house.file, backend="fal").plan_id
    result = house.run(as_planned=planned.plan_id)
    assert result.submits == planned.submits == 4
    with pytest.raises(PlanChanged) as caught:
        house.run(as_planned=planned)
    assert caught.value.exit_code == 2 and house.submits == 4
    assert "takes were shot" in caught.value.message
    assert "waits: shoot → keep" in caught.value.message
    now = plan(house.file, backend="fal")
    assert caught.value.now == now.plan_id
    assert house.run(as_planned=now.to_json()).submits == 0


@pytest.mark.ffmpeg
def test_a_run_is_refused_when_the_scene_has_changed(theatre: Callable[..., Any]) -> None:
    """Nothing is asked for; it says that the scene changed, and in which field, if it can."""
    house = theatre(PLACES)
    house.run()
    planned = plan(house.file, backend="fal")
    house.scene({**PLACES, "place-1": {"kind": "t2v", "prompt": "somewhere else"}})
    with pytest.raises(PlanChanged) as by_id:
        house.run(as_planned=planned.plan_id)
    assert "what the scene asks for" in by_id.value.message
    with pytest.raises(PlanChanged) as whole:
        house.run(as_planned=planned.to_json())
    assert "place-1: keep → shoot" in whole.value.message and house.submits == 4
    house.scene(PLACES)
    assert house.run(as_planned=planned.plan_id).submits == 0, "the harmless twin"


@pytest.mark.ffmpeg
def test_the_selection_is_part_of_a_plan(theatre: Callable[..., Any]) -> None:
    """A plan of one shot cannot be carried out on all of them, nor on another engine."""
    house = theatre(PLACES)
    chosen = Selection.of(only="place-0")
    planned = plan(house.file, backend="fal", selection=chosen)
    for options in ({}, {"selection": Selection.of(only="place-1")}, {"backend": "animatic"}):
        with pytest.raises(PlanChanged) as caught:
            house.run(as_planned=planned.plan_id, **options)
        assert "selection" in caught.value.message and house.submits == 0
    assert house.run(as_planned=planned.plan_id, selection=chosen).submits == 1


def test_a_word_that_is_no_plan_is_refused(theatre: Callable[..., Any]) -> None:
    house = theatre(PLACES)
    with pytest.raises(PlanChanged) as caught:
        house.run(as_planned="yesterday")
    assert "'yesterday' is not the id of a plan" in caught.value.message


# -- stopping at the first loss ------------------------------------------------------------------


@pytest.mark.ffmpeg
def test_fail_fast_asks_for_nothing_after_the_first_loss(theatre: Callable[..., Any]) -> None:
    """The rest is skipped and says why; exit code 1; the next run shoots it."""
    house = theatre(PLACES)
    house.goes_wrong(effect="fail", type="content_policy_violation", submit=1)
    result = house.run(fail_fast=True, jobs=1)
    states = list(_states(result).values())
    assert (result.exit_code, result.submits, states.count("skipped")) == (1, 1, 3)
    skipped = [shot for shot in result.outcomes if shot.state == "skipped"]
    assert all("skipped: fail-fast" in shot.error["message"] for shot in skipped)
    assert "rerun SCENE" in result.next_step and "run SCENE" in result.next_step
    assert house.run().submits == 3


@pytest.mark.ffmpeg
def test_fail_fast_collects_what_is_out(theatre: Callable[..., Any]) -> None:
    """It was asked for and is paid for: it comes home, is looked at and circled."""
    house = theatre(PLACES)
    house.goes_wrong(effect="fail", type="content_policy_violation", submit=1)
    house.goes_wrong(effect="slow", seconds=0.3, submit=2)
    result = house.run(fail_fast=True, jobs=2)
    assert result.submits == 2 and result.exit_code == 1
    assert sorted(_states(result).values()) == ["circled", "refused", "skipped", "skipped"]


@pytest.mark.ffmpeg
def test_fail_fast_without_a_loss_is_any_run(theatre: Callable[..., Any]) -> None:
    """The harmless twin; and without it one loss leaves the others alone."""
    house = theatre(PLACES)
    assert house.run(fail_fast=True).exit_code == 0 and house.submits == 4
    house.scene({id: {**body, "seed": 3} for id, body in PLACES.items()})
    house.goes_wrong(effect="fail", type="content_policy_violation", submit=5)
    assert house.run(jobs=1).submits == 4


# -- the way on after a loss ---------------------------------------------------------------------


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "fault, times", [("content_policy_violation", 1), ("runner_server_error", 2)]
)
def test_after_a_loss_the_plan_names_the_root_and_the_one_command(
    fault: str, times: int, theatre: Callable[..., Any]
) -> None:
    """Refused or lost: the branch hangs under its root, and `rerun ROOT` shoots just that."""
    house = theatre(CHAIN)
    house.goes_wrong(effect="fail", type=fault, prompt="she listens", times=times)
    house.run()
    planned = plan(house.file, backend="fal")
    assert [shot.shot for shot in planned.failed] == ["listens"]
    assert [shot.shot for shot in planned.waiting_for("listens")] == ["rises"]
    assert planned.next_step == "`scenegraph rerun SCENE listens`"
    document = planned.to_json()
    assert document["failed"][0]["waiting"] == ["rises"]
    assert {s["shot"]: s["root_cause"] for s in document["shots"]} == {
        "waits": None,
        "listens": "listens",
        "rises": "listens",
        "platform": None,
    }
    rerun = house.run(selection=Selection(force=("listens",), from_=("listens",)))
    asked = {shot.shot for shot in rerun.outcomes if shot.asked}
    assert (rerun.exit_code, rerun.submits, asked) == (0, 2, {"listens", "rises"})
    assert plan(house.file, backend="fal").failed == ()


# -- nothing is shot for nothing -----------------------------------------------------------------


@pytest.mark.ffmpeg
def test_a_parent_that_comes_out_the_same_leaves_its_children(theatre: Callable[..., Any]) -> None:
    """Early cut-off: a new take of equal bytes is as good as the old one for all below it."""
    house = theatre(CHAIN)
    house.run()
    # The negative words change the request; this renderer does not draw them.
    house.scene(
        {**CHAIN, "waits": {**CHAIN["waits"], "negative_prompt": "rain", "seed": _seed(house)}}
    )
    planned = plan(house.file, backend="fal")
    assert planned.to_shoot == 3, "until it is here, nobody knows"
    result = house.run()
    old, new = house.takes("waits")
    assert old.sha256 == new.sha256 and old.key != new.key
    assert (result.submits, _states(result)["listens"]) == (1, "circled")
    assert len(house.takes("listens")) == len(house.takes("rises")) == 1


def _seed(house: Any) -> int:
    return int(house.takes("waits")[0].seed)


@pytest.mark.ffmpeg
def test_a_comment_a_name_an_order_or_a_reel_setting_shoots_nothing(
    theatre: Callable[..., Any],
) -> None:
    """Not even a new title, and not even of a shot whose second take is the circled one."""
    house = theatre(CHAIN)
    house.run()
    house.run(selection=Selection.of(force="platform"))
    text = house.file.read_text()
    house.file.write_text(f"# a remark\n{text}")
    assert house.run().submits == 0
    swapped = {id: CHAIN[id] for id in ("platform", "waits", "listens", "rises")}
    house.scene(swapped, reel={"order": ["rises", "waits"], "frame_rate": 30})
    assert house.run().submits == 0
    renamed = {"station" if id == "platform" else id: body for id, body in swapped.items()}
    house.scene(renamed)
    assert house.run().submits == 0
    house.scene(renamed, title="The sleeper")
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_picking_an_older_take_gives_its_children_back(theatre: Callable[..., Any]) -> None:
    """For nothing, there and back again: every take was kept."""
    house = theatre(CHAIN)
    house.run()
    house.run(selection=Selection.of(force_down="waits"))
    assert house.submits == 7
    for number in (1, 2, 1):
        pick(house.file, "waits", number)
        result = house.run()
        assert (result.exit_code, result.submits) == (0, 0)
        kept = {shot.shot: shot.take.number for shot in result.outcomes}
        assert (kept["listens"], kept["rises"]) == (number, number)
    assert all(t.state in (State.CIRCLED, State.REVIEWED) for t in house.takes())
