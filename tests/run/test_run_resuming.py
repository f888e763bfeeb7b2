"""What earlier runs left open: collected, or asked for again, and never paid for twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scenegraph.ledger import Engine, QueueUrls, State
from scenegraph.plan import Selection
from scenegraph.run import NoticeEvent, ShotEvent, plan

ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}
OTHER = {"platform": {"kind": "t2v", "prompt": "a full platform at noon"}}
CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
}


def _left_out(theatre: Callable[..., Any]) -> Any:
    """A house whose one take is out at the queue, and ready to come in."""
    house = theatre(ONE, patience={"job_s": 0.2})
    house.goes_wrong(effect="never")
    assert house.run().exit_code == 1 and house.states("platform") == [State.SUBMITTED]
    house.queue._enqueue(next(iter(house.queue.jobs.values())))  # the service comes back to it
    house.waits()
    return house


@pytest.mark.ffmpeg
def test_a_take_of_an_older_wish_is_collected_and_not_circled(theatre: Callable[..., Any]) -> None:
    """The scene was changed while it was out: it is paid for, so it comes into the store."""
    house = _left_out(theatre)
    house.scene(OTHER)
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (0, 1, 2)
    old, new = house.takes("platform")
    assert (old.state, new.state) == (State.REVIEWED, State.CIRCLED)
    assert (house.folder / ".scenegraph" / old.media).is_file() and old.usd > 0
    told = [event.message for event in house.events if isinstance(event, NoticeEvent)]
    assert any("platform/t1" in message and "collected" in message for message in told)
    house.scene(ONE)
    assert house.run().submits == 0, "the older wish is wanted again: its take is circled"
    assert [take.circled for take in house.takes("platform")] == [True, False]


@pytest.mark.ffmpeg
def test_a_take_that_came_in_by_itself_is_looked_at_before_it_is_kept(
    theatre: Callable[..., Any],
) -> None:
    """Nobody wanted it then, and it was held against nothing: "good" says nothing of drift yet."""
    house = theatre(CHAIN, patience={"job_s": 0.2})
    house.goes_wrong(effect="never", prompt="she listens")
    assert house.run().exit_code == 1 and house.states("listens") == [State.SUBMITTED]
    for job in house.queue.jobs.values():
        house.queue._enqueue(job)
    house.waits()
    house.scene({**CHAIN, "listens": {**CHAIN["listens"], "prompt": "she sleeps"}})
    house.run()

    def review() -> Any:
        with house.ledger() as ledger:
            return ledger.review_of(house.takes("listens")[0].id)

    assert review().was_by_itself and review().overlap is None
    house.scene(CHAIN)
    assert house.run().submits == 0
    assert [take.circled for take in house.takes("listens")] == [True, False]
    assert review().overlap.frames == 9 and not review().was_by_itself


@pytest.mark.ffmpeg
@pytest.mark.parametrize("why", ["gone from the scene", "not selected"])
def test_a_take_that_no_shot_asks_for_is_collected_all_the_same(
    why: str, theatre: Callable[..., Any]
) -> None:
    """Paid work is never lost, whatever is shot now."""
    house = _left_out(theatre)
    others = {"street": {"kind": "t2v", "prompt": "a street"}}
    house.scene(others if why == "gone from the scene" else {**ONE, **others})
    result = house.run(selection=Selection.of(only="street"))
    assert (result.exit_code, result.submits) == (0, 1)
    assert house.states("platform") == [State.REVIEWED]


@pytest.mark.ffmpeg
def test_an_older_take_that_stays_out_is_still_owed(theatre: Callable[..., Any]) -> None:
    """The queue is silent about it: it is said, nothing waits for it, and it is not forgotten."""
    house = _left_out(theatre)
    house.waits(patience_s=0.3)
    house.goes_wrong(effect="status-nginx", prompt="an empty platform", times=0)
    house.scene(OTHER)
    assert house.run().exit_code == 0
    assert house.states("platform") == [State.SUBMITTED, State.CIRCLED]
    assert any("earlier run" in e.message for e in house.events if isinstance(e, NoticeEvent))
    house.queue.faults.clear()
    assert house.run().submits == 0
    assert house.states("platform") == [State.REVIEWED, State.CIRCLED]


@pytest.mark.ffmpeg
@pytest.mark.usefixtures("quick_previews")
@pytest.mark.parametrize("state", [State.SUBMITTED, State.ANSWERED, State.INTENDED])
def test_a_preview_whose_queue_died_is_drawn_again_without_fuss(
    state: State, theatre: Callable[..., Any]
) -> None:
    """An in-process queue ends with its process: nobody is asked, nothing is waited for."""
    house = theatre(ONE)
    house.run(backend="animatic", queue=None, selection=Selection.of(omit="platform"))
    job = plan(house.file).shots[0].job
    gone = "https://animatic.invalid/fal-ai/x/requests/1"
    with house.ledger() as ledger:
        take = ledger.intend(job.intent())
        if state is not State.INTENDED:
            ledger.submitted(take.id, "1", QueueUrls(f"{gone}/status", gone, f"{gone}/cancel"))
        if state is State.ANSWERED:
            ledger.answered(take.id, {"video": {"url": f"{gone}.mp4"}}, None)
    promised = plan(house.file)
    assert [shot.action for shot in promised.shots] == ["shoot"], "plan and run must agree"
    result = house.run(backend="animatic", queue=None)
    assert (result.exit_code, result.submits) == (0, 1)
    assert house.states("platform") == [State.LOST, State.CIRCLED]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("engine", ["animatic", "fal"])
def test_what_died_between_intent_and_request_is_settled(
    engine: Engine, theatre: Callable[..., Any]
) -> None:
    """A paid one may have left, so a person decides; a preview is simply drawn."""
    house = theatre(ONE)
    house.run(backend=engine, selection=Selection.of(omit="platform"))
    with house.ledger() as ledger:
        ledger.intend(plan(house.file, backend=engine).shots[0].job.intent())
    result = house.run(backend=engine)
    paid = engine == "fal"
    assert (result.exit_code, house.submits) == ((4, 0) if paid else (0, 1))
    assert State.INTENDED not in house.states("platform")
    if paid:
        with house.ledger() as ledger:  # as `resolve --resubmit` does
            ledger.lost(house.takes("platform")[0].id, {"kind": "resubmit", "message": "by hand"})
        assert house.run().exit_code == 0 and house.submits == 1


@pytest.mark.ffmpeg
@pytest.mark.anyio
@pytest.mark.parametrize("after_ms", [0, 2, 8, 30, 80, 200])
async def test_a_cancelled_run_leaves_nothing_unsettled(
    after_ms: int, theatre: Callable[..., Any]
) -> None:
    """Whenever it comes: what was sent is written down with its id, what was not costs nothing."""
    house = theatre(CHAIN)
    house.goes_wrong(effect="slow-answer", seconds=0.05)

    def listen(event: Any) -> None:
        if isinstance(event, ShotEvent) and event.stage == "preparing":
            asyncio.get_running_loop().call_later(after_ms / 1000, running.cancel)

    running = asyncio.create_task(house.run_async(listener=listen))
    with pytest.raises(asyncio.CancelledError):
        await running
    states = [take.state for take in house.takes()]
    assert State.INTENDED not in states and State.UNKNOWN not in states
    known = {take.request_id for take in house.takes()} - {None}
    assert known == set(house.queue.jobs)
    result = await house.run_async()
    assert (result.exit_code, house.submits) == (0, 2)


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_a_run_cancelled_before_its_request_sends_nothing(
    theatre: Callable[..., Any],
) -> None:
    """The intent was being written when it came: it surely never left, so nobody is asked."""
    house = theatre(ONE)

    def listen(event: Any) -> None:
        if isinstance(event, ShotEvent) and event.stage == "preparing":
            asyncio.get_running_loop().call_soon(running.cancel)

    running = asyncio.create_task(house.run_async(listener=listen))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (house.states("platform"), house.submits) == ([State.LOST], 0)
    assert (await house.run_async()).submits == 1


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_only_one_run_at_a_time_works_on_a_scene(theatre: Callable[..., Any]) -> None:
    """The second is told who holds it, with exit code 4; afterwards it runs, for nothing."""
    from scenegraph.errors import StoreBusy

    house = theatre(ONE, latency_s=0.2)
    begun = asyncio.Event()
    first = asyncio.create_task(house.run_async(listener=lambda _: begun.set()))
    await begun.wait()
    with pytest.raises(StoreBusy) as caught:
        await house.run_async()
    assert caught.value.exit_code == 4
    assert (await first).exit_code == 0
    assert (await house.run_async()).submits == 0 and house.submits == 1
