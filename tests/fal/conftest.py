"""A queue at the real transport seam, and a clock that nobody waits for."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scenegraph.fal import FalClient

KEY = "key-id-7f3a:s3cret-half-of-the-key"


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time, self.slept = 1_000_000.0, []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


class Service:
    """Answers requests from a script; the last line of a script is repeated.

    A line is a response, an exception, or a function of the request that gives either.
    """

    def __init__(self, script: tuple[Any, ...]) -> None:
        self.script = list(script)
        self.requests: list[httpx.Request] = []
        self.clock = FakeClock()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if callable(line) and not isinstance(line, httpx.Response):
            line = line(request)
            if inspect.isawaitable(line):
                line = await line
            if isinstance(line, httpx.Response) and not line.is_closed:
                return line
        if isinstance(line, BaseException):
            raise line
        # A fresh copy: a response is read once.
        return httpx.Response(line.status_code, headers=line.headers, content=line.content)

    def client(self, **options: Any) -> FalClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self))
        defaults: dict[str, Any] = {
            "key": KEY,
            "clock": self.clock,
            "jitter": lambda: 0.5,
            "resolve": lambda host: ("93.184.216.34",),
        }
        return FalClient(http, **{**defaults, **options})

    @property
    def paid(self) -> list[httpx.Request]:
        return [one for one in self.requests if one.method == "POST"]


@pytest.fixture
def serve() -> Callable[..., Service]:
    return lambda *script: Service(script)


@pytest.fixture
def key() -> str:
    return KEY
