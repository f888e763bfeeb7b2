"""Uploads by both of the service's protocols, and downloads, with their faults."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from scenegraph.animatic.answers import LOCKED
from scenegraph.animatic.faults import Rule
from scenegraph.animatic.lost import Lost
from scenegraph.animatic.storage import TYPES, Storage, TooLarge, part_of

CHUNK = 65536
TOKEN_LIFE = timedelta(hours=1)
EXPIRED = (
    "<!DOCTYPE html><html><head><title>403 Forbidden</title></head>"
    "<body>Request has expired</body></html>"
)


def routes() -> list[Route]:
    """Storage and CDN paths; they come before the queue's, which take any other path."""
    upload = "/files/b/{drawer}/{name}/multipart/{upload}"
    return [
        Route("/storage/auth/token", _token, methods=["POST"]),
        Route("/storage/upload/initiate", _initiate, methods=["POST"]),
        Route("/storage/upload/initiate-multipart", _initiate, methods=["POST"]),
        Route("/files/upload", _upload, methods=["POST"]),
        Route("/files/upload/multipart", _begin_parts, methods=["POST"]),
        Route("/files/put/b/{drawer}/{name}", _put, methods=["PUT"]),
        Route("/files/put/b/{drawer}/{name}/complete", _complete, methods=["POST"]),
        Route("/files/put/b/{drawer}/{name}/{number:int}", _put_part, methods=["PUT"]),
        Route(f"{upload}/complete", _complete, methods=["POST"]),
        Route(f"{upload}/{{number:int}}", _put_part, methods=["PUT"]),
        Route("/files/b/{drawer}/{name}", _download, methods=["GET"]),
    ]


def base_of(request: Request) -> str:
    """Scheme and host that the client called; from now on a host whose URLs are ours."""
    parts = urlsplit(str(request.url))
    storage_of(request).hosts.add(parts.netloc)
    return f"{parts.scheme}://{parts.netloc}"


def storage_of(request: Request) -> Storage:
    storage: Storage = request.app.state.queue.storage
    return storage


def refused(request: Request) -> Response | None:
    """401 when a key is wanted and another one, or none, was sent."""
    key = request.app.state.key
    sent = request.headers.get("authorization", "")
    if key is None or secrets.compare_digest(sent.encode(), f"Key {key}".encode()):
        return None
    return JSONResponse({"detail": "Cannot access application: authentication is required"}, 401)


async def read_limited(request: Request, most: int) -> bytes | None:
    """The whole body, or None when it is larger than `most`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _strike(request: Request, *effects: str) -> Rule | None:
    """A fault of an upload: `submit` counts uploads here."""
    queue = request.app.state.queue
    number = len(queue.storage.uploads) + 1
    found: Rule | None = queue.faults.strike(*effects, submit=number, endpoint="", prompt="")
    return found


def _locked(request: Request) -> Response | None:
    """A locked account cannot begin an upload; an `after` of the rule still counts submits."""
    queue = request.app.state.queue
    rule = queue.faults.strike("locked", submit=queue.coming(), endpoint="", prompt="")
    return JSONResponse({"detail": rule.message or LOCKED}, 403) if rule else None


def _broken(request: Request) -> Response | None:
    rule = _strike(request, "upload-error", "upload-drop")
    if rule is None:
        return None
    if rule.effect == "upload-drop":
        return Lost()
    return JSONResponse({"detail": rule.message or "Upload failed"}, rule.status)


async def _token(request: Request) -> Response:
    if refusal := refused(request) or _locked(request) or _broken(request):
        return refusal
    token = {
        "token": secrets.token_urlsafe(24),
        "token_type": "Bearer",
        "base_url": base_of(request),
        "expires_at": (datetime.now(UTC) + TOKEN_LIFE).isoformat(),
    }
    storage_of(request).tokens.add(token["token"])
    return JSONResponse(token)


def _untrusted(request: Request) -> Response | None:
    """CDN calls carry the token's word, not the key."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if request.app.state.key is None or token in storage_of(request).tokens:
        return None
    return JSONResponse({"detail": f"Invalid {kind or 'token'}"}, 401)


async def _receive(request: Request, name: str, place: Path | None = None) -> Any:
    content_type = request.headers.get("content-type", "application/octet-stream")
    try:
        return await storage_of(request).receive(name, content_type, request.stream(), place)
    except TooLarge:
        return JSONResponse({"detail": "File too large"}, 413)
    except ClientDisconnect:
        return JSONResponse({"detail": "Upload was not finished"}, 499)


async def _upload(request: Request) -> Response:
    if refusal := _untrusted(request) or _broken(request):
        return refusal
    upload = await _receive(request, request.headers.get("x-fal-file-name", "upload.bin"))
    if isinstance(upload, Response):
        return upload
    return JSONResponse({"access_url": f"{base_of(request)}{upload.url_path}"})


