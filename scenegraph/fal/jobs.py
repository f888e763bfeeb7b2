"""Everything after the paid POST: readings, the wait, the answer, the cancelling. All free."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

import httpx
import structlog

from scenegraph.errors import Refused, SceneGraphError
from scenegraph.fal.errors import Fault, JobGone, QueueSilent, Remedy, as_error, read_fault
from scenegraph.fal.exchange import PASSING, Exchange, Reply
from scenegraph.fal.news import News
from scenegraph.fal.options import Limits
from scenegraph.fal.stream import read_events
from scenegraph.fal.wire import (
    Answer,
    CancelOutcome,
    QueueStatus,
    read_seed,
    read_status,
    read_units,
    read_video_url,
)
from scenegraph.ledger.takes import QueueUrls

log = structlog.get_logger()

#: A job just made may not be known everywhere yet: a 404 is believed at the fourth time.
NOT_FOUND_TRIES = 4

OnStatus = Callable[[QueueStatus], None]


class Jobs:
    """Jobs that are out. Knows how many are being waited for, so that polling stays gentle."""

    def __init__(self, exchange: Exchange, limits: Limits, news: News | None = None) -> None:
        self._exchange, self._limits, self._clock = exchange, limits, exchange.clock
        self._news = news
        self._waiting = 0

    async def status(self, urls: QueueUrls, *, patience_s: float | None) -> QueueStatus:
        patience = self._limits.patience_s if patience_s is None else patience_s
        for attempt in range(NOT_FOUND_TRIES):
            reply = await self._get(urls.status, patience, _is_readable_status, {"logs": "1"})
            body = reply.mapping()
            if reply.ok and body is not None:
                status = read_status(body)
                if not status.word:  # 200 means ended, 202 means not yet
                    state = "completed" if reply.status == 200 else status.state
                    return read_status({**body, "status": state})
                return status
            if reply.status != 404:
                break
            await self._exchange.pause(attempt, self._limits.repeat)
        raise self._no_status(reply)

    def _no_status(self, reply: Reply) -> SceneGraphError:
        fault = read_fault(reply.status, reply.headers, reply.json())
        if fault.remedy is Remedy.PAUSE:
            return as_error(fault, "the queue")
        if reply.status in (404, 410):
            return _gone(fault)
        return _silent(f"HTTP {reply.status}", fault.words)

    async def wait(
        self,
        urls: QueueUrls,
        on_status: OnStatus | None,
        *,
        limit_s: float | None,
        request_id: str | None = None,
    ) -> QueueStatus:
        async with aclosing(self._readings(urls, limit_s, request_id)) as readings:
            async for status in readings:
                if on_status is not None:
                    on_status(status)
                if status.state == "completed":
                    return status
        raise AssertionError("readings end with a completed one")

    async def _readings(
        self, urls: QueueUrls, limit_s: float | None, request_id: str | None = None
    ) -> AsyncGenerator[QueueStatus, None]:
        """Readings until one is `completed`; the more jobs are waited for, the rarer for each.

        They are rarer still while a webhook is expected, and one follows it at once.
        """
        until = self._clock.now() + (self._limits.job_s if limit_s is None else limit_s)
        attempt = 0
        self._waiting += 1
        try:
            while True:
                status = await self.status(urls, patience_s=None)
                if status.state == "completed" and self._news is not None:
                    self._news.ended(request_id)
                yield status
                if status.state == "completed":
                    return
                if self._clock.now() >= until:
                    raise _silent("the time for one job is over", "")
                told = await self._until_the_next(attempt, request_id)
                attempt = 0 if told else attempt + 1
        finally:
            self._waiting -= 1

    async def _until_the_next(self, attempt: int, request_id: str | None) -> bool:
        """The wait between two readings. True when a webhook ended it."""
        expected = self._news is not None and self._news.is_expected(request_id)
        pace = self._limits.poll_told if expected else self._limits.poll
        waited = pace.wait_s(attempt, self._exchange.jitter())
        waited = max(waited, self._waiting / self._limits.polls_per_s)
        if self._news is None or request_id is None:
            await self._clock.sleep(waited)
            return False
        return await self._news.nap(request_id, waited, self._clock)

    async def stream(self, urls: QueueUrls) -> AsyncGenerator[QueueStatus, None]:
        async with aclosing(read_events(self._exchange, f"{urls.status}/stream")) as bodies:
            async for body in bodies:
                status = read_status(body)
                if not status.word:
                    continue
                yield status
                if status.state == "completed":
                    return
        async with aclosing(self._readings(urls, None)) as readings:
            before = None
            async for status in readings:
                if status != before:
                    yield status
                before = status

    async def result(self, urls: QueueUrls, *, status: QueueStatus | None) -> Answer:
        explained = status is not None and status.failed
        for attempt in range(NOT_FOUND_TRIES):
            reply = await self._get(
                urls.response,
                self._limits.result_patience_s,
                lambda reply: _is_final_result(reply, explained),
            )
            if reply.status != 404 or explained:
                break
            await self._exchange.pause(attempt, self._limits.repeat)
        body = reply.mapping() or {}
        url = read_video_url(body)
        if reply.ok and url is not None:
            prompt = body.get("prompt")
            return Answer(
                video_url=url,
                seed=read_seed(body),
                prompt=prompt if isinstance(prompt, str) else None,
                raw=dict(body),
                billable_units=read_units(reply.headers.get("x-fal-billable-units")),
                request_id=reply.headers.get("x-fal-request-id"),
            )
        raise self._no_result(reply, status)

    def _no_result(self, reply: Reply, status: QueueStatus | None) -> SceneGraphError:
        http = None if reply.ok else reply.status
        fault = read_fault(http, reply.headers, reply.json())
        if fault.remedy is Remedy.PAUSE:
            return as_error(fault, "the queue")
        if status is not None and status.failed and not fault.is_the_jobs:
            types = (status.error_type,) if status.error_type else ()
            words = status.error or fault.words
            fault = Fault(http if http != 404 else None, types, words, late_start=fault.late_start)
            return as_error(fault, "the job")
        if fault.is_the_jobs:
            return as_error(fault, "the job")
        if reply.status in (404, 410):
            return _gone(fault)
        if reply.ok:
            return Refused(
                "The job has ended, and its answer carries no video."
                + (f" fal says: {fault.words}" if fault.words else ""),
                next="It may be billed; look at fal.ai/dashboard/requests, then run again.",
                service="no-video",
                detail={"remedy": Remedy.LOSE.value, "http": reply.status, "words": fault.words},
            )
        return as_error(fault, "the job")

    async def cancel(self, urls: QueueUrls) -> CancelOutcome:
        attempt = 0
        while True:
            try:
                reply = await self._exchange.send(
                    "PUT", urls.cancel, content=b"", limit_s=self._limits.get_s
                )
                said = f"HTTP {reply.status}"
            except (httpx.RequestError, TimeoutError) as error:
                reply, said = None, type(error).__name__
            if reply is not None and reply.status not in PASSING:
                break
            attempt += 1
            if attempt >= self._limits.submit_tries:
                raise _silent(said, "")
            await self._exchange.pause(attempt - 1, self._limits.repeat, reply)
        if reply.ok:
            return "accepted"
        if reply.status in (404, 410):
            return "gone"
        fault = read_fault(reply.status, reply.headers, reply.json())
        if fault.remedy is Remedy.PAUSE:
            raise as_error(fault, "the queue")
        return "too-late"

    async def _get(
        self,
        url: str,
        patience_s: float,
        is_final: Callable[[Reply], bool],
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """GET until an answer is final; an hour of failing GETs costs nothing, a lost job does."""
        began, attempt = self._clock.now(), 0
        while True:
            reply: Reply | None = None
            words = ""
            try:
                reply = await self._exchange.send(
                    "GET", url, params=params, limit_s=self._limits.get_s
                )
                said = f"HTTP {reply.status}"
            except (httpx.RequestError, TimeoutError) as error:
                said = type(error).__name__
            else:
                if is_final(reply):
                    return reply
                words = read_fault(reply.status, reply.headers, reply.json()).words
            if self._clock.now() - began >= patience_s:
                raise _silent(said, words)
            log.warning("queue.faltered", because=said, attempt=attempt + 1)
            await self._exchange.pause(attempt, self._limits.repeat, reply)
            attempt += 1


def _is_readable_status(reply: Reply) -> bool:
    if reply.ok:
        return reply.mapping() is not None
    return reply.status not in PASSING


def _is_final_result(reply: Reply, explained: bool) -> bool:
    """Whether this is the job's own answer, not a gateway's, and not "still in progress"."""
    if reply.ok:
        return reply.mapping() is not None
    fault = read_fault(reply.status, reply.headers, reply.json())
    if fault.is_the_jobs:
        return True
    if reply.status == 400 and "in progress" in fault.words.lower():
        return False
    if explained and reply.mapping() is not None and reply.status != 429:
        return True
    return reply.status not in PASSING


def _silent(said: str, words: str) -> QueueSilent:
    return QueueSilent(
        f"The queue gives no usable answer about a job that is out ({said})."
        + (f" It says: {words}" if words else ""),
        next="The job keeps its id and is not asked for again; run again to collect it.",
        service=said,
        detail={"remedy": Remedy.REATTACH.value, "words": words},
    )


def _gone(fault: Fault) -> JobGone:
    return JobGone(
        "The queue does not know this job any more; its answer was not collected in time.",
        next="It may have been billed. Run again to ask anew.",
        service=f"http-{fault.http}",
        detail={"remedy": Remedy.LOSE.value, "http": fault.http, "words": fault.words},
    )
