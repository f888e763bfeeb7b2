"""A job that is out: readings of every odd form, the wait, the stream, the answer, the end."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import httpx
import pytest

from scenegraph.errors import AccountLocked
from scenegraph.fal import Backoff, JobGone, Limits, QueueSilent, QueueUrls

BASE = "https://queue.fal.run/fal-ai/x/requests/r1"
URLS = QueueUrls(status=f"{BASE}/status", response=BASE, cancel=f"{BASE}/cancel")
QUEUED = httpx.Response(202, json={"status": "IN_QUEUE", "queue_position": 3, "request_id": "r1"})
RUNNING = httpx.Response(202, json={"status": "IN_PROGRESS", "logs": [{"message": "step 1"}]})
ENDED = httpx.Response(200, json={"status": "COMPLETED", "metrics": {"inference_time": 2.5}})


@pytest.mark.anyio
@pytest.mark.parametrize(
    "http, body, state, position",
    [
        (202, {"status": "IN_QUEUE", "queue_position": 0}, "queued", 0),
        (202, {"status": "IN_QUEUE"}, "queued", None),
        (200, {"status": "IN_QUEUE", "queue_position": None, "logs": None}, "queued", None),
        (202, {"status": "IN_PROGRESS", "logs": None}, "running", None),
        (200, {"status": "IN_PROGRESS", "logs": [None, 5, "text", {"message": None}]}, "running",
         None),
        (202, {"status": "WARMING_UP"}, "running", None),
        (202, {"status": "WARMING_UP", "queue_position": 9}, "queued", 9),
        (202, {"status": "in_queue"}, "queued", None),
        (200, {"status": "COMPLETED"}, "completed", None),
        (202, {"status": "COMPLETED", "logs": [], "metrics": None}, "completed", None),
        (200, {"status": "FAILED"}, "completed", None),
        (200, {}, "completed", None),
        (202, {}, "running", None),
        (202, {"status": None, "queue_position": "3"}, "running", None),
    ],
)  # fmt: skip
async def test_a_status_of_any_form_is_read(http, body, state, position, serve):
    """fal's own client raises KeyError on a missing key and ValueError on a new word."""
    status = await serve(httpx.Response(http, json=body)).client().status(URLS)
    assert (status.state, status.position) == (state, position)


@pytest.mark.anyio
async def test_a_status_keeps_logs_metrics_and_errors(serve):
    """COMPLETED with an error has ended and has not succeeded."""
    body = {
        "status": "COMPLETED",
        "logs": [{"message": "a", "level": "INFO"}, {"message": "b"}],
        "metrics": {"inference_time": 2.5},
        "error": "runner died",
        "error_type": "runner_disconnected",
    }
    queue = serve(httpx.Response(200, json=body))
    status = await queue.client().status(URLS)
    assert status.logs == ("a", "b") and status.metrics == {"inference_time": 2.5}
    assert status.failed and status.error_type == "runner_disconnected"
    assert str(queue.requests[0].url) == f"{URLS.status}?logs=1"


@pytest.mark.anyio
async def test_a_query_in_an_answered_url_is_kept(serve):
    """We follow what was answered; we add to it and take nothing away."""
    urls = QueueUrls(status=f"{BASE}/status?token=1", response=BASE, cancel=f"{BASE}/cancel")
    queue = serve(ENDED)
    await queue.client().status(urls)
    assert dict(queue.requests[0].url.params) == {"token": "1", "logs": "1"}


@pytest.mark.anyio
async def test_the_wait_goes_through_queue_progress_and_back(serve):
    """A platform retry puts a running job back into the queue."""
    queue = serve(QUEUED, RUNNING, QUEUED, RUNNING, ENDED)
    seen: list[str] = []
    status = await queue.client().wait(URLS, on_status=lambda one: seen.append(one.state))
    assert seen == ["queued", "running", "queued", "running", "completed"]
    assert status.metrics == {"inference_time": 2.5}


