"""Runs that are told by webhook: over real sockets, from our own queue, with its own keys."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import httpx
import pytest
import uvicorn

from scenegraph.animatic import Rule
from scenegraph.fal import Backoff, FalClient
from scenegraph.run import NoticeEvent, RunResult, run_async
from scenegraph.run.ears import listening
from scenegraph.settings import Settings

pytest.importorskip("cryptography", reason="signatures need it (the extra [webhooks])")
pytestmark = [pytest.mark.ffmpeg, pytest.mark.anyio]
ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}
#: All four kinds; five jobs.
JOBS = 5


@contextlib.contextmanager
def served(theatre: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The theatre's queue on a port of this machine, and the environment of a run with webhooks."""
    config = uvicorn.Config(theatre.app, port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    queue = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    for name in ("QUEUE", "REST", "CDN"):
        monkeypatch.setenv(f"SCENEGRAPH_FAL_{name}_URL", queue)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ours = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("SCENEGRAPH_WEBHOOK_LISTEN", ours)
    monkeypatch.setenv("SCENEGRAPH_WEBHOOK_URL", f"http://{ours}/any/path?at=all")
    try:
        yield theatre
    finally:
        server.should_exit = True
        thread.join(10)


async def shoot(theatre: Any, **options: Any) -> RunResult:
    """A run as a user starts it: everything from the environment."""
    return await run_async(
        theatre.file,
        **{
            "backend": "fal",
            "jobs": 3,
            "cut": False,
            "listener": theatre.events.append,
            **options,
        },
    )


@contextlib.asynccontextmanager
async def patient(theatre: Any, pace_s: float) -> AsyncIterator[tuple[FalClient, Any]]:
    """A client that asks about a job it should be told of every `pace_s` seconds, and its news."""
    settings = Settings()
    limits = replace(theatre.quick["limits"], poll_told=Backoff(pace_s, pace_s, 1))
    async with (
        listening(settings, theatre.events.append) as news,
        httpx.AsyncClient() as http,
        FalClient(
            http,
            queue_url=settings.fal_queue_url,
            rest_url=settings.fal_rest_url,
            cdn_url=settings.fal_cdn_url,
            news=news,
            **{**theatre.quick, "limits": limits},
        ) as client,
    ):
        yield client, news


def notices(theatre: Any) -> list[str]:
    """What was said, but for the stages' pictures being smaller than any that can be asked for."""
    said = [event.message for event in theatre.events if isinstance(event, NoticeEvent)]
    return [message for message in said if "wrong-size" not in message]


async def test_a_run_is_told_and_asks_twice_for_each_job(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polling every ten minutes could not bring it home. One look after the submit, one when told;
    and one paid POST for each job of the plan."""
    with served(theatre(latency_s=0.2), monkeypatch) as here:
        async with asyncio.timeout(60), patient(here, 600) as (client, news):
            result = await shoot(here, queue=client)
            assert result.exit_code == 0 and result.submits == here.submits == JOBS
            assert (news.told, news.missed) == (JOBS, 0)
        assert here.queue.calls["status"] <= 2 * JOBS
        assert [one.code for one in here.queue.courier.sent] == [200] * JOBS


async def test_the_reel_is_the_same_with_and_without(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the environment alone, as it is typed. Fewer questions; nothing else differs."""
    reels, asked = [], []
    with served(theatre(latency_s=0.4), monkeypatch) as here:
        for webhooks in (True, False):
            if not webhooks:
                monkeypatch.delenv("SCENEGRAPH_WEBHOOK_URL")
            before = Counter(here.queue.calls)
            store = here.folder / f"store-{webhooks}"
            result = await shoot(here, cut=True, store=store)
            calls = Counter(here.queue.calls) - before
            assert result.reel is not None and result.submits == calls["submit"] == JOBS
            reels.append(sha256(result.reel.read_bytes()).hexdigest())
            asked.append(calls["status"])
    assert reels[0] == reels[1]
    assert asked[0] < asked[1], asked
    assert notices(here) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "webhook-lost"},
        {"effect": "webhook-forged"},
        {"effect": "webhook-stale"},
        {"effect": "webhook-twice"},
        {"effect": "webhook-bare"},
        {"effect": "webhook-late", "seconds": 0.3},
        {"effect": "fail", "type": "runner_disconnected"},
    ],
    ids=lambda rule: rule["effect"],
)
async def test_whatever_becomes_of_webhooks_the_takes_come_home(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, rule: dict[str, Any]
) -> None:
    """All of them misbehave, or (`fail`) say that a job failed, once. Nothing is asked for twice
    because of that, and each take is walked through once."""
    on = theatre(webhook_retry_s=0.02)
    on.goes_wrong(Rule(**{"times": 1 if rule["effect"] == "fail" else 0, **rule}))
    failed = 1 if rule["effect"] == "fail" else 0
    with served(on, monkeypatch) as here:
        async with asyncio.timeout(60), patient(here, 0.4) as (client, news):
            result = await shoot(here, queue=client)
            believed = news.told
        assert result.exit_code == 0 and result.submits == here.submits == JOBS + failed
        if rule["effect"] in ("webhook-lost", "webhook-forged", "webhook-stale"):
            assert believed == 0
            assert "no webhook came" in notices(here)[0]
        for shot in {take.shot for take in here.takes()}:
            for steps in here.walk(shot)[-1:]:
                assert max(Counter(steps).values()) == 1 and "circled" in steps
        if rule["effect"] == "webhook-forged":
            codes = {one.code for one in here.queue.courier.sent}
            assert 401 in codes and 200 not in codes  # None: repeated when the run had ended


