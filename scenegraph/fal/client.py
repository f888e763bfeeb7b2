"""The queue client. One call costs money, `submit`; the rest may be asked as often as needed."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import structlog

from scenegraph.errors import NotSubmitted, SubmitUncertain
from scenegraph.fal.downloads import Downloads, Resolver
from scenegraph.fal.errors import (
    KeyRefused,
    Remedy,
    as_error,
    read_fault,
    submit_remedy,
    transport_remedy,
)
from scenegraph.fal.exchange import Clock, Exchange, KeyAuth, Reply
from scenegraph.fal.jobs import Jobs, OnStatus
from scenegraph.fal.news import News
from scenegraph.fal.options import DownloadLimits, Limits, SubmitOptions, UploadLimits
from scenegraph.fal.uploads import Uploads
from scenegraph.fal.urls import (
    is_at_fal,
    is_loopback,
    is_of_queue,
    origin,
    rebuilt_urls,
    resolve_host,
)
from scenegraph.fal.wire import Answer, CancelOutcome, Downloaded, QueueStatus, Submitted, Uploaded
from scenegraph.ledger.takes import QueueUrls
from scenegraph.settings import Settings

log = structlog.get_logger()

#: fal's public hosts.
QUEUE_URL, REST_URL, CDN_URL = (
    "https://queue.fal.run",
    "https://rest.fal.ai",
    "https://v3.fal.media",
)


class FalClient:
    """Speaks the queue protocol over the caller's `httpx.AsyncClient` (network, ASGI app or mock).

    Args:
        http: closed by this client only when `owns_http` says so.
        key: `id:secret`. It is sent to the queue and the rest host alone, and shown nowhere.
        queue_url, rest_url, cdn_url: https, or plain http on this machine (`*.localhost` too).
        news: submits name its address for webhooks, and waits end as soon as it is told.
        clock, jitter, resolve: time, chance and name look-up, for tests.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        key: str | None = None,
        queue_url: str = QUEUE_URL,
        rest_url: str = REST_URL,
        cdn_url: str = CDN_URL,
        news: News | None = None,
        limits: Limits | None = None,
        upload_limits: UploadLimits | None = None,
        download_limits: DownloadLimits | None = None,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        resolve: Resolver = resolve_host,
        owns_http: bool = False,
    ) -> None:
        for url in (queue_url, rest_url, cdn_url):
            if not origin(url) or not (url.startswith("https://") or is_loopback(url)):
                raise ValueError(f"{url!r}: https, or http on this machine")
        self._bases = (queue_url, rest_url, cdn_url)
        self._queue_url = queue_url.rstrip("/")
        self._limits = limits or Limits()
        self._has_key = bool(key)
        self._owns_http, self._http = owns_http, http
        auth = KeyAuth(key, (queue_url, rest_url))
        self._exchange = Exchange(http, auth, clock=clock, jitter=jitter)
        self._uploads = Uploads(
            self._exchange,
            rest_url=rest_url,
            cdn_url=cdn_url,
            bases=self._bases,
            limits=upload_limits or UploadLimits(),
        )
        self._downloads = Downloads(
            self._exchange,
            bases=self._bases,
            resolve=resolve,
            limits=download_limits or DownloadLimits(),
        )
        self._news = news
        self._jobs = Jobs(self._exchange, self._limits, news)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        news: News | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> FalClient:
        """A client for the real network, with the key and the hosts of the environment."""
        pool = httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=5.0)
        return cls(
            httpx.AsyncClient(limits=pool, follow_redirects=False),
            key=settings.credentials(),
            queue_url=settings.fal_queue_url,
            rest_url=settings.fal_rest_url,
            cdn_url=settings.fal_cdn_url,
            news=news,
            limits=limits,
            clock=clock,
            owns_http=True,
        )

    def __repr__(self) -> str:
        return f"FalClient({self._queue_url!r}, key {'set' if self._has_key else 'not set'})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def submit(
        self, endpoint: str, payload: Mapping[str, Any], *, options: SubmitOptions | None = None
    ) -> Submitted:
        """Ask for one take. The only call that costs money.

        The body is the bare input. It is sent again only if the connection was never made or the
        service turned it away with 429. There is no idempotency key: whatever is less clear than
        that is `SubmitUncertain`, for a person to decide.

        Raises:
            NotSubmitted: it surely never left, or was turned away each time.
            SubmitUncertain: it left and no clear answer came; it may be running, and billed.
            Refused: the service said no, in its own words and with the offending field.
            AccountLocked, KeyRefused: nothing more may be asked until a person has acted.
        """
        if not self._has_key and is_at_fal(self._queue_url):
            raise KeyRefused(
                "No key is set, so fal cannot be asked.",
                next="Set FAL_KEY (the form is id:secret), or run with --backend animatic.",
            )
        options = options or SubmitOptions()
        news = self._news if options.webhook is None else None
        if news is not None:
            options = replace(options, webhook=news.url)
        url = f"{self._queue_url}/{endpoint.strip('/')}"
        attempt = 0
        while True:
            reply: Reply | None = None
            cause: BaseException | None = None
            try:
                reply = await self._exchange.send(
                    "POST",
                    url,
                    json=dict(payload),
                    headers=options.headers(),
                    params=options.params(),
                    limit_s=self._limits.submit_s,
                )
            except (httpx.RequestError, TimeoutError) as error:
                cause, remedy = error, transport_remedy("submit", error)
            else:
                if reply.ok:
                    submitted = self._submitted(endpoint, reply)
                    if news is not None and options.webhook:
                        news.expect(submitted.request_id)
                    return submitted
                fault = read_fault(reply.status, reply.headers, reply.json())
                remedy = submit_remedy(reply.status, fault.words)
            said = f"HTTP {reply.status}" if reply is not None else type(cause).__name__
            attempt += 1
            match remedy:
                case Remedy.RESEND if attempt < self._limits.submit_tries:
                    log.warning("submit.repeated", endpoint=endpoint, because=said)
                    await self._exchange.pause(attempt - 1, self._limits.resend, reply)
                case Remedy.RESEND:
                    raise NotSubmitted(
                        f"{endpoint}: the request was not taken in {attempt} tries ({said}).",
                        next="Nothing is billed. Check the network, then run again.",
                        service=said,
                    ) from cause
                case Remedy.DECIDE:
                    raise self._uncertain(endpoint, said, reply) from cause
                case _:
                    raise as_error(fault, endpoint)

    def _submitted(self, endpoint: str, reply: Reply) -> Submitted:
        body = reply.mapping() or {}
        request_id = body.get("request_id")
        if not isinstance(request_id, str) or not request_id.strip():
            raise self._uncertain(endpoint, f"HTTP {reply.status} without a request id", reply)
        position = body.get("queue_position")
        built = self.urls_for(endpoint, request_id)
        return Submitted(
            request_id=request_id,
            urls=QueueUrls(
                status=self._answered(body.get("status_url"), built.status),
                response=self._answered(body.get("response_url"), built.response),
                cancel=self._answered(body.get("cancel_url"), built.cancel),
            ),
            queue_position=position if isinstance(position, int) else None,
        )

    def _answered(self, url: object, built: str) -> str:
        """The answered address if it is of our queue; a paid job is not lost to an odd one."""
        return url if isinstance(url, str) and is_of_queue(url, self._queue_url) else built

    def _uncertain(self, endpoint: str, said: str, reply: Reply | None) -> SubmitUncertain:
        hint = reply.headers.get("x-fal-request-id") if reply is not None else None
        return SubmitUncertain(
            f"{endpoint}: the request left and no clear answer came ({said}). It may be running, "
            f"and billed; it is not sent again by itself.",
            next="Look at fal.ai/dashboard/requests, then `scenegraph resolve SCENE SHOT "
            "--attach REQUEST_ID | --resubmit | --give-up`.",
            service=said,
            detail={"remedy": Remedy.DECIDE.value, "request_id_hint": hint},
        )

    def urls_for(self, endpoint: str, request_id: str) -> QueueUrls:
        """The addresses of a job of which only the id is known (owner and app, no sub-path)."""
        return rebuilt_urls(self._queue_url, endpoint, request_id)

    async def status(self, urls: QueueUrls, *, patience_s: float | None = None) -> QueueStatus:
        """One reading of a job; passing faults are waited out.

        Raises:
            QueueSilent: no readable answer for `patience_s`; the job is still out.
            JobGone: the queue does not know it (any more).
            AccountLocked, KeyRefused: as for `submit`.
        """
        return await self._jobs.status(urls, patience_s=patience_s)

    async def wait(
        self,
        urls: QueueUrls,
        on_status: OnStatus | None = None,
        *,
        limit_s: float | None = None,
        request_id: str | None = None,
    ) -> QueueStatus:
        """Poll until the job has ended, gently: waits grow, and grow more when many jobs are out.

        Args:
            request_id: the job's, so that news of its end ends the wait between two readings. What
                became of it is read from the queue all the same.

        Raises: as `status`; `QueueSilent` also when `limit_s` is over.
        """
        return await self._jobs.wait(urls, on_status, limit_s=limit_s, request_id=request_id)

    def stream(self, urls: QueueUrls) -> AsyncGenerator[QueueStatus, None]:
        """Every change of a job as the service tells it; by polling when it does not.

        The last status is `completed`. A stream that is refused, breaks off, falls silent or says
        something else is no error: polling goes on from there.

        Raises: as `wait`.
        """
        return self._jobs.stream(urls)

    async def result(self, urls: QueueUrls, *, status: QueueStatus | None = None) -> Answer:
        """What an ended job gave. COMPLETED is not success: an error answer becomes its error.

        Args:
            status: the last reading; it explains a result that explains nothing.

        Raises:
            Refused: final for this input. `remedy_of` says when a new upload may help.
            JobFailed: a passing fault of the service: a new job may help, once.
            JobGone: the answer was not collected while it was kept.
            QueueSilent: no readable answer; the job is ended and its answer still to be had.
            AccountLocked, KeyRefused: as for `submit`.
        """
        return await self._jobs.result(urls, status=status)

    async def cancel(self, urls: QueueUrls) -> CancelOutcome:
        """Ask the queue to drop a job. `accepted` is no promise: one that runs may still complete.

        Raises:
            QueueSilent: no readable answer.
            AccountLocked, KeyRefused: as for `submit`.
        """
        return await self._jobs.cancel(urls)

    async def upload(
        self, path: Path, *, sha256: str | None = None, expire_s: int | None = None
    ) -> Uploaded:
        """Give the service a file to read. Same bytes twice are two URLs: keep a map by hash.

        Args:
            sha256: what the bytes must hash to; a file that changed meanwhile is not used.
            expire_s: how long the service keeps it; no shorter than the longest wait in the queue.

        Raises:
            UploadFailed: both ways failed; nothing was asked and nothing is billed.
            AccountLocked, KeyRefused: as for `submit`.
        """
        return await self._uploads.upload(path, sha256=sha256, expire_s=expire_s)

    async def may_pass_on(self, url: str) -> bool:
        """Whether a file that the service is said to have already may be named to it by `url`.

        By the rules of a download. A queue that is not fal's own reads only what lies with it, so
        nothing of one queue is ever named to another.
        """
        ours = origin(url) in {origin(base) for base in self._bases}
        return (ours or is_at_fal(self._queue_url)) and await self._downloads.may_fetch(url)

    async def download(self, url: str, to: Path, *, sha256: str | None = None) -> Downloaded:
        """Bring a file home, whole or not at all. Repeated when it fails; the job never is.

        Raises:
            DownloadFailed: the file did not arrive; the job stays paid and its address kept.
        """
        return await self._downloads.download(url, to, sha256=sha256)
