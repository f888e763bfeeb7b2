"""Downloads: a finished, paid file comes home whole, to a temporary name, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import structlog

from scenegraph.errors import DownloadFailed
from scenegraph.fal.errors import Remedy
from scenegraph.fal.exchange import PASSING, STEP_LIMITS, Exchange
from scenegraph.fal.options import DownloadLimits
from scenegraph.fal.urls import is_loopback, is_private_literal, may_follow, origin
from scenegraph.fal.wire import Downloaded

log = structlog.get_logger()

Resolver = Callable[[str], Sequence[str]]

#: A CDN may point elsewhere once or twice.
MOST_REDIRECTS = 3
#: What a gateway says in a file's place.
NO_MEDIA = ("text/html", "application/json", "application/xml", "text/xml")


class _Passing(Exception):
    """This attempt failed; the next may not."""


class _Final(Exception):
    """No attempt at this address can succeed."""


class Downloads:
    """Fetches files without the key, from public https hosts or from our own bases."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        bases: Collection[str],
        resolve: Resolver,
        limits: DownloadLimits,
    ) -> None:
        self._exchange, self._bases = exchange, tuple(bases)
        self._resolve, self._limits = resolve, limits

    async def download(self, url: str, to: Path, *, sha256: str | None = None) -> Downloaded:
        part = to.with_name(f"{to.name}.part")
        said = ""
        try:
            for attempt in range(self._limits.tries):
                try:
                    found = await self._once(url, part, to)
                    if sha256 is not None and found.sha256 != sha256:
                        raise _Passing("the bytes are not the ones expected")
                    part.replace(to)
                    return found
                except (httpx.RequestError, TimeoutError) as error:
                    said = type(error).__name__
                except _Passing as error:
                    said = str(error)
                except _Final as error:
                    raise _failed(url, str(error)) from None
                except OSError as error:
                    raise _failed(url, f"{to.name} cannot be written: {error.strerror}") from error
                log.warning("download.failed", because=said, attempt=attempt + 1)
                if attempt + 1 < self._limits.tries:
                    await self._exchange.pause(attempt, self._limits.repeat)
        finally:
            part.unlink(missing_ok=True)
        raise _failed(url, f"{said}, {self._limits.tries} times")

    async def may_fetch(self, url: str) -> bool:
        """Whether a download would go to this address."""
        try:
            await self._check(url)
        except (_Passing, _Final):
            return False
        return True

    async def _once(self, url: str, part: Path, to: Path) -> Downloaded:
        async with asyncio.timeout(self._limits.file_s):
            for _ in range(MOST_REDIRECTS + 1):
                await self._check(url)
                request = self._exchange.http.build_request(
                    "GET",
                    httpx.URL(url),
                    headers={"Accept": "*/*", "Accept-Encoding": "identity"},
                    timeout=STEP_LIMITS,
                )
                response = await self._exchange.http.send(
                    request, stream=True, auth=None, follow_redirects=False
                )
                try:
                    if not response.is_redirect:
                        return await self._keep(response, part, to)
                    url = urljoin(url, response.headers["location"])
                finally:
                    await response.aclose()
        raise _Final("it points elsewhere without end")

    async def _check(self, url: str) -> None:
        """Refuse what is not a public https host: an answer may not send us into our own network.

        Our own bases are the exception. A name is looked up before it is asked, so a name that
        points inside is refused; a name server that changes its mind in between is not caught.
        """
        try:
            httpx.URL(url)
        except httpx.InvalidURL:
            raise _Final("it is no web address") from None
        if not may_follow(url, self._bases):
            raise _Final("it is no public https address")
        if is_loopback(url) or origin(url) in {origin(base) for base in self._bases}:
            return
        host = urlsplit(url).hostname or ""
        try:
            addresses = await asyncio.to_thread(self._resolve, host)
        except OSError as error:
            raise _Passing(f"{host} is not known ({error})") from None
        if not addresses or any(is_private_literal(address) for address in addresses):
            raise _Final(f"{host} is not on the public network")

    async def _keep(self, response: httpx.Response, part: Path, to: Path) -> Downloaded:
        status = response.status_code
        if status in PASSING or status == 404:  # a new file may not be visible everywhere yet
            raise _Passing(f"HTTP {status}")
        if status != 200:
            raise _Final(f"HTTP {status}")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in NO_MEDIA:
            raise _Passing(f"{kind} came in place of a file")
        promised = _length(response)
        if promised is not None and promised > self._limits.most_bytes:
            raise _Final(f"{promised} bytes are more than the {self._limits.most_bytes} allowed")
        digest, size = hashlib.sha256(), 0
        with part.open("wb") as file:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._limits.most_bytes:
                    raise _Final(f"more than the {self._limits.most_bytes} bytes allowed")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        if promised is not None and size != promised:
            raise _Passing(f"{size} of {promised} bytes came")
        if size == 0:
            raise _Passing("no bytes came")
        return Downloaded(to, digest.hexdigest(), size, kind or None)


def _length(response: httpx.Response) -> int | None:
    """The bytes that were promised; None when the promise is about packed ones."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return None
    said = response.headers.get("content-length", "")
    return int(said) if said.isdigit() else None


def _failed(url: str, because: str) -> DownloadFailed:
    return DownloadFailed(
        f"The finished clip did not arrive from {urlsplit(url).hostname or 'nowhere'}: {because}.",
        next="The job is done and paid and is not asked for again; run again to fetch the file.",
        service=because,
        detail={"remedy": Remedy.FETCH_AGAIN.value, "url": url},
    )