async def test_a_delivery_repeated_after_a_restart_changes_nothing(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new process does not remember old deliveries; the ledger does, and it is not touched."""
    with served(theatre(ONE), monkeypatch) as here:
        await shoot(here)
        walked, sent = here.walk("platform"), here.queue.courier.sent
        (job,) = here.queue.jobs.values()
        async with listening(Settings(), here.events.append) as news:
            before = len(sent)
            here.queue.courier.send(job, lambda effect: None)
            async with asyncio.timeout(20):
                while len(sent) == before:  # noqa: ASYNC110  a thread of the queue's appends
                    await asyncio.sleep(0.01)
            assert news is not None and news.told == 0
        assert sent[-1].code == 200, "taken, so that it is not sent for two hours"
        again = await shoot(here)
        assert again.submits == 0 and here.submits == 1 and here.walk("platform") == walked


async def test_a_port_that_is_taken_is_a_sentence_and_polling(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run listens there: this one must not name an address that it cannot hear at."""
    with served(theatre(ONE), monkeypatch) as here:
        async with listening(Settings(), here.events.append):
            result = await shoot(here)
        assert result.exit_code == 0 and result.submits == 1
        assert [job.webhook for job in here.queue.jobs.values()] == [None]
        (said,) = notices(here)
        assert "already in use" in said and "polls" in said and "SCENEGRAPH_WEBHOOK_LISTEN" in said


async def test_an_address_of_this_machine_is_not_told_to_the_real_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """fal refuses such targets, so no webhook would ever come. With a tunnel's it is listened."""
    said: list[Any] = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SCENEGRAPH_WEBHOOK_LISTEN", f"127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.setenv("SCENEGRAPH_WEBHOOK_URL", "http://localhost:8322/")
    async with listening(Settings(), said.append) as news:
        assert news is None
    assert "tunnel" in said[0].message
    monkeypatch.setenv("SCENEGRAPH_WEBHOOK_URL", "https://me.example/fal")
    async with listening(Settings(), said.append) as news:
        assert news is not None and news.url == "https://me.example/fal"
        assert Settings().jwks_url == "https://rest.fal.ai/.well-known/jwks.json"
    assert len(said) == 1


async def test_without_the_package_it_is_a_sentence_and_polling(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is optional: the run goes on, and says what to install."""
    with served(theatre(ONE), monkeypatch) as here:
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "cryptography.exceptions", None)
            result = await shoot(here)
        assert result.exit_code == 0
        assert "scenegraph[webhooks]" in notices(here)[0]
