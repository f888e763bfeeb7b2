"""Uploads: the CDN first, storage by a signed address second, large files in parts.

Nothing here is paid, so everything may be repeated. Names of local files stay at home: the service
is told the first half of the content's hash instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import mimetypes
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import structlog

from scenegraph.errors import PersonNeeded
from scenegraph.fal.errors import Remedy, UploadFailed, as_error, read_fault
from scenegraph.fal.exchange import PASSING, Exchange, Reply
from scenegraph.fal.options import UploadLimits, lifecycle
from scenegraph.fal.urls import may_follow, may_see_token
from scenegraph.fal.wire import Uploaded

log = structlog.get_logger()

CHUNK = 1024 * 1024
#: fal says "forever if not configured" on one page and "at least 7 days" on another.
KEPT_AT_LEAST_S = 7 * 86400 - 3600
#: A token is renewed this long before it ends.
TOKEN_MARGIN_S = 60.0
#: What cannot be read off the name alone.
TYPES = {".mp4": "video/mp4", ".webp": "image/webp", ".safetensors": "application/octet-stream"}


@dataclass(frozen=True, slots=True, repr=False)
class _Token:
    """A pass to the CDN, kept until shortly before it ends. Has no repr that shows it."""

    header: str
    base_url: str
    until: float


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    bytes: int
    sha256: str
    content_type: str

    @property
    def name(self) -> str:
        return f"{self.sha256[:32]}{self.path.suffix.lower()}"


class _WayFailed(Exception):
    """One of the two ways does not work now."""


class Uploads:
    """Holds the CDN's token; everything else is in the arguments."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        rest_url: str,
        cdn_url: str,
        bases: Collection[str],
        limits: UploadLimits,
    ) -> None:
        self._exchange, self._limits, self._bases = exchange, limits, tuple(bases)
        self._rest_url, self._cdn_url = rest_url.rstrip("/"), cdn_url.rstrip("/")
        self._token: _Token | None = None
        self._token_lock = asyncio.Lock()

    async def upload(self, path: Path, *, sha256: str | None, expire_s: int | None) -> Uploaded:
        file = await asyncio.to_thread(_look_at, path)
        if sha256 is not None and sha256 != file.sha256:
            raise UploadFailed(
                f"{path.name} changed since it was hashed; it was not uploaded.",
                next="Run again: the plan is made anew from the file as it is now.",
            )
        url = await self._by_either_way(file, expire_s)
        kept_s = KEPT_AT_LEAST_S if expire_s is None else expire_s
        return Uploaded(url, self._exchange.clock.wall() + kept_s)

    async def _by_either_way(self, file: _File, expire_s: int | None) -> str:
        said = []
        for way in (self._to_cdn, self._to_storage):
            try:
                url = await way(file, expire_s)
            except _WayFailed as error:
                said.append(str(error))
                log.warning("upload.failed", way=way.__name__.strip("_"), because=str(error))
                continue
            if may_follow(url, self._bases):
                return url
            said.append("an address that cannot be followed came back")
        raise UploadFailed(
            f"{file.path.name} could not be uploaded ({'; '.join(said)}).",
            next="Nothing was asked and nothing is billed. Check the network, then run again.",
            detail={"remedy": Remedy.RESEND.value, "said": said},
        )

    # The first way: CDN v3, with a token.

    async def _to_cdn(self, file: _File, expire_s: int | None) -> str:
        large = file.bytes > self._limits.one_piece_bytes
        headers = {"Content-Type": file.content_type, "X-Fal-File-Name": file.name}
        if expire_s is not None:
            headers["X-Fal-Object-Lifecycle"] = lifecycle(expire_s)
            headers["X-Fal-Object-Lifecycle-Preference"] = lifecycle(expire_s)
        if large:
            return await self._in_parts(file, headers)
        headers["Content-Length"] = str(file.bytes)
        reply = await self._with_token(
            "POST",
            lambda _: f"{self._cdn_url}/files/upload",
            headers,
            lambda: _bytes_of(file.path, 0, file.bytes),
            self._limits.file_s,
        )
        return _text_at(reply, "access_url")

    async def _in_parts(self, file: _File, headers: Mapping[str, str]) -> str:
        """Large files: begin, put every part (each repeated by itself), complete in order."""
        begun = await self._with_token(
            "POST", lambda token: f"{token.base_url}/files/upload/multipart", headers
        )
        access_url, upload_id = _text_at(begun, "access_url"), _text_at(begun, "uploadId")
        if not may_see_token(access_url, self._bases) or not upload_id.isascii():
            raise _WayFailed("the parts should go to a host that is not fal's")
        base = f"{access_url}/multipart/{upload_id}"
        size = self._limits.part_bytes
        starts = range(0, file.bytes, size)
        slots = asyncio.Semaphore(self._limits.parts_at_once)

        async def put(number: int, start: int) -> dict[str, Any]:
            length = min(size, file.bytes - start)
            async with slots:
                reply = await self._with_token(
                    "PUT",
                    lambda _: f"{base}/{number}",
                    {"Content-Type": file.content_type, "Content-Length": str(length)},
                    lambda: _bytes_of(file.path, start, length),
                    self._limits.file_s,
                )
            etag = reply.headers.get("etag")
            if not etag:
                raise _WayFailed(f"part {number} came back without an etag")
            return {"partNumber": number, "etag": etag}

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(put(number, start)) for number, start in enumerate(starts, 1)
                ]
        except* (_WayFailed, PersonNeeded) as errors:
            raise errors.exceptions[0] from None
        parts = [task.result() for task in tasks]  # in order, as S3-like stores insist
        await self._with_token(
            "POST",
            lambda _: f"{base}/complete",
            {"Content-Type": "application/json"},
            lambda: _once(json.dumps({"parts": parts}).encode()),
        )
        return access_url

    async def _with_token(
        self,
        method: str,
        url: Callable[[_Token], str],
        headers: Mapping[str, str],
        content: Callable[[], AsyncIterator[bytes]] | None = None,
        limit_s: float | None = None,
    ) -> Reply:
        """Send with the CDN's token; a token that is turned away is renewed once."""
        token = await self._cdn_token()
        for again in (True, False):
            reply = await self._send(
                method,
                url(token),
                {**headers, "Authorization": token.header},
                content,
                limit_s,
                final=(401, 403) if again else (),
            )
            if reply.ok:
                return reply
            token = await self._cdn_token(instead_of=token)
        raise _WayFailed("the token was turned away")

    async def _cdn_token(self, instead_of: _Token | None = None) -> _Token:
        async with self._token_lock:
            token = self._token
            fresh = token is not None and token is not instead_of
            if token is not None and fresh and self._exchange.clock.wall() < token.until:
                return token
            reply = await self._send(
                "POST",
                f"{self._rest_url}/storage/auth/token?storage_type=fal-cdn-v3",
                {"Content-Type": "application/json"},
                lambda: _once(b"{}"),
                with_key=True,
            )
            body = reply.mapping() or {}
            base = body.get("base_url")
            usable = isinstance(base, str) and may_see_token(base, self._bases)
            kind = body.get("token_type") or "Bearer"
            self._token = _Token(
                header=f"{kind} {_text_at(reply, 'token')}",
                base_url=str(base).rstrip("/") if usable else self._cdn_url,
                until=self._ends_at(body.get("expires_at")) - TOKEN_MARGIN_S,
            )
            return self._token

    def _ends_at(self, said: object) -> float:
        """When a token ends; an unreadable date makes it good for this call alone."""
        try:
            when = datetime.fromisoformat(str(said).replace("Z", "+00:00"))
        except ValueError:
            return 0.0
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()

    # The second way: an address that is signed for one PUT.

    async def _to_storage(self, file: _File, expire_s: int | None) -> str:
        wanted = {"file_name": file.name, "content_type": file.content_type}
        headers = {"Content-Type": "application/json"}
        if expire_s is not None:
            headers["X-Fal-Object-Lifecycle-Preference"] = lifecycle(expire_s)
        begun = await self._send(
            "POST",
            f"{self._rest_url}/storage/upload/initiate?storage_type=gcs",
            headers,
            lambda: _once(json.dumps(wanted).encode()),
            with_key=True,
        )
        put_to = _text_at(begun, "upload_url")
        if not may_follow(put_to, self._bases):
            raise _WayFailed("the address to put it to cannot be followed")
        await self._send(
            "PUT",
            put_to,
            {"Content-Type": file.content_type, "Content-Length": str(file.bytes)},
            lambda: _bytes_of(file.path, 0, file.bytes),
            self._limits.file_s,
        )
        return _text_at(begun, "file_url")

    async def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: Callable[[], AsyncIterator[bytes]] | None = None,
        limit_s: float | None = None,
        *,
        with_key: bool = False,
        final: Collection[int] = (),
    ) -> Reply:
        """Send until it goes through; statuses in `final` are the caller's to read.

        Raises:
            _WayFailed: it does not go through.
            AccountLocked, KeyRefused: the service turned the account or the key away.
        """
        said = ""
        for attempt in range(self._limits.tries):
            reply: Reply | None = None
            try:
                reply = await self._exchange.send(
                    method,
                    url,
                    headers=headers,
                    content=content() if content is not None else b"",
                    limit_s=limit_s or self._limits.call_s,
                    with_key=with_key,
                )
            except (httpx.RequestError, TimeoutError) as error:
                said = type(error).__name__
            except OSError as error:
                raise _WayFailed(f"the file cannot be read: {error.strerror}") from error
            else:
                if reply.ok:
                    return reply
                said = f"HTTP {reply.status}"
                fault = read_fault(reply.status, reply.headers, reply.json())
                if fault.remedy is Remedy.PAUSE and (with_key or reply.status != 401):
                    raise as_error(fault, "the upload")
                if reply.status in final:
                    return reply
                if reply.status not in PASSING:
                    raise _WayFailed(f"{said} {fault.words}".strip())
            if attempt + 1 < self._limits.tries:
                await self._exchange.pause(attempt, self._limits.repeat, reply)
        raise _WayFailed(f"{said}, {self._limits.tries} times")


def content_type_of(path: Path) -> str:
    """The media type by the name's ending.

    >>> content_type_of(Path("mara.PNG")), content_type_of(Path("x"))
    ('image/png', 'application/octet-stream')
    """
    suffix = path.suffix.lower()
    return TYPES.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"


def _look_at(path: Path) -> _File:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise UploadFailed(
            f"{path.name} cannot be read ({error.strerror}).",
            next="Nothing was asked and nothing is billed. Mend the file, then run again.",
        ) from error
    if size == 0:
        raise UploadFailed(f"{path.name} is empty.", next="Make the file again, then run again.")
    return _File(path, size, digest.hexdigest(), content_type_of(path))


async def _bytes_of(path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0:
            chunk = await asyncio.to_thread(file.read, min(CHUNK, length))
            if not chunk:
                return
            length -= len(chunk)
            yield chunk


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _text_at(reply: Reply, name: str) -> str:
    value = (reply.mapping() or {}).get(name)
    if not isinstance(value, str) or not value:
        raise _WayFailed(f"an answer without {name}")
    return value
