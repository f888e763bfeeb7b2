"""Lost shots, budgets and re-rolls: what goes on, what stops, and what the next run does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scenegraph.errors import OverBudget, SceneError
from scenegraph.ledger import State
from scenegraph.media import probe
from scenegraph.plan import Selection
from scenegraph.run import cut_again, plan
from scenegraph.run.sheet import pick_branch

CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}
ONE = {"platform": CHAIN["platform"]}
PLACES = {f"place-{n}": {"kind": "t2v", "prompt": f"place {n}."} for n in range(3)}


def _states(result: Any) -> dict[str, str]:
    return {shot.shot: shot.state for shot in result.outcomes}


@pytest.mark.ffmpeg
def test_a_lost_shot_blocks_only_what_hangs_on_it(theatre: Callable[..., Any]) -> None:
    """The rest goes on; the root cause is named; the next run shoots exactly the lost branch."""
    house = theatre(CHAIN)
    house.goes_wrong(effect="fail", type="runner_server_error", prompt="she listens", times=2)
    result = house.run(cut=True)
    assert _states(result) == {
        "waits": "circled",
        "listens": "lost",
        "rises": "blocked",
        "platform": "circled",
    }
    rises = next(shot for shot in result.outcomes if shot.shot == "rises")
    assert (rises.root_cause, result.exit_code, result.reel) == ("listens", 1, None)
    assert "rerun SCENE listens`" in result.next_step and house.submits == 4
    again = house.run(cut=True)
    assert (again.exit_code, again.submits, house.submits) == (0, 2, 6)
    assert probe(again.reel).frames == again.timeline.frames
    assert len(house.takes("waits")) == len(house.takes("platform")) == 1


@pytest.mark.ffmpeg
def test_a_partial_reel_is_cut_from_what_there_is(theatre: Callable[..., Any]) -> None:
    """Only when asked for; it says what it leaves out, and the exit code stays 1."""
    house = theatre(CHAIN)
    house.goes_wrong(effect="fail", type="content_policy_violation", prompt="she listens")
    result = house.run(cut=True, partial=True)
    assert (result.exit_code, probe(result.reel).frames) == (1, result.timeline.frames)
    assert set(result.timeline.left_out) == {"listens", "rises"}


@pytest.mark.ffmpeg
def test_nothing_is_cut_when_everything_is_lost(theatre: Callable[..., Any]) -> None:
    house = theatre(ONE)
    house.goes_wrong(effect="fail", type="content_policy_violation")
    result = house.run(cut=True, partial=True)
    assert (result.exit_code, result.reel, result.reel_failed) == (1, None, None)


@pytest.mark.ffmpeg
def test_a_wish_for_another_take_that_fails_keeps_the_old_one(theatre: Callable[..., Any]) -> None:
    """`--force` on a good shot, and the service fails: exit 1, and the approved take stands."""
    house = theatre(CHAIN)
    first = house.run(cut=True)
    house.goes_wrong(effect="fail", type="content_policy_violation", times=0)
    result = house.run(cut=True, selection=Selection.of(force="waits"))
    waits = result.outcomes[0]
    assert (waits.shot, waits.state, waits.kept, waits.take.number) == ("waits", "refused", True, 1)
    assert (result.exit_code, result.submits) == (1, 1)
    assert result.timeline.frames == first.timeline.frames
    assert house.states("waits") == [State.CIRCLED, State.REFUSED]


@pytest.mark.ffmpeg
def test_a_forced_shot_gets_one_new_take_and_its_children_stay(theatre: Callable[..., Any]) -> None:
    """The harmless twin; what hangs on it was approved, and is not redone without being asked."""
    house = theatre(CHAIN)
    house.run()
    result = house.run(selection=Selection.of(force="waits"))
    assert (result.exit_code, result.submits) == (0, 1)
    assert house.states("waits") == [State.REVIEWED, State.CIRCLED]
    assert _states(result)["listens"] == "stale" and len(house.takes("listens")) == 1
    down = house.run(selection=Selection.of(force_down="waits"))
    assert (down.exit_code, down.submits) == (0, 3)


@pytest.mark.ffmpeg
def test_a_pinned_take_that_no_longer_fits_is_a_question(theatre: Callable[..., Any]) -> None:
    """It stays, whatever changes; a person is told, with exit code 4."""
    house = theatre(ONE)
    house.run()
    with house.ledger() as ledger:
        ledger.pin(house.takes("platform")[0].id)
    assert house.run().exit_code == 0
    house.scene({"platform": {"kind": "t2v", "prompt": "another platform"}})
    result = house.run()
    assert (_states(result), result.exit_code) == ({"platform": "stale"}, 4)
    assert "unpin SCENE platform" in result.next_step and house.submits == 1


# -- money ---------------------------------------------------------------------------------------


@pytest.mark.ffmpeg
def test_a_plan_over_the_cap_asks_for_nothing(theatre: Callable[..., Any]) -> None:
    """Refused whole, before anything is written or sent; at the cap exactly, it runs."""
    house = theatre(PLACES)
    usd = plan(house.file, backend="fal").usd
    with pytest.raises(OverBudget) as caught:
        house.run(max_usd=usd - Decimal("0.0001"))
    assert caught.value.exit_code == 3 and house.submits == 0 and house.takes() == []
    assert house.run(max_usd=usd).exit_code == 0


@pytest.mark.ffmpeg
def test_the_scenes_own_budget_counts_all_its_runs(theatre: Callable[..., Any]) -> None:
    """`budget_usd` is of the scene: what earlier runs spent is spent. A preview is free of it."""
    house = theatre(PLACES)
    usd = plan(house.file, backend="fal").usd
    house.run()
    wider = {**PLACES, "place-3": {"kind": "t2v", "prompt": "place 3."}}
    house.scene(wider, budget_usd=str(usd))
    with pytest.raises(OverBudget):
        house.run()
    assert house.run(backend="animatic").exit_code == 0
    house.scene(wider, budget_usd=str(usd * 2))
    assert house.run().submits == 1


@pytest.mark.ffmpeg
def test_rerolls_stop_at_the_cap(theatre: Callable[..., Any]) -> None:
    """The plan fits, its re-rolls do not: exit 3, and nothing more is sent, cheap or not."""
    house = theatre(PLACES, drift=1.0)
    usd = plan(house.file, backend="fal").usd
    result = house.run(max_usd=usd + Decimal("0.001"), jobs=1)
    assert (result.exit_code, result.stopped_at_budget, house.submits) == (3, True, 3)
    assert "over-budget" in _states(result).values() and "--max-usd" in result.next_step
    with house.ledger() as ledger:
        money = ledger.money("night-train")
    assert money.spent <= usd + Decimal("0.001") and money.reserved == 0


@pytest.mark.ffmpeg
def test_a_job_that_the_service_failed_does_not_use_up_the_cap(theatre: Callable[..., Any]) -> None:
    """Its own failures are not charged, so the second job of such a shot fits the same cap."""
    house = theatre(ONE)
    house.goes_wrong(effect="fail", type="internal_server_error", retryable=True)
    result = house.run(max_usd=plan(house.file, backend="fal").usd)
    assert (result.exit_code, house.submits) == (0, 2)


# -- drift ---------------------------------------------------------------------------------------


def _drift_for(times: int) -> Callable[..., Any]:
    """A renderer whose first pictures fade to grey."""
    import sys

    stages, drawn = sys.modules["run_stages"], [0]

    def render(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
        drawn[0] += 1
        return stages.small_render(
            kind, params, inputs, out, drift=1.0 if drawn[0] <= times else 0.0
        )

    return render


@pytest.mark.ffmpeg
def test_a_drifted_take_is_rejected_and_shot_again_with_another_seed(
    theatre: Callable[..., Any],
) -> None:
    """The decision is in the ledger, so the next run replays it instead of paying again."""
    house = theatre(ONE, render=_drift_for(1))
    result = house.run()
    assert (result.exit_code, house.submits) == (0, 2)
    first, second = house.takes("platform")
    assert (first.state, second.state) == (State.REJECTED, State.CIRCLED)
    assert first.seed != second.seed
    with house.ledger() as ledger:
        amended = ledger.memory("night-train").amended("platform")
    assert [(one.kind, one.take) for one in amended] == [("reroll", first.id)]
    assert house.run().submits == 0


@pytest.mark.ffmpeg
@pytest.mark.parametrize("rerolls", [0, 1, 2])
def test_rerolls_are_bounded_and_the_best_take_is_kept(
    rerolls: int, theatre: Callable[..., Any]
) -> None:
    """The ladder ends: the least drifted take is accepted, and the ledger says that it was."""
    house = theatre(ONE, drift=0.5, scene={"drift": {"rerolls": rerolls}})
    result = house.run()
    assert (result.exit_code, house.submits) == (0, rerolls + 1)
    takes = house.takes("platform")
    kept = next(take for take in takes if take.circled)
    assert kept.score == min(take.score for take in takes) and kept.verdict == "drifted"
    with house.ledger() as ledger:
        amended = ledger.memory("night-train").amended("platform")
    assert (amended[-1].kind, amended[-1].take) == ("accept", kept.id)
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_ladder_may_end_with_a_question(theatre: Callable[..., Any]) -> None:
    """`ask`: nothing is circled, a person decides, and no run asks for more by itself."""
    scene = {"drift": {"on_drift": ["reroll", "ask"], "rerolls": 1}}
    house = theatre(ONE, drift=1.0, scene=scene)
    result = house.run()
    assert (result.exit_code, _states(result), house.submits) == (4, {"platform": "ask"}, 2)
    assert "platform" in result.next_step
    assert (house.run().exit_code, house.submits) == (4, 2)


@pytest.mark.ffmpeg
def test_when_every_take_is_broken_the_shot_is_lost(theatre: Callable[..., Any]) -> None:
    """A broken take is never the best one."""
    house = theatre(CHAIN)
    house.goes_wrong(effect="garbage", prompt="she waits", times=0)
    result = house.run()
    assert (result.exit_code, house.submits) == (1, 4)
    assert house.states("waits") == [State.REJECTED] * 3
    assert _states(result)["rises"] == "blocked" and result.outcomes[0].state == "lost"


@pytest.mark.ffmpeg
def test_a_picked_take_gives_back_its_children_at_once(theatre: Callable[..., Any]) -> None:
    """What is cut next plays takes that belong together, without a run in between."""
    house = theatre(CHAIN)
    first = house.run(cut=True)
    house.run(selection=Selection(force_down=("waits",)))
    assert all(t.circled is (t.number == 2) for t in house.takes() if t.shot != "platform")
    picked = pick_branch(house.file, "waits", 1)
    assert picked.take.slate == "night-train/waits/t1"
    assert [(t.shot, t.number, t.circled) for t in picked.given_back] == [
        ("listens", 1, True),
        ("rises", 1, True),
    ]
    again = cut_again(house.file)
    slates = [shot.take.slate for shot in first.outcomes]
    assert [shot.take.slate for shot in again.outcomes] == slates
    assert (house.run().submits, house.submits) == (0, 7)


@pytest.mark.ffmpeg
def test_a_take_that_cannot_be_opened_is_not_picked(theatre: Callable[..., Any]) -> None:
    """No hop can be shown its end, and no reel can be cut from it."""
    house = theatre(ONE)
    house.goes_wrong(effect="garbage", times=1)
    house.run()
    broken = house.takes("platform")[0]
    assert broken.clip is None
    with pytest.raises(SceneError, match="cannot be opened as a clip"):
        pick_branch(house.file, "platform", broken.number)
    assert not house.takes("platform")[0].circled


@pytest.mark.ffmpeg
def test_a_pinned_child_stays_when_its_parent_is_picked(theatre: Callable[..., Any]) -> None:
    """Approved is approved: it is told as stale instead, and what hangs on it stays with it."""
    house = theatre(CHAIN)
    house.run()
    house.run(selection=Selection(force_down=("waits",)))
    pick_branch(house.file, "listens", and_pin=True)
    assert pick_branch(house.file, "waits", 1).given_back == ()
    circled = {take.shot: take.number for take in house.takes() if take.circled}
    assert circled == {"waits": 1, "listens": 2, "rises": 2, "platform": 1}
    assert plan(house.file, backend="fal")["listens"].action == "stale"
