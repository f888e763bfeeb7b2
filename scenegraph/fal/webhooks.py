"""Webhooks: fal tells us that a job has ended, and we believe it only when its signature fits.

SceneGraphError
├── WebhookRefused       this call does not prove that it is fal's: nothing is done
├── KeysUnavailable      fal's keys cannot be read now: answered 503, so it is delivered again
└── SceneError
    └── WebhooksMissing  the `cryptography` package is not installed

A webhook is a shortcut, never the only way home: it may come twice, late or not at all, so a job
that is out is polled for all the same.

Source: fal's page on webhooks (2026). Its own Python sample decodes the keys without padding and
fails on 43 characters; padding is added here.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scenegraph.errors import SceneError, SceneGraphError
from scenegraph.fal.exchange import Clock, Exchange, KeyAuth, SystemClock

log = structlog.get_logger()

JWKS_URL = "https://rest.fal.ai/.well-known/jwks.json"
#: fal: cache the keys no longer than this.
KEPT_S = 24 * 3600.0
#: After a look for new keys that did not help: strangers must not make us ask fal all day.
LOOK_AGAIN_S = 60.0
#: How far a delivery's time may be from ours, either way.
MOST_OFF_S = 300
#: An answer of these models is a few hundred bytes; other models may send more.
MOST_BODY = 4 * 2**20
#: Ids that a receiver remembers, so that a repeated delivery is known as one.
MOST_SEEN = 10_000

REQUEST_ID, USER_ID, TIMESTAMP, SIGNATURE = (
    "x-fal-webhook-request-id",
    "x-fal-webhook-user-id",
    "x-fal-webhook-timestamp",
    "x-fal-webhook-signature",
)
_HEX_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")
_WHOLE_SECONDS = re.compile(r"[0-9]{1,15}")

Reason = Literal["no-header", "no-time", "wrong-time", "no-signature", "no-key-fits", "unreadable"]


class WebhookRefused(SceneGraphError):
    """A delivery that is not believed. `reason` is for machines; no text quotes what was sent."""

    kind = "webhook-refused"

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message, next="Nothing was done; polling tells how the job stands.")
        self.reason: Reason = reason


class KeysUnavailable(SceneGraphError):
    """fal's public keys cannot be read now, so no delivery can be checked."""

    kind = "webhook-keys"


