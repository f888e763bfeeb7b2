"""The live page: the dailies, made anew whenever something has happened, and shown in a frame.

The page itself stays what it is, with its own policy; around it is a shell that asks for news once
a second and turns the page over where the reader was. Nothing can be changed from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import asynccontextmanager, suppress
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from scenegraph.errors import SceneGraphError
from scenegraph.report.policy import source_of

#: How often files are looked at for a change, in seconds.
LOOK_S = 0.5
#: Who may be asked for by name: a page of another site that points its own name here gets nothing.
HOSTS = ("127.0.0.1", "localhost")


def signs_of(paths: Iterable[Path]) -> Hashable:
    """What tells that something has happened to files: times and sizes; None for one not there."""
    found: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            stat = path.stat()
            found.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


class Studio:
    """The page as it stands, and its making.

    Args:
        make: writes the page to a file; called on a thread.
        signs: another value when something has happened.
        file: where the page is written.

    Attributes:
        version: counts pages; 0 before the first.
        error: why the last one could not be made, as in every `--json` answer.
    """

    def __init__(
        self, make: Callable[[Path], object], signs: Callable[[], Hashable], file: Path
    ) -> None:
        self._make, self._signs, self.file = make, signs, file
        self.version = 0
        self.error: dict[str, Any] | None = None

    async def follow(self) -> None:
        """Make the page now, and again after each change, until cancelled."""
        shown: Hashable = None
        while True:
            signs = self._signs()
            if signs != shown or not self.version:
                await self._turn()
                shown = signs
            await asyncio.sleep(LOOK_S)

    async def _turn(self) -> None:
        try:
            await asyncio.to_thread(self._make, self.file)
            self.error = None
        except SceneGraphError as error:  # a file in the middle of an edit; the old page stays
            self.error = error.to_json()
        self.version += 1

    def news(self) -> dict[str, Any]:
        return {"version": self.version, "error": self.error}


def create_studio(studio: Studio, title: str) -> Starlette:
    """The app: `/` is the shell, `/page` the dailies, `/news` what the shell asks for.

    `title` is the scene's; it is escaped here.
    """
    sheet = files("scenegraph.report") / "sheet"
    style = (sheet / "studio.css").read_text("utf-8")
    script = (sheet / "studio.js").read_text("utf-8")
    shell = (sheet / "studio.html").read_text("utf-8")
    for name, text in (("title", escape(title)), ("style", style), ("script", script)):
        shell = shell.replace(f"%{name}%", text)
    policy = (
        f"default-src 'none'; script-src {source_of(script)}; style-src {source_of(style)}; "
        "frame-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    fresh = {"cache-control": "no-store"}

    async def front(_request: Request) -> Response:
        return HTMLResponse(shell, headers={**fresh, "content-security-policy": policy})

    async def page(_request: Request) -> Response:
        if not studio.file.exists():
            return HTMLResponse("", status_code=404, headers=fresh)
        return FileResponse(studio.file, media_type="text/html", headers=fresh)

    async def news(_request: Request) -> Response:
        return JSONResponse(studio.news(), headers=fresh)

    @asynccontextmanager
    async def following(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(studio.follow())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return Starlette(
        routes=[Route("/", front), Route("/page", page), Route("/news", news)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))],
        lifespan=following,
    )