@pytest.mark.anyio
async def test_polling_backs_off_from_half_a_second_to_eight(serve):
    """Gentle by default; the first answer of a quick job is not missed by much."""
    queue = serve(*[RUNNING] * 12, ENDED)
    await queue.client().wait(URLS)
    slept = queue.clock.slept
    assert slept[0] == 0.5 and slept == sorted(slept) and slept[-1] == 8.0


def test_waits_are_jittered_so_that_jobs_do_not_poll_in_step():
    """A quarter either way."""
    backoff = Backoff(0.5, 8.0, 1.5)
    assert backoff.wait_s(0, 0.0) == 0.375 and backoff.wait_s(0, 1.0) == 0.625
    assert backoff.wait_s(10_000, 1.0) == 10.0


@pytest.mark.anyio
async def test_hundreds_of_jobs_are_polled_more_slowly_each(serve):
    """All of them together stay at about twenty readings a second."""
    left = {f"r{number}": 3 for number in range(400)}

    def answer(request: httpx.Request) -> httpx.Response:
        id = request.url.path.split("/")[-2]
        left[id] -= 1
        return ENDED if left[id] <= 0 else RUNNING

    queue = serve(answer)
    client = queue.client()
    urls = [
        QueueUrls(f"{BASE[:-2]}{id}/status", f"{BASE[:-2]}{id}", f"{BASE[:-2]}{id}/cancel")
        for id in left
    ]
    async with asyncio.TaskGroup() as group:
        for one in urls:
            group.create_task(client.wait(one))
    assert max(queue.clock.slept) >= 400 / 20 * 0.95
    assert client._jobs._waiting == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault",
    [
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("disconnected"),
        httpx.Response(500),
        httpx.Response(502, html="<h1>nginx</h1>"),
        httpx.Response(503, json={"detail": "x"}),
        httpx.Response(504),
        httpx.Response(429, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        httpx.Response(408),
        httpx.Response(200, text="<html>a captive portal"),
        httpx.Response(200, json=[1]),
        httpx.Response(404, json={"status": "NOT_FOUND"}),
    ],
)
async def test_a_passing_fault_while_polling_is_only_a_delay(fault, serve):
    """Readings are free; a paid job is not given up for a gateway's bad minute."""
    queue = serve(RUNNING, fault, fault, fault, ENDED)
    status = await queue.client().wait(URLS)
    assert status.state == "completed" and len(queue.requests) == 5


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault, ends_as",
    [
        (httpx.ReadTimeout("slow"), QueueSilent),
        (httpx.Response(502), QueueSilent),
        (httpx.Response(200, text="<html>"), QueueSilent),
        (httpx.Response(405), QueueSilent),
        (httpx.Response(302, headers={"location": "https://evil.io"}), QueueSilent),
        (httpx.Response(404, json={"status": "NOT_FOUND"}), JobGone),
        (httpx.Response(410), JobGone),
        (httpx.Response(403, json={"detail": "User is locked. Reason: Admin lock"}), AccountLocked),
    ],
)
async def test_a_fault_that_stays_has_an_end(fault, ends_as, serve):
    """No wait is for ever; what is out stays attached unless the queue says that it is gone."""
    queue = serve(fault)
    with pytest.raises(ends_as) as caught:
        await queue.client().wait(URLS)
    assert caught.value.next and queue.clock.time - 1_000_000 < 1300
    assert all(request.url.host == "queue.fal.run" for request in queue.requests)


@pytest.mark.anyio
async def test_a_job_that_never_ends_is_left_for_a_later_run(serve):
    """The job keeps its id; the run goes on without it."""
    queue = serve(RUNNING)
    with pytest.raises(QueueSilent):
        await queue.client().wait(URLS, limit_s=60)
    assert 60 <= queue.clock.time - 1_000_000 < 75


@pytest.mark.anyio
async def test_a_reading_that_hangs_ends_at_the_wall_clock(serve):
    """Every single call has a limit of its own."""

    async def for_ever(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    queue = serve(for_ever, ENDED)
    status = await queue.client(limits=Limits(get_s=0.02)).status(URLS)
    assert status.state == "completed"


def _events(*bodies: object, end: str = "") -> httpx.Response:
    text = ": hello\r\n\r\n" + "".join(f"data: {json.dumps(body)}\r\n\r\n" for body in bodies) + end
    return httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})