async def _begin_parts(request: Request) -> Response:
    if refusal := _untrusted(request) or _broken(request):
        return refusal
    _, url_path = storage_of(request).new(request.headers.get("x-fal-file-name", "upload.bin"))
    answer = {"access_url": f"{base_of(request)}{url_path}", "uploadId": secrets.token_hex(8)}
    return JSONResponse(answer)


async def _initiate(request: Request) -> Response:
    if refusal := refused(request) or _locked(request) or _broken(request):
        return refusal
    try:
        body = json.loads(await read_limited(request, CHUNK) or b"")
        name = str(body.get("file_name") or "upload.bin")
    except (ValueError, AttributeError):
        return JSONResponse({"detail": "Request body is not valid JSON"}, 400)
    _, url_path = storage_of(request).new(name)
    base = base_of(request)
    put = url_path.replace("/files/b/", "/files/put/b/", 1)
    return JSONResponse({"upload_url": f"{base}{put}", "file_url": f"{base}{url_path}"})


def _promised(request: Request) -> Path | None:
    """The place that an earlier call promised for this upload."""
    parts = request.path_params
    place = storage_of(request).folder / parts["drawer"] / parts["name"]
    inside = place.parent.parent == storage_of(request).folder and place.parent.is_dir()
    return place if inside and not {parts["drawer"], parts["name"]} & {".", ".."} else None


async def _put(request: Request) -> Response:
    place = _promised(request)
    if place is None:
        return JSONResponse({"detail": "No such upload"}, 404)
    upload = await _receive(request, place.name, place)
    return upload if isinstance(upload, Response) else Response(status_code=200)


async def _put_part(request: Request) -> Response:
    place = _promised(request)
    number = int(request.path_params["number"])
    if place is None or not 1 <= number <= 10_000:
        return JSONResponse({"detail": "No such upload"}, 404)
    body = await read_limited(request, 512 * 2**20)
    if body is None:
        return JSONResponse({"detail": "Part too large"}, 413)
    part_of(place, number).write_bytes(body)
    return Response(headers={"etag": f'"{secrets.token_hex(16)}"'})


async def _complete(request: Request) -> Response:
    """Parts are named in the order in which they arrived, not in their own."""
    place = _promised(request)
    try:
        body = json.loads(await read_limited(request, 2**20) or b"")
        numbers = [int(part["partNumber"]) for part in body["parts"]]
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"detail": "Request body is not valid JSON"}, 400)
    if place is None or not all(part_of(place, number).is_file() for number in numbers):
        return JSONResponse({"detail": "No such part"}, 404)
    await storage_of(request).join(place, numbers)
    return JSONResponse({"url": f"{base_of(request)}/files/b/{place.parent.name}/{place.name}"})


async def _download(request: Request) -> Response:
    queue = request.app.state.queue
    queue.count("download")
    path = storage_of(request).at(request.url.path)
    if path is None:
        return HTMLResponse("<html><body>Not found</body></html>", 404)
    job = queue.jobs.get(path.stem)
    rule = queue.faults.strike(
        "download-slow",
        "download-truncated",
        "download-expired",
        "download-error",
        submit=job.number if job else 1,
        endpoint=job.endpoint if job else "",
        prompt=job.prompt if job else "",
    )
    match rule.effect if rule else None:
        case "download-expired":
            return HTMLResponse(EXPIRED, 403)
        case "download-error":
            return JSONResponse({"detail": "Internal server error"}, rule.status)
        case "download-slow" | "download-truncated":
            return _Trickle(path, rule)
    content_type = TYPES.get(path.suffix.lower(), "application/octet-stream")
    caching = {"cache-control": "public, max-age=5184000"}
    return FileResponse(path, media_type=content_type, headers=caching)


class _Trickle(Response):
    """A file that comes slowly, or ends before its promised length."""

    def __init__(self, path: Path, rule: Rule) -> None:
        super().__init__(media_type="video/mp4")
        self._path, self._rule = path, rule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive  # ASGI passes them; this answer is the same for all
        content = self._path.read_bytes()
        length = str(len(content)).encode()
        headers = [(b"content-length", length), (b"content-type", b"video/mp4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        slow = self._rule.effect == "download-slow"
        whole = len(content) if slow else int(len(content) * self._rule.fraction)
        async for chunk in _paced(content[:whole], self._rule.bytes_per_s if slow else None):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if slow:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _paced(content: bytes, bytes_per_s: float | None) -> AsyncIterator[bytes]:
    step = CHUNK if bytes_per_s is None else max(1, min(CHUNK, int(bytes_per_s / 10)))
    for at in range(0, len(content), step):
        yield content[at : at + step]
        if bytes_per_s is not None:
            await anyio.sleep(step / bytes_per_s)
