"""Webhooks: believed only when fal's key signed exactly these bytes not long ago."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from scenegraph.fal.exchange import SystemClock
from scenegraph.fal.webhooks import (
    JWKS_URL,
    LOOK_AGAIN_S,
    Delivery,
    Keyring,
    KeysUnavailable,
    WebhookRefused,
    WebhooksMissing,
    create_receiver,
    read_keys,
    verify,
)

ed25519 = pytest.importorskip(
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    reason="signatures need the package 'cryptography' (the extra [webhooks])",
)
pytestmark = pytest.mark.anyio

NOW = 1_790_000_000.0
BODY = json.dumps(
    {
        "request_id": "r-1",
        "gateway_request_id": "g-1",
        "status": "OK",
        "payload": {"video": {"url": "https://v3.fal.media/a.mp4"}, "seed": 7},
    }
).encode()


class Signer:
    """Stands for fal: a key pair, and calls signed with it."""

    def __init__(self) -> None:
        self.private = ed25519.Ed25519PrivateKey.generate()
        self.public: bytes = self.private.public_key().public_bytes_raw()

    def jwk(self, *, pad: bool = False) -> dict[str, str]:
        x = base64.urlsafe_b64encode(self.public).decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x if pad else x.rstrip("=")}

    def headers(
        self, body: bytes = BODY, *, at: float = NOW, id: str = "r-1", user: str = "u-1"
    ) -> dict[str, str]:
        message = f"{id}\n{user}\n{int(at)}\n{hashlib.sha256(body).hexdigest()}".encode()
        return {
            "X-Fal-Webhook-Request-Id": id,
            "X-Fal-Webhook-User-Id": user,
            "X-Fal-Webhook-Timestamp": str(int(at)),
            "X-Fal-Webhook-Signature": self.private.sign(message).hex(),
        }


class WallClock(SystemClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> float:
        return self.time

    wall = now


SIGNER, STRANGER = Signer(), Signer()


def with_header(name: str, value: str | None) -> Callable[[dict[str, str]], dict[str, str]]:
    def change(headers: dict[str, str]) -> dict[str, str]:
        kept = {key: text for key, text in headers.items() if key != f"X-Fal-Webhook-{name}"}
        return kept if value is None else {**kept, f"X-Fal-Webhook-{name}": value}

    return change


def signature(change: Callable[[str], str]) -> Callable[[dict[str, str]], dict[str, str]]:
    name = "X-Fal-Webhook-Signature"
    return lambda headers: {**headers, name: change(headers[name])}


def flipped(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


same = signature(str)


#: What was done to the headers, the body and our time; what it gives; and the harmless twin.
TAMPERED: dict[str, tuple[Any, bytes, float, str, tuple[Any, bytes, float]]] = {
    "body-one-space": (same, BODY + b" ", NOW, "no-key-fits", (same, BODY, NOW)),
    "other-request": (with_header("Request-Id", "r-2"), BODY, NOW, "no-key-fits",
                      (with_header("Request-Id", "r-1"), BODY, NOW)),
    "other-user": (with_header("User-Id", "u-2"), BODY, NOW, "no-key-fits",
                   (with_header("User-Id", "u-1"), BODY, NOW)),
    "padded-time": (with_header("Timestamp", f"0{int(NOW)}"), BODY, NOW, "no-key-fits",
                    (with_header("Timestamp", f"{int(NOW)}"), BODY, NOW)),
    "time-with-fraction": (with_header("Timestamp", str(NOW)), BODY, NOW, "no-time",
                           (same, BODY, NOW + 0.5)),
    "too-old": (same, BODY, NOW + 301, "wrong-time", (same, BODY, NOW + 300)),
    "too-new": (same, BODY, NOW - 301, "wrong-time", (same, BODY, NOW - 300)),
    "signature-bit": (signature(flipped), BODY, NOW, "no-key-fits",
                      (signature(str.upper), BODY, NOW)),
    "signature-base64": (
        signature(lambda s: base64.b64encode(bytes.fromhex(s)).decode()), BODY, NOW,
        "no-signature", (signature(str.lower), BODY, NOW)),
    "no-request-id": (with_header("Request-Id", None), BODY, NOW, "no-header", (same, BODY, NOW)),
    "no-user-id": (with_header("User-Id", None), BODY, NOW, "no-header", (same, BODY, NOW)),
    "no-timestamp": (with_header("Timestamp", None), BODY, NOW, "no-header", (same, BODY, NOW)),
    "no-signature": (with_header("Signature", None), BODY, NOW, "no-header", (same, BODY, NOW)),
}  # fmt: skip


@pytest.mark.parametrize("change, body, now, reason, twin", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_delivery_is_refused_and_its_twin_is_not(
    change: Any, body: bytes, now: float, reason: str, twin: tuple[Any, bytes, float]
) -> None:
    """Each row has the nearest harmless form beside it, so that it could have failed."""
    headers = SIGNER.headers()
    with pytest.raises(WebhookRefused) as refused:
        verify(change(headers), body, [SIGNER.public], now)
    assert refused.value.reason == reason
    said = json.dumps(refused.value.to_json())
    for secret in (headers["X-Fal-Webhook-Signature"], "u-1", SIGNER.public.hex(), "v3.fal.media"):
        assert secret not in said
    assert verify(twin[0](headers), twin[1], [SIGNER.public], twin[2]).request_id == "r-1"


def test_a_line_break_cannot_move_between_the_signed_fields() -> None:
    """`a\\nb` + `c` and `a` + `b\\nc` are one signed text; neither is read."""
    moved = SIGNER.headers(id="r-1\nu", user="1")
    with pytest.raises(WebhookRefused, match="request-id"):
        verify(moved, BODY, [SIGNER.public], NOW)
    assert verify(SIGNER.headers(id="r-1", user="u1"), BODY, [SIGNER.public], NOW)


def test_any_key_may_have_signed_and_none_is_not_enough() -> None:
    """fal rotates its keys; a key that is no key stops nothing."""
    keys = [STRANGER.public, b"short", SIGNER.public]
    assert verify(SIGNER.headers(), BODY, keys, NOW).status == "OK"
    for wrong in ([], [STRANGER.public], [bytes(32)]):
        with pytest.raises(WebhookRefused) as refused:
            verify(SIGNER.headers(), BODY, wrong, NOW)
        assert refused.value.reason == "no-key-fits"


@pytest.mark.parametrize(
    "said, expected",
    [
        (
            {"request_id": "a", "status": "OK", "payload": {"seed": 1}},
            Delivery("a", "OK", payload={"seed": 1}),
        ),
        (
            {"request_id": "a", "status": "OK", "payload": None, "payload_error": "not JSON"},
            Delivery("a", "OK", payload_error="not JSON"),
        ),
        (
            {"request_id": "a", "status": "ERROR", "error": "422", "payload": {"detail": []}},
            Delivery("a", "ERROR", payload={"detail": []}, error="422"),
        ),
        ({"status": "OK", "payload": {}, "new": 1}, Delivery("r-1", "OK", payload={})),
    ],
    ids=["ok", "payload-missing", "error", "id-of-the-header"],
)
def test_a_signed_body_is_read(said: dict[str, Any], expected: Delivery) -> None:
    """With `payload` null the caller fetches the result from the queue."""
    body = json.dumps(said).encode()
    delivery = verify(SIGNER.headers(body), body, [SIGNER.public], NOW)
    assert delivery == expected
    assert delivery.must_be_fetched == (said.get("payload") is None)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"status": "COMPLETED"}', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_says_nothing_is_refused(body: bytes) -> None:
    """A signature proves who speaks, not that it makes sense."""
    with pytest.raises(WebhookRefused) as refused:
        verify(SIGNER.headers(body), body, [SIGNER.public], NOW)
    assert refused.value.reason == "unreadable"


def test_keys_are_read_with_and_without_padding() -> None:
    """43 characters need one `=`, which fal's own sample forgets."""
    assert len(SIGNER.jwk()["x"]) == 43
    other = {"kty": "RSA", "crv": "P-256", "x": SIGNER.jwk()["x"]}
    odd: list[Any] = [None, {"x": 3}, {"x": "*" * 43}, {"x": "AAAA"}, other]
    found = read_keys({"keys": [*odd, SIGNER.jwk(), STRANGER.jwk(pad=True)]})
    assert found == (SIGNER.public, STRANGER.public)
    assert read_keys([]) == read_keys({"keys": "x"}) == read_keys("<html>") == ()


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is optional; a sentence comes in place of a traceback."""
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(WebhooksMissing) as missing:
        verify(SIGNER.headers(), BODY, [SIGNER.public], NOW)
    assert "scenegraph[webhooks]" in missing.value.next


class Fal:
    """Serves its keys, or fails to; counts how often it was asked."""

    def __init__(self, *signers: Signer) -> None:
        self.signers, self.asked = list(signers), 0
        self.broken: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        assert str(request.url) == JWKS_URL and "authorization" not in request.headers
        if isinstance(self.broken, Exception):
            raise self.broken
        return self.broken or httpx.Response(200, json={"keys": [s.jwk() for s in self.signers]})


class Desk:
    """A receiver in process, what it handed on, and fal behind it."""

    def __init__(self, **options: Any) -> None:
        self.fal, self.clock, self.got = Fal(SIGNER), WallClock(), list[Delivery]()
        self.keys_http = httpx.AsyncClient(transport=httpx.MockTransport(self.fal))
        self.keyring = Keyring(self.keys_http, clock=self.clock)
        self.app = create_receiver(self.keyring, self.take, path="/fal", **options)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="https://me.example"
        )

    async def take(self, delivery: Delivery) -> None:
        self.got.append(delivery)
        if delivery.error == "break":
            raise RuntimeError("the caller's own trouble")

    async def post(
        self, body: bytes = BODY, signer: Signer = SIGNER, **options: Any
    ) -> httpx.Response:
        headers = signer.headers(body, at=self.clock.time, **options)
        return await self.http.post("/fal", content=body, headers=headers)


@pytest.fixture
async def desk() -> AsyncIterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def build(**options: Any) -> Desk:
        made.append(Desk(**options))
        return made[-1]

    yield build
    for one in made:
        await one.http.aclose()
        await one.keys_http.aclose()


async def test_keys_are_fetched_once_a_day(desk: Callable[..., Desk]) -> None:
    """fal allows 24 hours; a day later it is asked again."""
    here = desk()
    for _ in range(3):
        await here.keyring.verify(SIGNER.headers(), BODY)
    assert here.fal.asked == 1
    here.clock.time += 24 * 3600
    await here.keyring.verify(SIGNER.headers(at=here.clock.time), BODY)
    assert here.fal.asked == 1
    here.clock.time += 1
    await here.keyring.verify(SIGNER.headers(at=here.clock.time), BODY)
    assert here.fal.asked == 2


async def test_a_rotated_key_is_looked_up_once(desk: Callable[..., Desk]) -> None:
    """A new key works at once; a stranger's signature does not make us ask fal each time."""
    here = desk()
    await here.keyring.verify(SIGNER.headers(), BODY)
    here.fal.signers = [STRANGER]
    assert (await here.keyring.verify(STRANGER.headers(), BODY)).status == "OK"
    assert here.fal.asked == 2
    for _ in range(5):
        with pytest.raises(WebhookRefused):
            await here.keyring.verify(SIGNER.headers(), BODY)
    assert here.fal.asked == 2, "looked up a moment ago"
    here.clock.time += LOOK_AGAIN_S
    with pytest.raises(WebhookRefused):
        await here.keyring.verify(SIGNER.headers(at=NOW - 400), BODY)
    assert here.fal.asked == 2, "only a signature that no key fits is worth a look"
    with pytest.raises(WebhookRefused):
        await here.keyring.verify(SIGNER.headers(at=here.clock.time), BODY)
    assert here.fal.asked == 3


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ConnectError("no route"),
        httpx.Response(503),
        httpx.Response(302, headers={"location": "https://evil.example/jwks"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": []}),
    ],
    ids=["no-network", "503", "redirect", "page", "no-keys"],
)
async def test_without_keys_nothing_is_believed(desk: Callable[..., Desk], broken: Any) -> None:
    """503, so that fal delivers again; kept keys still serve while a look for newer ones fails."""
    here = desk()
    here.fal.broken = broken
    with pytest.raises(KeysUnavailable):
        await here.keyring.verify(SIGNER.headers(), BODY)
    assert (await here.post()).status_code == 503 and here.got == []
    here.fal.broken = None
    assert (await here.post()).status_code == 200 and len(here.got) == 1
    here.fal.broken = broken
    assert (await here.post(signer=STRANGER)).status_code == 401
    assert (await here.post()).status_code == 200


