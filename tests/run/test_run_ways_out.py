"""What only a person can end: a dropped answer, three ways out of it, and a locked account."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from scenegraph.ledger import State
from scenegraph.plan import Selection
from scenegraph.run import NoticeEvent, ShotEvent
from scenegraph.run.sheet import resolve

CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}


@pytest.fixture
def doubtful(theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A house whose hop was taken by the queue, and whose answer never arrived."""
    monkeypatch.setenv("SCENEGRAPH_FAL_QUEUE_URL", "https://animatic.invalid")
    house = theatre(CHAIN)
    house.goes_wrong(effect="drop-answer", prompt="she listens")
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (4, 3, 3)
    states = {shot.shot: shot.state for shot in result.outcomes}
    assert states == {"waits": "circled", "listens": "unknown", "platform": "circled"}
    assert house.walk("listens") == [["intended", "unknown"]]
    assert "resolve SCENE listens --attach REQUEST_ID" in result.next_step
    with house.ledger() as ledger:
        assert ledger.money("night-train").reserved > 0
    assert (house.run().exit_code, house.submits) == (4, 3), "it is not asked again by itself"
    return house


def _nothing_is_owed(house: Any) -> bool:
    with house.ledger() as ledger:
        return bool(ledger.money("night-train").reserved == 0)


@pytest.mark.ffmpeg
def test_attached_it_is_collected_and_not_asked_again(doubtful: Any) -> None:
    """The dashboard shows the job: one POST, one take, one payment."""
    job = next(job for job in doubtful.queue.jobs.values() if "she listens" in job.prompt)
    take = resolve(doubtful.file, "listens", "attach", job.id)
    assert (take.state, take.request_id) == (State.SUBMITTED, job.id)
    result = doubtful.run()
    assert (result.exit_code, result.submits, doubtful.submits) == (0, 0, 3)
    assert doubtful.states("listens") == [State.CIRCLED] and _nothing_is_owed(doubtful)


@pytest.mark.ffmpeg
def test_resubmitted_it_is_asked_once_more(doubtful: Any) -> None:
    """A person says that it never arrived: a new take, and the old one is not counted."""
    assert resolve(doubtful.file, "listens", "resubmit").state is State.LOST
    result = doubtful.run()
    assert (result.exit_code, result.submits, doubtful.submits) == (0, 1, 4)
    assert doubtful.states("listens") == [State.LOST, State.CIRCLED] and _nothing_is_owed(doubtful)
    assert doubtful.run().submits == 0


@pytest.mark.ffmpeg
def test_given_up_it_stays_so_until_somebody_asks(doubtful: Any) -> None:
    """Left alone, also by the next run; `rerun` is the way back."""
    assert resolve(doubtful.file, "listens", "give-up").state is State.LOST
    result = doubtful.run()
    assert (result.submits, doubtful.submits) == (0, 3) and _nothing_is_owed(doubtful)
    assert result.exit_code == 1 and "rerun SCENE listens" in result.next_step
    again = doubtful.run(selection=Selection.of(force="listens"))
    assert (again.exit_code, again.submits, doubtful.submits) == (0, 1, 4)


@pytest.mark.ffmpeg
def test_a_pause_shuts_the_purse_and_collects_what_is_out(theatre: Callable[..., Any]) -> None:
    """The lock is met while another job is being drawn: that comes home, its child is not asked.

    Only one request is answered by the lock. Whatever else were sent would be taken, and be seen.
    """
    house = theatre(
        {
            "square": {"kind": "t2v", "prompt": "a square"},
            "leaves": {"kind": "extend", "parent": "square", "prompt": "all leave"},
            "street": {"kind": "t2v", "prompt": "a street"},
            "forest": {"kind": "t2v", "prompt": "a forest"},
        }
    )
    house.goes_wrong(effect="slow", prompt="a square", seconds=0.4)
    house.goes_wrong(effect="locked", prompt="a street", times=0)
    result = house.run(jobs=2)
    assert (result.exit_code, house.submits, house.queue.calls["submit"]) == (4, 1, 2)
    states = {shot.shot: shot.state for shot in result.outcomes}
    assert states.pop("square") == "circled" and set(states.values()) == {"paused"}
    told = [word for event in house.events if (word := _word(event))]
    assert told == ["paused", "square circled"], "collected after the pause"
    assert "run again" in result.next_step
    house.queue.faults.clear()
    again = house.run(jobs=2)
    assert (again.exit_code, again.submits, house.submits) == (0, 3, 4)
    asked = Counter(body["prompt"].split(".")[0] for body in house.queue.submits)
    assert set(asked.values()) == {1}, "nothing was asked for twice"


@pytest.mark.ffmpeg
def test_a_pause_stops_a_request_that_was_being_prepared(theatre: Callable[..., Any]) -> None:
    """Its file was on its way to the service when the lock was met: the purse is shut, no POST."""
    house = theatre(
        {"waits": CHAIN["waits"], "street": {"kind": "t2v", "prompt": "a street"}},
    )
    app, paused = house.app, asyncio.Event()

    async def held(scope: Any, receive: Any, send: Any) -> None:
        """An upload that lasts until the run has paused."""
        if scope.get("path") == "/files/upload":
            with anyio.move_on_after(5):
                await paused.wait()
        await app(scope, receive, send)

    def listen(event: Any) -> None:
        if _word(event) == "paused":
            paused.set()

    house.app = held
    house.goes_wrong(effect="locked", prompt="a street", times=0)
    result = house.run(jobs=2, listener=listen)
    assert (result.exit_code, house.submits, house.takes("waits")) == (4, 0, [])
    assert len(house.queue.uploads) == 1
    house.queue.faults.clear()
    assert house.run().exit_code == 0
    assert (house.submits, len(house.queue.uploads)) == (2, 1)


def _word(event: Any) -> str:
    if isinstance(event, NoticeEvent) and "locked" in event.message:
        return "paused"
    if isinstance(event, ShotEvent) and event.stage == "circled":
        return f"{event.shot} circled"
    return ""
