"""One HTTP exchange: with a wall-clock limit, a size limit, and the key where it belongs.

The key lives in one object, which puts it into the `Authorization` header at the moment of
sending, and only towards the queue's and the rest host's own origin. What comes back is scrubbed
of it, so that no error, log or stored answer can carry it.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterable, Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx
import structlog

from scenegraph.fal.urls import is_of_queue

log = structlog.get_logger()

#: For one step of one call; the whole call has its own wall-clock limit.
STEP_LIMITS = httpx.Timeout(connect=10.0, read=60.0, write=60.0, pool=30.0)
#: Statuses that pass by themselves when a GET is asked again.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530})
#: An answer that describes a job is small; more than this is something else.
MOST_BYTES = 16 * 1024 * 1024


class Clock(Protocol):
    """Time, so that no test waits: seconds that only grow, the date, and sleeping."""

    def now(self) -> float: ...
    def wall(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times that grow from `first_s` to `most_s`, each with a quarter of jitter either way.

    >>> [round(Backoff(0.5, 8, 2).wait_s(n, 0.5), 2) for n in range(6)]
    [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    """

    first_s: float = 0.5
    most_s: float = 8.0
    growth: float = 2.0

    def wait_s(self, attempt: int, jitter: float) -> float:
        grown = self.first_s * self.growth ** min(attempt, 60)
        return min(self.most_s, grown) * (0.75 + 0.5 * jitter)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read whole: status, headers (lower case), and the body with the key scrubbed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON, or as text when it is none. Never raises."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return self.body[:4000].decode("utf-8", "replace")

    def mapping(self) -> Mapping[str, Any] | None:
        """The body when it is a JSON object, else None."""
        value = self.json()
        return value if isinstance(value, Mapping) else None

    def retry_after_s(self, wall: float) -> float | None:
        """`Retry-After` in seconds from now, as a number or as a date."""
        said = self.headers.get("retry-after", "").strip()
        if said.isdigit():
            return float(said)
        try:
            when = parsedate_to_datetime(said)
        except ValueError:
            return None
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.fromtimestamp(wall, UTC)).total_seconds())


class AnswerTooLarge(httpx.TransportError):
    """An answer that never ends, or is far larger than a job's description."""


class KeyAuth(httpx.Auth):
    """Puts the key into the header at the moment of sending, towards the given bases only."""

    def __init__(self, key: str | None, bases: Collection[str]) -> None:
        self._key, self._bases = key, tuple(bases)

    def __repr__(self) -> str:
        return f"KeyAuth({'set' if self._key else 'not set'})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        url = str(request.url)
        if self._key and any(is_of_queue(url, base) for base in self._bases):
            request.headers["Authorization"] = f"Key {self._key}"
        yield request

    def scrub(self, body: bytes) -> bytes:
        """`body` with the key, and its secret half, struck out."""
        for secret in filter(None, (self._key, (self._key or "").partition(":")[2])):
            if len(secret) >= 3:
                body = body.replace(secret.encode(), b"***")
        return body


class Exchange:
    """Sends one request and reads one answer. Everything above decides what to do about it."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        auth: KeyAuth,
        *,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.http, self.auth = http, auth
        self.clock = clock or SystemClock()
        self.jitter = jitter

    async def send(
        self,
        method: str,
        url: str,
        *,
        limit_s: float,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        with_key: bool = True,
    ) -> Reply:
        """One attempt. Redirects are not followed: an answer elsewhere is not ours.

        Raises:
            httpx.RequestError: nothing, or nothing readable, came back.
            TimeoutError: the whole exchange took longer than `limit_s`.
        """
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise httpx.UnsupportedProtocol(f"this is no address: {url[:200]!r}") from error
        request = self.http.build_request(
            method,
            address.copy_merge_params(params) if params else address,
            headers=headers,
            json=json,
            content=content,
            timeout=STEP_LIMITS,
        )
        async with asyncio.timeout(limit_s):
            response = await self.http.send(
                request,
                stream=True,
                auth=self.auth if with_key else None,
                follow_redirects=False,
            )
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise AnswerTooLarge(f"an answer of more than {MOST_BYTES} bytes")
            finally:
                await response.aclose()
        return Reply(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            self.auth.scrub(bytes(body)),
        )

    async def pause(self, attempt: int, backoff: Backoff, reply: Reply | None = None) -> None:
        """Wait before the next attempt, at least as long as the service asks (to a minute)."""
        waited = backoff.wait_s(attempt, self.jitter())
        asked = reply.retry_after_s(self.clock.wall()) if reply is not None else None
        await self.clock.sleep(max(waited, min(asked or 0.0, 60.0)))