async def test_a_repeated_delivery_is_handed_on_once(desk: Callable[..., Desk]) -> None:
    """fal repeats until it hears 200, and sometimes after."""
    here = desk(most_seen=2)
    for _ in range(3):
        assert (await here.post()).status_code == 200
    assert [one.request_id for one in here.got] == ["r-1"]
    for id in ("r-2", "r-3"):
        body = BODY.replace(b"r-1", id.encode())
        await here.post(body, id=id)
    await here.post()
    assert [one.request_id for one in here.got] == ["r-1", "r-2", "r-3", "r-1"], "bounded memory"


async def test_what_the_caller_raises_is_not_fals_business(desk: Callable[..., Desk]) -> None:
    """The answer was 200 already; the id is forgotten, so a repeated delivery gets through."""
    here = desk()
    body = b'{"request_id": "r-9", "status": "ERROR", "error": "break", "payload": null}'
    for _ in range(2):
        assert (await here.post(body)).status_code == 200
    assert len(here.got) == 2


async def test_it_answers_before_the_work_begins(desk: Callable[..., Desk]) -> None:
    """fal waits 15 s at most and then sends anew; fetching a clip may take longer."""
    here = desk()
    begun, go_on, said = asyncio.Event(), asyncio.Event(), list[dict[str, Any]]()

    async def slow(delivery: Delivery) -> None:
        begun.set()
        await go_on.wait()
        here.got.append(delivery)

    app = create_receiver(here.keyring, slow)
    headers = [(k.lower().encode(), v.encode()) for k, v in SIGNER.headers().items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    async with asyncio.TaskGroup() as group:
        group.create_task(app({**scope, "query_string": b"", "root_path": ""}, receive, send))
        await asyncio.wait_for(begun.wait(), 5)
        assert said[0]["status"] == 200 and not said[-1].get("more_body", False)
        assert here.got == []
        go_on.set()
    assert len(here.got) == 1


async def test_doors_answer_in_sentences(desk: Callable[..., Desk]) -> None:
    """401 for a stranger, 413 for too much, 405 and 404 for the wrong call; none is handed on."""
    here = desk(most_bytes=len(BODY))
    assert (await here.post(BODY + b" ")).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield BODY

    endless = await here.http.post("/fal", content=chunks(), headers=SIGNER.headers())
    assert endless.status_code == 413
    stranger, bare = await here.post(signer=STRANGER), await here.http.post("/fal", content=BODY)
    assert stranger.status_code == bare.status_code == 401
    got, lost = await here.http.get("/fal"), await here.http.post("/elsewhere", content=BODY)
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert lost.status_code == 404 and "/fal" in lost.json()["detail"]
    for reply in (endless, stranger, bare, got, lost):
        assert reply.json()["detail"].endswith(".")
    assert here.got == []
    unreadable = await here.post(b"[]")
    assert unreadable.status_code == 400 and here.got == []
    assert (await here.post()).status_code == 200 and len(here.got) == 1
