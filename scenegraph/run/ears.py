"""Listening for webhooks while a run lasts. Whatever stands in the way of that, the run polls.

A believed delivery only wakes who waits for its job; what became of the job is read from the queue.
So nothing has to be remembered between runs: what a repeated delivery tells is in the ledger.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import httpx
import structlog
import uvicorn

from scenegraph.fal import News
from scenegraph.fal.webhooks import Delivery, Keyring, WebhooksMissing, create_receiver
from scenegraph.run.events import Listener, NoticeEvent
from scenegraph.settings import LOOPBACK, Settings, split_listen

log = structlog.get_logger(__name__)

#: The door may be reached from outside, so it bears only so many callers at a time.
MOST_CALLERS = 64
#: How long a delivery that is just being answered may hold up the end of a run.
LAST_ANSWER_S = 2


@asynccontextmanager
async def listening(settings: Settings, listener: Listener) -> AsyncIterator[News | None]:
    """News of ended jobs by webhook, until the block ends; None when this run has to poll.

    `SCENEGRAPH_WEBHOOK_URL` turns it on. Any path is answered, since a tunnel or a proxy in front
    may change it; only fal's signature counts. A door that cannot be opened is told as a notice.
    """
    if settings.webhook_url is None:
        yield None
        return
    news = News(settings.webhook_url)

    async def tell(delivery: Delivery) -> None:
        news.tell(delivery.request_id)

    async with httpx.AsyncClient(follow_redirects=False) as http:
        try:
            _refuse_what_cannot_come(settings)
            keyring = Keyring(http, url=settings.jwks_url)
            app = create_receiver(keyring, tell, path="/{any:path}")
            door = _open_door(settings.webhook_listen)
        except (OSError, WebhooksMissing, _Unreachable) as error:
            listener(NoticeEvent(message=_why_not(settings, error)))
            yield None
            return
        log.info("webhook.listening", at=settings.webhook_listen)
        async with _served(app, door, news):
            yield news
    if news.missed and not news.told:
        listener(NoticeEvent(message=_never_came(settings, news.missed)))


class _Unreachable(Exception):
    """The service could never reach the address that it would be told."""


def _refuse_what_cannot_come(settings: Settings) -> None:
    there = urlsplit(settings.webhook_url or "").hostname in LOOPBACK
    queue_is_here = urlsplit(settings.fal_queue_url).hostname in LOOPBACK
    if there and not queue_is_here:
        raise _Unreachable


def _open_door(listen: str) -> socket.socket:
    host, port = split_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _why_not(settings: Settings, error: Exception) -> str:
    match error:
        case WebhooksMissing():
            return f"{error.message} {error.next} This run polls."
        case OSError():
            # A name that is not known has a number below 0 and words of its own.
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            return (
                f"No webhooks in this run: {settings.webhook_listen} cannot be listened at "
                f"({why}). It polls instead; SCENEGRAPH_WEBHOOK_LISTEN names another place."
            )
    return (
        "No webhooks in this run: SCENEGRAPH_WEBHOOK_URL is an address of this machine, which fal "
        "cannot reach. It polls instead; give the address of your tunnel or proxy."
    )


def _never_came(settings: Settings, missed: int) -> str:
    jobs = "1 job has" if missed == 1 else f"{missed} jobs have"
    return (
        f"{jobs} ended, and no webhook came; polling found out. See that SCENEGRAPH_WEBHOOK_URL "
        f"leads to {settings.webhook_listen}."
    )


class _Server(uvicorn.Server):
    """Leaves signals to the run: Ctrl-C ends that, and that ends this."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _served(app: object, door: socket.socket, news: News) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CALLERS,
        timeout_graceful_shutdown=LAST_ANSWER_S,
    )
    server = _Server(config)

    def ended(serving: asyncio.Task[None]) -> None:
        news.hush()
        if not serving.cancelled() and (error := serving.exception()) is not None:
            log.error("webhook.deafened", because=repr(error))

    serving = asyncio.create_task(server.serve(sockets=[door]), name="webhooks")
    serving.add_done_callback(ended)
    try:
        yield
    finally:
        server.should_exit = True
        try:
            await asyncio.wait({serving}, timeout=2 * LAST_ANSWER_S)
        finally:
            serving.cancel()
            door.close()