@pytest.mark.anyio
async def test_the_stream_tells_every_change(serve):
    """No polling while the service speaks."""
    queue = serve(
        _events({"status": "IN_QUEUE", "queue_position": 1}, {"status": "IN_PROGRESS"}, {"x": 1},
                {"status": "COMPLETED"})
    )  # fmt: skip
    seen = [status.state async for status in queue.client().stream(URLS)]
    assert seen == ["queued", "running", "completed"]
    (request,) = queue.requests
    assert request.url.path.endswith("/status/stream")
    assert request.headers["accept"] == "text/event-stream"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "first",
    [
        _events({"status": "IN_QUEUE"}),
        _events({"status": "IN_QUEUE"}, end="data: {not json\n\n"),
        _events({"status": "IN_QUEUE"}, end="data: " + "x" * 1_100_000),
        httpx.Response(404),
        httpx.Response(200, json={"status": "IN_QUEUE"}),
        httpx.ReadTimeout("silence"),
        httpx.ConnectError("refused"),
    ],
    ids=["breaks-off", "no-json", "endless", "404", "no-stream", "silence", "refused"],
)
async def test_a_stream_that_fails_is_polled_from_there(first, serve):
    """The stream is a comfort, never a condition."""
    queue = serve(first, RUNNING, RUNNING, ENDED)
    seen = [status.state async for status in queue.client().stream(URLS)]
    assert seen[-2:] == ["running", "completed"] and seen.count("running") == 1
    assert len(queue.requests) == 4


@pytest.mark.anyio
async def test_an_answer_is_read_and_its_unknown_fields_are_kept(serve):
    """Later fields are no error; billed units come from the header."""
    body = {
        "video": {"url": "https://v3b.fal.media/a.mp4", "file_size": None, "new": [1]},
        "prompt": "x",
        "seed": 12.0,
        "timings": {"inference": 3},
    }
    headers = {"X-Fal-Billable-Units": "5.0417", "x-fal-request-id": "r1"}
    answer = await serve(httpx.Response(200, json=body, headers=headers)).client().result(URLS)
    assert answer.video_url == "https://v3b.fal.media/a.mp4" and answer.seed == 12
    assert answer.billable_units == Decimal("5.0417") and answer.request_id == "r1"
    assert answer.raw["timings"] == {"inference": 3}


@pytest.mark.anyio
@pytest.mark.parametrize("seed", [None, "7", True, float("inf")])
async def test_an_answer_without_a_usable_seed_is_an_answer(seed, serve):
    """fal's own printed examples leave out what the schema requires."""
    text = json.dumps({"video": {"url": "https://v3b.fal.media/a.mp4"}, "seed": seed})
    answer = await serve(httpx.Response(200, text=text)).client().result(URLS)
    assert answer.seed is None and answer.prompt is None and answer.billable_units is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    "http, body, outcome",
    [
        (202, {"status": "CANCELLATION_REQUESTED"}, "accepted"),
        (200, {"status": "OK"}, "accepted"),
        (200, {"success": True}, "accepted"),
        (204, None, "accepted"),
        (400, {"status": "ALREADY_COMPLETED"}, "too-late"),
        (404, {"status": "NOT_FOUND"}, "gone"),
    ],
)
async def test_cancel_says_what_became_of_it(http, body, outcome, serve):
    """Any 2xx is accepted, which is no promise."""
    queue = serve(httpx.ReadTimeout("slow"), httpx.Response(http, json=body))
    assert await queue.client().cancel(URLS) == outcome
    assert {(request.method, request.url.path[-7:]) for request in queue.requests} == {
        ("PUT", "/cancel")
    }


@pytest.mark.anyio
async def test_cancel_gives_up_on_a_silent_queue(serve):
    """And says that the job is still out."""
    with pytest.raises(QueueSilent):
        await serve(httpx.Response(503)).client().cancel(URLS)