class WebhooksMissing(SceneError):
    """Signatures cannot be checked on this installation."""

    kind = "webhooks-missing"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a believed webhook says: this job has ended.

    Attributes:
        request_id: the job's id. Deliveries repeat: whatever is done, is done once for each id.
        status: `OK` or `ERROR`; these are not the queue's words.
        payload: the model's answer, or its error's body. None when fal could not send it or had
            none: the caller then fetches the result from the queue by `request_id`.
        payload_error: why the payload is missing.
        error: what went wrong with the job, in fal's words.
    """

    request_id: str
    status: Literal["OK", "ERROR"]
    gateway_request_id: str | None = None
    payload: Any = field(default=None, repr=False)
    payload_error: str | None = None
    error: str | None = None

    @property
    def must_be_fetched(self) -> bool:
        """The payload is not in it; the queue still has the result.

        >>> Delivery("r1", "OK").must_be_fetched, Delivery("r1", "OK", payload={}).must_be_fetched
        (True, False)
        """
        return self.payload is None


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> Delivery:
    """The delivery, if one of `keys` signed exactly these bytes not long ago. Pure.

    Args:
        headers: of the call, in any case.
        body: as it came, before any reading: one changed space is another message.
        keys: raw ED25519 public keys, 32 bytes each; any of them may have signed.
        now: Unix seconds.

    Raises:
        WebhookRefused: for the first reason found; its text names no key and no signature.
        WebhooksMissing: `cryptography` is not installed.
    """
    given = {name.lower(): value for name, value in headers.items()}
    for name in (REQUEST_ID, USER_ID, TIMESTAMP, SIGNATURE):
        # A line break inside would let one signed text be read as another.
        if not given.get(name, "").strip() or not given[name].isprintable():
            raise WebhookRefused("no-header", f"The header {name} is missing or unreadable.")
    timestamp, signature = given[TIMESTAMP], given[SIGNATURE]
    if not _WHOLE_SECONDS.fullmatch(timestamp):
        raise WebhookRefused("no-time", "The delivery's time is not in whole Unix seconds.")
    if abs(now - int(timestamp)) > MOST_OFF_S:
        raise WebhookRefused(
            "wrong-time", f"The delivery's time is more than {MOST_OFF_S} s from ours."
        )
    if not _HEX_SIGNATURE.fullmatch(signature):
        raise WebhookRefused("no-signature", "The signature is not 64 bytes in hex.")
    digest = hashlib.sha256(body).hexdigest()
    message = "\n".join((given[REQUEST_ID], given[USER_ID], timestamp, digest)).encode()
    if not _is_signed(message, bytes.fromhex(signature), keys):
        raise WebhookRefused("no-key-fits", "No key of fal's signed this delivery.")
    return _read(body, given[REQUEST_ID])


def _is_signed(message: bytes, signature: bytes, keys: Sequence[bytes]) -> bool:
    check = _checker()
    return any(check(key, signature, message) for key in keys)


def _checker() -> Callable[[bytes, bytes, bytes], bool]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise WebhooksMissing(
            "Webhooks cannot be checked: the package 'cryptography' is not installed.",
            next="pip install 'scenegraph[webhooks]', or leave webhooks out: polling needs none.",
        ) from error

    def check(key: bytes, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    return check


def _read(body: bytes, signed_id: str) -> Delivery:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    status = said.get("status") if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or status not in ("OK", "ERROR"):
        raise WebhookRefused("unreadable", "The delivery is signed, and says nothing we can read.")
    return Delivery(
        request_id=_text(said.get("request_id")) or signed_id,
        status=status,
        gateway_request_id=_text(said.get("gateway_request_id")),
        payload=said.get("payload"),
        payload_error=_text(said.get("payload_error")),
        error=_text(said.get("error")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def read_keys(jwks: object) -> tuple[bytes, ...]:
    """The ED25519 keys of a JWKS document; entries of another kind or length are passed over.

    >>> read_keys({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, {"x": "AA"}]})[0].hex()
    '0000000000000000000000000000000000000000000000000000000000000000'
    """
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    keys = []
    for entry in entries if isinstance(entries, list) else ():
        x = entry.get("x") if isinstance(entry, Mapping) else None
        if not isinstance(x, str) or entry.get("crv", "Ed25519") != "Ed25519":
            continue
        bare = x.rstrip("=")
        try:
            key = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(key) == 32:
            keys.append(key)
    return tuple(keys)


class Keyring:
    """fal's public keys: fetched when first needed, kept for a day, looked up anew when none fits.

    Args:
        http: asked without any credentials; the caller closes it.
        clock: time, for tests.
    """

    def __init__(
        self, http: httpx.AsyncClient, *, url: str = JWKS_URL, clock: Clock | None = None
    ) -> None:
        self._clock = clock or SystemClock()
        self._exchange = Exchange(http, KeyAuth(None, ()), clock=self._clock)
        self._url = url
        self._keys: tuple[bytes, ...] = ()
        self._fetched_at = self._looked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """`verify` with fal's keys and our clock; when no key fits, once more with new ones.

        Raises:
            WebhookRefused, WebhooksMissing: as `verify`.
            KeysUnavailable: there are no keys to check with.
        """
        keys = await self._kept()
        try:
            return verify(headers, body, keys, self._clock.wall())
        except WebhookRefused as refused:
            newer = await self._newer(keys) if refused.reason == "no-key-fits" else keys
            if newer == keys:
                raise
            return verify(headers, body, newer, self._clock.wall())

    async def _kept(self) -> tuple[bytes, ...]:
        async with self._lock:
            if not self._keys or self._clock.now() - self._fetched_at > KEPT_S:
                await self._fetch()
            return self._keys

    async def _newer(self, than: tuple[bytes, ...]) -> tuple[bytes, ...]:
        async with self._lock:
            waited = self._clock.now() - self._looked_at
            if self._keys == than and waited >= LOOK_AGAIN_S:
                self._looked_at = self._clock.now()
                try:
                    await self._fetch()
                except KeysUnavailable as error:
                    log.warning("webhook.keys_kept", because=error.message)
            return self._keys

    async def _fetch(self) -> None:
        try:
            reply = await self._exchange.send("GET", self._url, limit_s=20.0, with_key=False)
        except (httpx.RequestError, TimeoutError) as error:
            raise _unavailable(type(error).__name__) from error
        if not reply.ok:
            raise _unavailable(f"HTTP {reply.status}")
        keys = read_keys(reply.json())
        if not keys:
            raise _unavailable("no key in the answer")
        self._keys, self._fetched_at = keys, self._clock.now()


def _unavailable(said: str) -> KeysUnavailable:
    return KeysUnavailable(
        f"fal's public keys cannot be read now ({said}), so no webhook can be checked.",
        next="fal delivers again by itself; until then polling tells how jobs stand.",
    )


OnDelivery = Callable[[Delivery], Awaitable[None]]


def create_receiver(
    keyring: Keyring,
    on_delivery: OnDelivery,
    *,
    path: str = "/",
    most_bytes: int = MOST_BODY,
    most_seen: int = MOST_SEEN,
) -> Starlette:
    """An app that takes fal's webhooks at `path` and hands each believed one on, once.

    It answers 200 before `on_delivery` has begun: fal gives up a slow answer and sends it anew.
    What `on_delivery` raises is logged and the id forgotten; the job is still to be had by polling.

    Args:
        most_bytes: of a body; more is answered 413 unread.
        most_seen: ids that are remembered. A delivery repeated after that many others, or after a
            restart, is handed on again.

    Raises:
        WebhooksMissing: `cryptography` is not installed; said here, not at the first delivery.
    """
    _checker()
    seen: OrderedDict[str, None] = OrderedDict()

    async def hand_on(delivery: Delivery) -> None:
        try:
            await on_delivery(delivery)
        except Exception:
            seen.pop(delivery.request_id, None)
            log.exception("webhook.failed", request_id=delivery.request_id)

    async def receive(request: Request) -> Response:
        body = await _body_of(request, most_bytes)
        if body is None:
            return _say(413, f"A delivery has at most {most_bytes} bytes.")
        try:
            delivery = await keyring.verify(request.headers, body)
        except WebhookRefused as refused:
            log.warning("webhook.refused", reason=refused.reason)
            return _say(400 if refused.reason == "unreadable" else 401, refused.message)
        except KeysUnavailable as error:
            log.warning("webhook.unchecked", because=error.message)
            return _say(503, error.message)
        if delivery.request_id in seen:
            log.info("webhook.repeated", request_id=delivery.request_id)
            return JSONResponse({"status": "known"})
        seen[delivery.request_id] = None
        while len(seen) > most_seen:
            seen.popitem(last=False)
        log.info("webhook.received", request_id=delivery.request_id, status=delivery.status)
        return JSONResponse({"status": "taken"}, background=BackgroundTask(hand_on, delivery))

    async def explain(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = {
            404: f"There is nothing here; webhooks are taken at {path}.",
            405: "Webhooks are POSTed; nothing else is answered here.",
        }
        return _say(error.status_code, words[error.status_code], error.headers)

    return Starlette(
        routes=[Route(path, receive, methods=["POST"])],
        exception_handlers={404: explain, 405: explain},
    )


async def _body_of(request: Request, most: int) -> bytes | None:
    """The body, or None once it is known to be larger than `most`."""
    promised = request.headers.get("content-length", "")
    if promised.isdigit() and int(promised) > most:
        return None
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return None
    except ClientDisconnect:
        return b""  # nobody listens; the empty body fails its check
    return bytes(body)


def _say(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"detail": words}, status, headers=headers)
