"""The status stream: server-sent events, read until they end, break or make no sense."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import httpx
import structlog

from scenegraph.fal.exchange import Exchange

log = structlog.get_logger()

#: A model can be silent for minutes; after this long we look for ourselves.
SILENCE_S = 45.0
#: One event of a status is small.
MOST_EVENT = 1_000_000


async def read_events(exchange: Exchange, url: str) -> AsyncGenerator[Mapping[str, Any], None]:
    """The JSON object of each event. Ends quietly on any fault: the caller polls from there."""
    try:
        request = exchange.http.build_request(
            "GET",
            httpx.URL(url).copy_merge_params({"logs": "1"}),
            headers={"Accept": "text/event-stream"},
            timeout=httpx.Timeout(10.0, read=SILENCE_S, pool=30.0),
        )
        response = await exchange.http.send(
            request, stream=True, auth=exchange.auth, follow_redirects=False
        )
    except (httpx.RequestError, httpx.InvalidURL) as error:
        log.warning("stream.refused", because=type(error).__name__)
        return
    try:
        kind = response.headers.get("content-type", "")
        if response.status_code != 200 or "text/event-stream" not in kind:
            return
        async for data in _events(response):
            try:
                body = json.loads(exchange.auth.scrub(data.encode()))
            except ValueError:
                return
            if isinstance(body, Mapping):
                yield body
    except httpx.RequestError as error:
        log.warning("stream.broken", because=type(error).__name__)
    finally:
        await response.aclose()


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """The `data:` of each event (WHATWG HTML, "Server-sent events"); comments are skipped."""
    held, data = "", ""
    async for text in response.aiter_text():
        held += text
        if len(held) + len(data) > MOST_EVENT:
            return
        # A lone CR at the end may be the first half of a CRLF that comes with the next chunk.
        *lines, held = held.replace("\r\n", "\n").split("\n")
        for line in lines:
            if line.startswith("data:"):
                data += line[5:].removeprefix(" ") + "\n"
            elif not line and data:
                yield data
                data = ""
