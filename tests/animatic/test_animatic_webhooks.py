"""Webhooks of our own queue: signed and repeated as the service does, to this machine alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenegraph.animatic import FaultPlan
from scenegraph.animatic.webhooks import is_ours_to_call
from scenegraph.fal.webhooks import Delivery, WebhookRefused, read_keys, verify

from .conftest import T2V, Stage

pytest.importorskip("cryptography", reason="signatures need it (the extra [webhooks])")
pytestmark = [pytest.mark.ffmpeg, pytest.mark.anyio]
Build = Callable[..., Stage]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  a thread of the queue's brings it about
            await asyncio.sleep(0.01)


class Door:
    """Takes whatever is POSTed, on a real port, and answers from a script (then 200)."""

    def __init__(self, *script: int) -> None:
        self.script = list(script)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.came_at = 0.0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/told?by=fal"
        app = Starlette(routes=[Route("/told", self._take, methods=["POST"])])
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
        self._task: asyncio.Task[None] | None = None

    async def _take(self, request: Request) -> Response:
        assert request.url.query == "by=fal"
        self.came_at = time.monotonic()
        self.got.append((dict(request.headers), await request.body()))
        code = self.script.pop(0) if self.script else 200
        return Response(status_code=code, headers={"location": self.url} if code < 400 else {})

    async def __aenter__(self) -> Door:
        self._task = asyncio.create_task(self.server._serve([self.socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self.server.should_exit = True
        await self._task

    async def has(self, number: int) -> None:
        await until(lambda: len(self.got) >= number)


@contextlib.asynccontextmanager
async def told(build: Build, *script: int, **rule: Any) -> AsyncIterator[tuple[Stage, Door]]:
    faults = FaultPlan.of(**rule) if rule else None
    on = build(faults=faults, webhook_retry_s=0.02)
    async with Door(*script) as door:
        yield on, door
        on.queue.close()


async def ask(on: Stage, door: Door | str, **body: Any) -> str:
    url = door if isinstance(door, str) else door.url
    reply = await on.http.post(
        f"/{T2V}", params={"fal_webhook": url}, json={"prompt": "x", "num_frames": 9, **body}
    )
    id: str = reply.json()["request_id"]
    return id


async def read(on: Stage, headers: dict[str, str], body: bytes) -> Delivery:
    keys = read_keys((await on.http.get("/.well-known/jwks.json")).json())
    assert len(keys) == 1
    return verify(headers, body, keys, time.time())


async def test_an_ended_job_is_told_once_and_signed(stage: Build) -> None:
    """The payload is the result, byte for byte what the queue answers."""
    async with told(stage) as (on, door):
        id = await ask(on, door)
        await door.has(1)
        delivery = await read(on, *door.got[0])
        result = await on.http.get(f"/{T2V}/requests/{id}")
        assert (delivery.request_id, delivery.status) == (id, "OK")
        assert delivery.payload == result.json() and "video" in delivery.payload
        await until(lambda: bool(on.queue.courier.sent))
        assert [one.code for one in on.queue.courier.sent] == [200] and len(door.got) == 1


async def test_a_failed_job_is_told_as_an_error(stage: Build) -> None:
    """`ERROR` and the model's own body; these are not the queue's words."""
    async with told(stage, effect="fail", type="content_policy_violation") as (on, door):
        id = await ask(on, door)
        await door.has(1)
        said = json.loads(door.got[0][1])
        delivery = await read(on, *door.got[0])
        assert said["status"] == "ERROR" and delivery.error == "Invalid status code: 422"
        assert said["payload"]["detail"][0]["type"] == "content_policy_violation"
        assert (await on.http.get(f"/{T2V}/requests/{id}")).json() == said["payload"]


async def test_it_is_sent_until_it_is_taken(stage: Build) -> None:
    """Each time signed anew, since a signature is good for five minutes only."""
    async with told(stage, 500, 503, 401) as (on, door):
        await ask(on, door)
        await door.has(4)
        for one in door.got:
            assert (await read(on, *one)).status == "OK"
        assert len({body for _, body in door.got}) == 1
        await asyncio.sleep(0.1)
        assert len(door.got) == 4


async def test_a_redirect_is_final_and_not_followed(stage: Build) -> None:
    """As the service has it: 3xx is the end; and nobody is led elsewhere."""
    async with told(stage, 307) as (on, door):
        await ask(on, door)
        await until(lambda: bool(on.queue.courier.sent))
        await asyncio.sleep(0.1)
        assert [one.code for one in on.queue.courier.sent] == [307] and len(door.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://me.example/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "http://127.0.0.1@me.example/",
        "http://me.example\\@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1.me.example/",
        "http://0.0.0.0/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "http://[",
        "",
    ],
)
def test_no_other_host_is_called(url: str) -> None:
    """A queue on a port of this machine must not be anybody's way to another one."""
    assert not is_ours_to_call(url)


