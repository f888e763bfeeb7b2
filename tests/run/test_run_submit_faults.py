"""The one paid request: what each fault of it leads to, and how often it is then sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scenegraph.ledger import State

ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "fault",
    [{"effect": "drop-answer"}, {"effect": "nginx"}, {"effect": "server-error", "status": 503}],
    ids=lambda fault: fault["effect"],
)
def test_an_unclear_paid_request_is_never_sent_again(
    fault: dict[str, Any], theatre: Callable[..., Any]
) -> None:
    """It may be running, and billed: a person decides, in this run and in every later one."""
    house = theatre(ONE)
    house.goes_wrong(**fault)
    result = house.run(cut=True)
    assert result.outcomes[0].state == "unknown" and result.exit_code == 4
    assert "resolve SCENE platform --attach" in result.next_step
    assert result.reel is None and result.submits == 1
    sent = house.queue.calls["submit"]
    again = house.run(cut=True)
    assert house.queue.calls["submit"] == sent == 1
    assert (again.exit_code, again.submits, again.next_step) == (4, 0, result.next_step)
    assert house.states("platform") == [State.UNKNOWN]
    with house.ledger() as ledger:
        assert ledger.money("night-train").reserved > 0


@pytest.mark.ffmpeg
def test_the_same_request_with_its_answer_is_no_question(theatre: Callable[..., Any]) -> None:
    """The harmless twin: the answer came, only late."""
    house = theatre(ONE)
    house.goes_wrong(effect="slow-answer", seconds=0.2)
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (0, 1, 1)


@pytest.mark.ffmpeg
def test_an_unclear_preview_is_simply_asked_for_again(theatre: Callable[..., Any]) -> None:
    """It costs nothing: nobody is asked what became of it."""
    house = theatre(ONE)
    house.goes_wrong(effect="drop-answer")
    result = house.run(backend="animatic")
    assert (result.exit_code, result.submits, house.submits) == (0, 2, 2)
    assert house.states("platform") == [State.LOST, State.CIRCLED]


@pytest.mark.ffmpeg
def test_a_preview_that_never_answers_is_lost_not_a_question(theatre: Callable[..., Any]) -> None:
    """Once more, then it is lost: exit 1, and the next run tries again."""
    house = theatre(ONE)
    house.goes_wrong(effect="drop-answer", times=2)
    result = house.run(backend="animatic")
    assert (result.exit_code, result.outcomes[0].state, house.submits) == (1, "lost", 2)
    assert house.run(backend="animatic").exit_code == 0


@pytest.mark.ffmpeg
@pytest.mark.parametrize("effect", ["too-many"])
def test_a_request_that_was_turned_away_is_sent_again(
    effect: str, theatre: Callable[..., Any]
) -> None:
    """429 comes before a job is made: nothing is billed, so the same request goes out again."""
    house = theatre(ONE)
    house.goes_wrong(effect=effect, times=2)
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (0, 1, 1)
    assert house.walk("platform")[0][:2] == ["intended", "submitted"]


@pytest.mark.ffmpeg
def test_a_queue_that_turns_everything_away_costs_nothing(theatre: Callable[..., Any]) -> None:
    """Then the shot is lost for now, with nothing reserved, and the next run asks anew."""
    house = theatre(ONE)
    house.goes_wrong(effect="too-many", times=0)
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (1, 0, 0)
    with house.ledger() as ledger:
        money = ledger.money("night-train")
    assert (money.spent, money.reserved) == (0, 0)
    house.queue.faults.clear()
    assert house.run().exit_code == 0
    assert house.states("platform") == [State.LOST, State.CIRCLED]


@pytest.mark.ffmpeg
def test_a_refused_request_is_not_asked_again_by_itself(theatre: Callable[..., Any]) -> None:
    """The service said no to exactly this: asking again cannot help."""
    house = theatre(ONE)
    house.goes_wrong(effect="server-error", status=422, message="no such LoRA")
    result = house.run()
    assert (result.exit_code, house.states("platform")) == (1, [State.REFUSED])
    assert "no such LoRA" in result.outcomes[0].error["message"]
    again = house.run()
    assert again.submits == 0 and again.outcomes[0].state == "refused" and again.exit_code == 1
    assert "rerun SCENE platform" in again.next_step


@pytest.mark.ffmpeg
@pytest.mark.parametrize("effect", ["locked", "unauthorized"])
def test_a_locked_account_pauses_the_run_and_loses_nothing(
    effect: str, theatre: Callable[..., Any]
) -> None:
    """What was submitted is collected; the next run goes on with exactly the rest."""
    house = theatre(
        {f"place-{n}": {"kind": "t2v", "prompt": f"place {n}"} for n in range(5)}, latency_s=0.1
    )
    house.goes_wrong(effect=effect, after=2, times=0)
    result = house.run(jobs=2)
    assert (result.exit_code, house.submits) == (4, 2)
    assert sorted(shot.state for shot in result.outcomes) == ["circled"] * 2 + ["paused"] * 3
    assert house.queue.calls["submit"] <= 4, "nothing more is tried once the lock is known"
    assert "run again" in result.next_step and result.reel is None
    house.queue.faults.clear()
    again = house.run(jobs=2)
    assert (again.exit_code, again.submits, house.submits) == (0, 3, 5)
    with house.ledger() as ledger:
        assert ledger.money("night-train").reserved == 0


@pytest.mark.ffmpeg
def test_a_lock_met_by_an_upload_pauses_too(theatre: Callable[..., Any]) -> None:
    """A locked account cannot upload either; nothing was asked, so nothing is lost."""
    house = theatre({"waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}})
    house.goes_wrong(effect="locked", times=0)
    result = house.run()
    assert (result.exit_code, result.submits, house.takes()) == (4, 0, [])
    house.queue.faults.clear()
    assert house.run().exit_code == 0 and house.submits == 1


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "effect, times, exit_code", [("upload-error", 1, 0), ("upload-drop", 0, 1)]
)
def test_an_upload_is_repeated_and_its_failure_costs_nothing(
    effect: str, times: int, exit_code: int, theatre: Callable[..., Any]
) -> None:
    """Sent again once, it arrives; never arriving, the shot is lost before anything was asked."""
    house = theatre({"waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}})
    house.goes_wrong(effect=effect, times=times)
    result = house.run()
    assert (result.exit_code, house.submits) == (exit_code, 1 - exit_code)


@pytest.mark.ffmpeg
def test_the_same_bytes_are_uploaded_once(theatre: Callable[..., Any]) -> None:
    """Two shots of one keyframe share one upload, also when they ask at the same time."""
    still = {"kind": "i2v", "keyframe": "mara.front"}
    house = theatre({f"waits-{n}": {**still, "prompt": f"she waits {n}"} for n in range(3)})
    house.run()
    assert (house.submits, len(house.queue.uploads)) == (3, 1)


@pytest.mark.ffmpeg
def test_a_still_that_is_gone_loses_its_shot_alone(theatre: Callable[..., Any]) -> None:
    """A parent's file was removed from the store: its child is lost, the run goes on."""
    chain = {
        "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
        "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    }
    house = theatre({"waits": chain["waits"]})
    house.run()
    (house.folder / ".scenegraph" / house.takes("waits")[0].media).unlink()
    house.scene({**chain, **ONE})
    result = house.run()
    states = {shot.shot: shot.state for shot in result.outcomes}
    assert states == {"waits": "circled", "listens": "lost", "platform": "circled"}
    assert result.exit_code == 1 and house.submits == 2
