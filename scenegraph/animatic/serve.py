"""Reaching the queue: in process through a transport, or served on a port of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

#: The host of an in-process queue. `.invalid` never resolves: nothing can leave by mistake.
ANIMATIC_URL = "https://animatic.invalid"
#: How long an app may take to end a call whose client is gone.
GRACE_S = 0.25


def animatic_transport(app: Starlette) -> httpx.AsyncBaseTransport:
    """A transport for `httpx.AsyncClient` that calls `app` without a network.

    Unlike `httpx.ASGITransport` it streams (a status stream tells as it goes), and an answer that
    ends early is the same `httpx.RemoteProtocolError` that a cut connection gives.
    """
    return _InProcess(app)


def serve(
    app: Starlette,
    port: int,
    host: str = "127.0.0.1",
    *,
    on_open: Callable[[str], None] | None = None,
    log_calls: bool = True,
) -> None:
    """Serve `app` until it is interrupted. Its log goes to stderr.

    Args:
        port: 0 takes a free one.
        log_calls: a line for each call that is answered; else only what goes wrong is told.
        on_open: called with the URL once the port is held; calls made from then on are answered.

    Raises:
        OSError: the port is taken.
    """
    logs = copy.deepcopy(uvicorn.config.LOGGING_CONFIG)
    for handler in logs["handlers"].values():
        handler["stream"] = "ext://sys.stderr"
    with socket.create_server((host, port)) as door:
        if on_open is not None:
            on_open(f"http://{host}:{door.getsockname()[1]}")
        config = uvicorn.Config(
            app,
            log_level="info" if log_calls else "warning",
            log_config=logs,
            lifespan="on",
            access_log=log_calls,
        )
        uvicorn.Server(config).run(sockets=[door])


class _InProcess(httpx.AsyncBaseTransport):
    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = _Call(self._app, request)
        return await call.begin()


class _Call:
    """One request on its way through the app, in a task of its own."""

    def __init__(self, app: Starlette, request: httpx.Request) -> None:
        self._app, self._request = app, request
        # Two chunks ahead at most, as a socket's buffer would hold a writer back.
        self._read_all = False
        self._wait_s = (request.extensions.get("timeout") or {}).get("read")
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=2)
        self._gone = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> httpx.Response:
        request = self._request
        assert isinstance(request.stream, httpx.AsyncByteStream)
        chunks = aiter(request.stream)

        async def receive() -> dict[str, Any]:
            async for chunk in chunks:
                return {"type": "http.request", "body": chunk, "more_body": True}
            if not self._read_all:
                self._read_all = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._gone.wait()
            return {"type": "http.disconnect"}

        self._task = asyncio.create_task(self._run(_scope(request), receive))
        try:
            first = await self._next()
        except BaseException:
            await self.end()
            raise
        if first["type"] != "http.response.start":
            await self.end()
            raise first.get("error") or httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )
        headers = first.get("headers", [])
        promised = next((int(v) for k, v in headers if k.lower() == b"content-length"), None)
        return httpx.Response(
            first["status"], headers=headers, stream=_Body(self, promised), request=request
        )

    async def _next(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._said.get()
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time", request=self._request) from error

    async def _run(self, scope: dict[str, Any], receive: Any) -> None:
        async def send(message: Any) -> None:
            if self._gone.is_set():
                raise OSError("the client is gone")  # as ASGI 2.4 asks of a server
            await self._said.put(message)

        error: Exception | None = None
        try:
            await self._app(scope, receive, send)
        except Exception as raised:
            error = raised
        if not self._gone.is_set():
            await self._said.put({"type": "end", "error": error})

    async def body(self, promised: int | None) -> AsyncIterator[bytes]:
        got = 0
        while True:
            message = await self._next()
            if message["type"] == "http.response.body":
                got += len(message.get("body", b""))
                yield message.get("body", b"")
                if not message.get("more_body", False):
                    return
            elif message["type"] == "end":
                if message["error"] is not None:
                    raise message["error"]
                raise httpx.RemoteProtocolError(
                    "peer closed connection without sending complete message body "
                    f"(received {got} bytes, expected {promised})",
                    request=self._request,
                )

    async def end(self) -> None:
        """Tell the app that nobody listens, let it close its files, then see it gone."""
        task, self._task = self._task, None
        if task is None:
            return
        self._gone.set()
        until = time.monotonic() + GRACE_S
        while not task.done() and time.monotonic() < until:
            while not self._said.empty():  # lets go of a writer that waits for room
                self._said.get_nowait()
            await asyncio.wait({task}, timeout=0.02)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Body(httpx.AsyncByteStream):
    def __init__(self, call: _Call, promised: int | None) -> None:
        self._call, self._promised = call, promised

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._call.body(self._promised):
            yield chunk

    async def aclose(self) -> None:
        await self._call.end()


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(key.lower(), value) for key, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
        "state": {},
    }
