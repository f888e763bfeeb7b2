"""The one call that costs money: when it is sent, when again, and when never again."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from scenegraph.errors import AccountLocked, NotSubmitted, Refused, ShotError, SubmitUncertain
from scenegraph.fal import FalClient, KeyRefused, Limits, Remedy, SubmitOptions, remedy_of

ENDPOINT = "fal-ai/ltxv-13b-098-distilled/extend"
BASE = "https://queue.fal.run/fal-ai/ltxv-13b-098-distilled/requests/r1"
TAKEN = httpx.Response(
    200,
    json={
        "request_id": "r1",
        "status_url": f"{BASE}/status",
        "response_url": BASE,
        "cancel_url": f"{BASE}/cancel",
        "queue_position": 4,
        "gateway_request_id": "g1",
    },
)
LOCKED = {"detail": "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/…."}


@pytest.mark.anyio
async def test_a_submit_sends_the_bare_body_and_keeps_the_answered_urls(serve, key):
    """No `input` wrapper; the sub-path is in the POST and not in the addresses that follow."""
    service = serve(TAKEN)
    job = await service.client().submit(ENDPOINT, {"prompt": "x"})
    (request,) = service.requests
    assert str(request.url) == f"https://queue.fal.run/{ENDPOINT}"
    assert json.loads(request.content) == {"prompt": "x"}
    assert request.headers["authorization"] == f"Key {key}"
    assert request.headers["x-app-fal-disable-fallback"] == "true"
    assert (job.request_id, job.queue_position) == ("r1", 4)
    assert (job.urls.status, job.urls.response, job.urls.cancel) == (
        f"{BASE}/status", BASE, f"{BASE}/cancel",
    )  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault, submits, ends_as",
    [
        (httpx.ConnectError("refused"), 5, NotSubmitted),
        (httpx.ConnectTimeout("no route"), 5, NotSubmitted),
        (httpx.PoolTimeout("busy"), 5, NotSubmitted),
        (httpx.Response(429, json={"detail": "slow down"}), 5, NotSubmitted),
        (httpx.ReadTimeout("no reply"), 1, SubmitUncertain),
        (httpx.WriteTimeout("stuck"), 1, SubmitUncertain),
        (httpx.ReadError("reset"), 1, SubmitUncertain),
        (httpx.WriteError("broken pipe"), 1, SubmitUncertain),
        (httpx.CloseError("closed"), 1, SubmitUncertain),
        (httpx.RemoteProtocolError("disconnected"), 1, SubmitUncertain),
        (httpx.LocalProtocolError("odd"), 1, SubmitUncertain),
        (httpx.ProxyError("proxy"), 1, SubmitUncertain),
        (httpx.DecodingError("gzip"), 1, SubmitUncertain),
        (httpx.Response(500, text="Internal Server Error"), 1, SubmitUncertain),
        (httpx.Response(502, html="<h1>nginx</h1>"), 1, SubmitUncertain),
        (httpx.Response(503, json={"detail": "x", "error_type": "runner_scheduling_failure"}), 1,
         SubmitUncertain),
        (httpx.Response(504), 1, SubmitUncertain),
        (httpx.Response(408), 1, SubmitUncertain),
        (httpx.Response(302, headers={"location": "https://evil.io/"}), 1, SubmitUncertain),
        (httpx.Response(200, text="<html>"), 1, SubmitUncertain),
        (httpx.Response(200, json={"status": "IN_QUEUE"}), 1, SubmitUncertain),
        (httpx.Response(200, json={"request_id": ""}), 1, SubmitUncertain),
        (httpx.Response(200, json=["r1"]), 1, SubmitUncertain),
        (httpx.Response(422, json={"detail": [
            {"loc": ["body", "video"], "msg": "field required", "type": "missing"}]}), 1, Refused),
        (httpx.Response(400, json={"detail": "bad"}), 1, Refused),
        (httpx.Response(404, json={"detail": "Application not found"}), 1, Refused),
        (httpx.Response(403, json={"detail": "no access to this model"}), 1, Refused),
        (httpx.Response(403, json=LOCKED), 1, AccountLocked),
        (httpx.Response(402, json={"detail": "pay"}), 1, AccountLocked),
        (httpx.Response(401, json={"detail": "Cannot access application"}), 1, KeyRefused),
    ],
)  # fmt: skip
async def test_a_submit_is_repeated_only_when_it_surely_never_left(fault, submits, ends_as, serve):
    """A take may be lost to a bad network; it must never be paid for twice."""
    service = serve(fault)
    with pytest.raises(ends_as) as caught:
        await service.client().submit(ENDPOINT, {"prompt": "x"})
    assert len(service.requests) == submits
    assert caught.value.next
    if submits > 1:
        assert service.clock.slept == sorted(service.clock.slept) and len(service.clock.slept) == 4


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("refused"), httpx.Response(429, headers={"retry-after": "17"})]
)
async def test_a_harmless_fault_before_the_submit_is_only_a_delay(fault, serve):
    """The same faults, passing: the job is made, once."""
    service = serve(fault, fault, TAKEN)
    job = await service.client().submit(ENDPOINT, {"prompt": "x"})
    assert job.request_id == "r1" and len(service.paid) == 3
    if isinstance(fault, httpx.Response):
        assert service.clock.slept == [17.0, 17.0]  # as long as the service asks


@pytest.mark.anyio
async def test_an_uncertain_answer_after_harmless_ones_ends_the_tries(serve):
    """Never-left, never-left, then silence: from there on nobody knows."""
    service = serve(httpx.ConnectError("refused"), httpx.ReadTimeout("silence"), TAKEN)
    with pytest.raises(SubmitUncertain) as caught:
        await service.client().submit(ENDPOINT, {"prompt": "x"})
    assert len(service.paid) == 2 and remedy_of(caught.value) is Remedy.DECIDE


@pytest.mark.anyio
async def test_a_submit_that_hangs_ends_at_the_wall_clock_and_is_uncertain(serve):
    """A socket that trickles for ever has hung real runs for minutes."""

    async def for_ever(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    service = serve(for_ever)
    client = service.client(limits=Limits(submit_s=0.02))
    with pytest.raises(SubmitUncertain):
        await client.submit(ENDPOINT, {"prompt": "x"})
    assert len(service.paid) == 1


@pytest.mark.anyio
async def test_an_answer_that_never_ends_is_uncertain_not_a_full_memory(serve):
    """The id may be in it; nobody knows."""
    service = serve(httpx.Response(200, content=b"x" * (16 * 1024 * 1024 + 1)))
    with pytest.raises(SubmitUncertain):
        await service.client().submit(ENDPOINT, {"prompt": "x"})
    assert len(service.paid) == 1


@pytest.mark.anyio
async def test_a_refusal_carries_fals_words_its_type_and_the_field(serve):
    """ "It failed" mends nothing."""
    detail = [
        {
            "loc": ["body", "video", "start_frame_num"],
            "msg": "Input should be a multiple of 8",
            "type": "multiple_of",
            "ctx": {"multiple_of": 8},
            "input": "x" * 5000,
        }
    ]
    with pytest.raises(Refused) as caught:
        await serve(httpx.Response(422, json={"detail": detail})).client().submit(ENDPOINT, {})
    error = caught.value
    assert (error.field, error.service) == ("body.video.start_frame_num", "multiple_of")
    assert "Input should be a multiple of 8" in error.message and len(error.message) < 500
    assert error.detail is not None and error.detail["ctx"] == [{"multiple_of": 8}]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "/requests/r1/status",
        "http://queue.fal.run/fal-ai/x/requests/r1/status",
        "https://user:pw@queue.fal.run/fal-ai/x/requests/r1/status",
        "https://queue.fal.run.evil.io/status",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
async def test_an_answered_url_that_is_not_of_the_queue_is_rebuilt_from_the_id(url, serve):
    """The job is paid: an odd address loses neither the job nor the key."""
    service = serve(httpx.Response(200, json={"request_id": "r1", "status_url": url}))
    job = await service.client().submit(ENDPOINT, {"prompt": "x"})
    assert job.urls.status == f"{BASE}/status" and job.urls.response == BASE


@pytest.mark.anyio
@pytest.mark.parametrize(
    "endpoint, base",
    [
        ("fal-ai/flux", "fal-ai/flux"),
        ("fal-ai/ltx-video-13b-dev/multiconditioning", "fal-ai/ltx-video-13b-dev"),
        ("workflows/me/night/deep", "workflows/me/night"),
        ("comfy/me/graph", "comfy/me/graph"),
    ],
)
async def test_urls_are_rebuilt_without_the_sub_path(endpoint, base, serve):
    """Polling the sub-path is 404 or 405; workflows and comfy have one segment more."""
    urls = serve(TAKEN).client().urls_for(endpoint, "r/1")
    assert urls.status == f"https://queue.fal.run/{base}/requests/r%2F1/status"


def test_a_request_id_cannot_climb(serve):
    """`--attach ..` is no id."""
    for id in ("..", "."):
        with pytest.raises(ValueError):
            serve(TAKEN).client().urls_for(ENDPOINT, id)


@pytest.mark.anyio
async def test_options_become_headers_and_the_webhook_a_query(serve):
    """A webhook in the body would be ignored, and never come."""
    service = serve(TAKEN)
    options = SubmitOptions(
        priority="low", start_timeout_s=0.2, expire_s=3600, no_retry=True, store_io=False,
        runner_hint="mara", webhook="https://w.io/x?a=b",
    )  # fmt: skip
    await service.client().submit(ENDPOINT, {"prompt": "x"}, options=options)
    (request,) = service.requests
    assert request.url.params["fal_webhook"] == "https://w.io/x?a=b"
    sent = request.headers
    assert sent["x-fal-queue-priority"] == "low" and sent["x-fal-request-timeout"] == "1.0"
    lifecycle = json.loads(sent["x-fal-object-lifecycle-preference"])
    assert lifecycle == {"expiration_duration_seconds": 3600}
    assert (sent["x-fal-no-retry"], sent["x-fal-store-io"]) == ("1", "0")
    assert sent["x-fal-runner-hint"] == "mara"


@pytest.mark.anyio
async def test_without_a_key_fal_is_not_even_asked(serve):
    """Public models may take requests without one; nobody could collect or pay them."""
    service = serve(TAKEN)
    with pytest.raises(KeyRefused) as caught:
        await service.client(key=None).submit(ENDPOINT, {})
    assert service.requests == [] and "FAL_KEY" in caught.value.next


@pytest.mark.anyio
@pytest.mark.parametrize("home", ["http://animatic.localhost", "https://animatic.invalid"])
async def test_a_queue_that_is_not_fals_needs_no_key(home, serve):
    """The animatic queue is asked by the same client, at its own addresses."""
    body = {"request_id": "r1", "status_url": f"{home}/fal-ai/x/requests/r1/status"}
    service = serve(httpx.Response(200, json=body))
    client = service.client(key=None, queue_url=home, rest_url=home, cdn_url=home)
    job = await client.submit("fal-ai/x", {})
    assert job.urls.status == body["status_url"]
    assert "authorization" not in service.requests[0].headers


@pytest.mark.parametrize("url", ["http://queue.fal.run", "ftp://x.y", "queue.fal.run", ""])
def test_a_base_is_https_or_this_machine(url):
    """The key is never sent in the clear."""
    with pytest.raises(ValueError):
        FalClient(httpx.AsyncClient(), queue_url=url)


@pytest.mark.anyio
async def test_a_cancelled_submit_stays_cancelled(serve):
    """Ctrl-C is the caller's to record: the intent is in the ledger already."""
    started = asyncio.Event()

    async def for_ever(request: httpx.Request) -> httpx.Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(serve(for_ever).client().submit(ENDPOINT, {}))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_submit_errors_are_of_the_tree():
    """The executor catches ShotError for one shot, PersonNeeded for the run."""
    assert issubclass(SubmitUncertain, ShotError) and not issubclass(KeyRefused, ShotError)