async def test_a_job_with_a_foreign_address_still_ends(stage: Build) -> None:
    """It is recorded, and nothing is sent; whoever asked has to poll."""
    async with told(stage) as (on, door):
        id = await ask(on, "http://10.0.0.1:9/x")
        await on.done({"status_url": f"/{T2V}/requests/{id}/status", "response_url": "/"})
        await ask(on, door)
        await until(lambda: bool(on.queue.courier.sent))
        assert [one.request_id == id for one in on.queue.courier.sent] == [False]


async def test_proxies_of_the_environment_are_not_asked(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy is another host."""
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://10.0.0.1:9")
    async with told(stage) as (on, door):
        await ask(on, door)
        await door.has(1)


async def test_a_lost_webhook_never_comes_and_the_next_one_does(stage: Build) -> None:
    """The job has ended all the same; only polling tells."""
    async with told(stage, effect="webhook-lost", submit=1) as (on, door):
        first, second = await ask(on, door), await ask(on, door)
        await on.done({"status_url": f"/{T2V}/requests/{first}/status", "response_url": "/"})
        await until(lambda: bool(on.queue.courier.sent))
        assert [one.request_id for one in on.queue.courier.sent] == [second]


async def test_a_webhook_may_come_twice(stage: Build) -> None:
    """fal repeats until it hears 200, and sometimes after."""
    async with told(stage, effect="webhook-twice") as (on, door):
        id = await ask(on, door)
        await door.has(2)
        assert [(await read(on, *one)).request_id for one in door.got] == [id, id]


async def test_a_late_webhook_comes_after_the_end(stage: Build) -> None:
    """The queue knew it before; who polls is not held up."""
    async with told(stage, effect="webhook-late", seconds=0.3) as (on, door):
        id = await ask(on, door)
        await door.has(1)
        assert door.came_at - (on.queue.jobs[id].ended_at or 0) >= 0.3


@pytest.mark.parametrize(
    ("effect", "reason"), [("webhook-forged", "no-key-fits"), ("webhook-stale", "wrong-time")]
)
async def test_a_webhook_that_must_not_be_believed_is_not(
    stage: Build, effect: str, reason: str
) -> None:
    """At each attempt of that job; the next job's is in order."""
    async with told(stage, 401, effect=effect, submit=1) as (on, door):
        await ask(on, door)
        await door.has(2)
        for one in door.got:
            with pytest.raises(WebhookRefused) as refused:
                await read(on, *one)
            assert refused.value.reason == reason
        id = await ask(on, door)
        await door.has(3)
        assert (await read(on, *door.got[2])).request_id == id


async def test_a_bare_webhook_says_where_the_answer_is(stage: Build) -> None:
    """fal does so when it cannot send the answer."""
    async with told(stage, effect="webhook-bare") as (on, door):
        await ask(on, door)
        await door.has(1)
        delivery = await read(on, *door.got[0])
        assert delivery.must_be_fetched and "queue" in (delivery.payload_error or "")
