"""Webhooks as seen by the client: they end a wait, and are never the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scenegraph.fal import News
from scenegraph.fal.exchange import SystemClock

pytestmark = pytest.mark.anyio
ENDPOINT = "fal-ai/ltxv-13b-098-distilled"
HERE = "https://me.example/fal?a=b"
TAKEN = httpx.Response(200, json={"request_id": "r-1"})
RUNNING = httpx.Response(202, json={"status": "IN_PROGRESS", "request_id": "r-1"})
ENDED = httpx.Response(200, json={"status": "COMPLETED", "request_id": "r-1"})


class Stopped(SystemClock):
    """Whoever sleeps by this clock sleeps until something else wakes them."""

    def __init__(self) -> None:
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        await asyncio.Event().wait()


async def asked(service: Any, news: News | None, **options: Any) -> tuple[Any, Any]:
    client = service.client(news=news, **options)
    return client, await client.submit(ENDPOINT, {"prompt": "x"})


async def test_a_submit_names_the_address_and_is_still_one_post(serve: Callable[..., Any]) -> None:
    """The address goes beside the request: it must not change what is asked, or how often."""
    for news, named in ((News(HERE), HERE), (None, None)):
        service = serve(TAKEN)
        await asked(service, news)
        assert [one.url.params.get("fal_webhook") for one in service.paid] == [named]
        assert service.paid[0].content == b'{"prompt":"x"}'


async def test_a_delivery_wakes_the_wait_and_the_queue_is_read(serve: Callable[..., Any]) -> None:
    """Nothing but the news can end this sleep; what became of the job is the queue's to say."""
    news, clock, service = News(HERE), Stopped(), serve(TAKEN, RUNNING, ENDED)
    client, job = await asked(service, news, clock=clock)
    waiting = asyncio.create_task(client.wait(job.urls, request_id="r-1"))
    await asyncio.wait_for(clock.asleep.wait(), 5)
    news.tell("somebody-elses")
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done() and len(service.requests) == 2
    news.tell("r-1")
    status = await asyncio.wait_for(waiting, 5)
    assert status.state == "completed" and len(service.requests) == 3
    assert (news.told, news.missed) == (1, 0)


async def test_a_delivery_during_a_reading_is_not_slept_over(serve: Callable[..., Any]) -> None:
    """The reading was on its way before the job ended, so it is one behind."""
    news = News(HERE)

    def told_meanwhile(_: httpx.Request) -> httpx.Response:
        news.tell("r-1")
        return RUNNING

    service = serve(TAKEN, told_meanwhile, ENDED)
    client, job = await asked(service, news, clock=Stopped())
    waited = await asyncio.wait_for(client.wait(job.urls, request_id="r-1"), 5)
    assert waited.state == "completed"


async def test_a_delivery_before_the_submits_answer_is_kept(serve: Callable[..., Any]) -> None:
    """A job can end while the answer to its submit is still on its way."""
    news = News(HERE)

    def told_first(_: httpx.Request) -> httpx.Response:
        news.tell("r-1")
        return TAKEN

    service = serve(told_first, RUNNING, ENDED)
    client, job = await asked(service, news, clock=Stopped())
    waited = await asyncio.wait_for(client.wait(job.urls, request_id="r-1"), 5)
    assert waited.state == "completed" and news.told == 1


async def test_news_that_is_ahead_of_the_queue_is_polled_for(serve: Callable[..., Any]) -> None:
    """The webhook says ended and the queue not yet: it is believed, at the usual pace."""
    news = News(HERE)
    service = serve(TAKEN, RUNNING, RUNNING, RUNNING, ENDED)
    client, job = await asked(service, news)
    news.tell("r-1")
    await client.wait(job.urls, request_id="r-1")
    assert [round(s, 2) for s in service.clock.slept] == [0.5, 0.75]


@pytest.mark.parametrize(
    "news, id, slept",
    [
        (News(HERE), "r-1", [15.0, 22.5, 33.75]),
        (News(HERE), "asked-by-an-earlier-run", [0.5, 0.75, 1.12]),
        (News(HERE), None, [0.5, 0.75, 1.12]),
        (None, "r-1", [0.5, 0.75, 1.12]),
    ],
    ids=["expected", "not-ours", "nameless", "no-webhooks"],
)
async def test_a_lost_webhook_costs_a_wait(
    serve: Callable[..., Any], news: News | None, id: str | None, slept: list[float]
) -> None:
    """Polling goes on, rarely; only where word should come is it rare at all."""
    service = serve(TAKEN, RUNNING, RUNNING, RUNNING, ENDED)
    client, job = await asked(service, news)
    assert (await client.wait(job.urls, request_id=id)).state == "completed"
    assert [round(s, 2) for s in service.clock.slept] == slept


async def test_a_way_that_seems_broken_is_not_waited_for(serve: Callable[..., Any]) -> None:
    """One job ended unheard and none was ever told: the next is polled as usual. One that is told
    late mends that."""
    news = News(HERE)
    client, job = await asked(serve(TAKEN, ENDED), news)
    await client.wait(job.urls, request_id="r-1")
    assert news.missed == 1
    news.expect("r-2")
    assert not news.is_expected("r-2")
    news.tell("r-1")
    assert news.is_expected("r-2") and (news.told, news.missed) == (1, 0)


async def test_when_nobody_listens_any_more_all_is_as_without(serve: Callable[..., Any]) -> None:
    """The door broke in mid-run: who waits looks now, and the next submit names no address."""
    news, clock, service = News(HERE), Stopped(), serve(TAKEN, RUNNING, ENDED, TAKEN)
    client, job = await asked(service, news, clock=clock)
    waiting = asyncio.create_task(client.wait(job.urls, request_id="r-1"))
    await asyncio.wait_for(clock.asleep.wait(), 5)
    news.hush()
    assert (await asyncio.wait_for(waiting, 5)).state == "completed"
    await client.submit(ENDPOINT, {"prompt": "x"})
    assert "fal_webhook" not in service.paid[-1].url.params and not news.is_expected("r-1")


def test_what_strangers_make_us_remember_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """fal signs deliveries for every customer, and any of them can name our address."""
    monkeypatch.setattr("scenegraph.fal.news.MOST_KEPT", 3)
    news = News(HERE)
    for number in range(10):
        news.tell(f"s-{number}")
    news.expect("s-0")
    news.expect("s-9")
    assert news.is_expected("s-0") and not news.is_expected("s-9")
