"""The key: in one header, to two hosts, and nowhere else, whatever goes wrong."""

from __future__ import annotations

import traceback

import httpx
import pytest
import structlog

from scenegraph.errors import SceneGraphError
from scenegraph.fal import FalClient, QueueUrls
from scenegraph.settings import Settings

BASE = "https://queue.fal.run/fal-ai/x/requests/r1"
URLS = QueueUrls(status=f"{BASE}/status", response=BASE, cancel=f"{BASE}/cancel")


def _echo(request: httpx.Request) -> httpx.Response:
    """A service that repeats the key in its error, as some proxies do."""
    sent = request.headers.get("authorization", "")
    return httpx.Response(422, json={"detail": f"bad credentials {sent!r}", "you": sent})


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [_echo, httpx.ReadTimeout("slow"), httpx.Response(401)])
async def test_the_key_is_in_no_error_log_or_repr(fault, serve, key, tmp_path):
    """Errors end up in ledgers, reports and bug trackers."""
    file = tmp_path / "x.png"
    file.write_bytes(b"x")
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        service = serve(fault)
        client = service.client()
        said.append(repr(client) + repr(client._exchange.auth) + repr(vars(client)))
        for call in (
            lambda: client.submit("fal-ai/x", {}),
            lambda: client.status(URLS),
            lambda: client.result(URLS),
            lambda: client.cancel(URLS),
            lambda: client.upload(file),
            lambda: client.download("https://v3b.fal.media/a.mp4", tmp_path / "a.mp4"),
        ):
            try:
                await call()
            except SceneGraphError as error:
                said += [repr(error), str(error.to_json()), repr(vars(error))]
                said.append("".join(traceback.format_exception(error)))
    said.append(repr(logs))
    assert len(said) > 15 and any("authorization" in r.headers for r in service.requests)
    for secret in (key, key.split(":")[1]):
        assert not any(secret in text for text in said)


@pytest.mark.anyio
async def test_an_answer_that_repeats_the_key_is_scrubbed(serve, key):
    """`raw` is written to the ledger."""
    body = {"video": {"url": "https://v3b.fal.media/a.mp4"}, "debug": f"Key {key}"}
    answer = await serve(httpx.Response(200, json=body)).client().result(URLS)
    assert key not in repr(answer.raw) and answer.raw["debug"] == "Key ***"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url, sees_it",
    [
        (f"{BASE}/status", True),
        ("https://eu.queue.fal.run/a/b/requests/r/status", True),
        ("https://queue.fal.run.evil.io/status", False),
        ("https://evil.io/queue.fal.run/status", False),
        ("http://queue.fal.run/a/b/requests/r/status", False),
        ("https://queue.fal.run:8443/status", True),
        ("https://v3b.fal.media/a", False),
    ],
)
async def test_the_key_goes_to_the_queue_alone(url, sees_it, serve):
    """Even an address out of a tampered ledger does not see it."""
    service = serve(httpx.Response(200, json={"status": "COMPLETED"}))
    await service.client().status(QueueUrls(url, url, url))
    assert ("authorization" in service.requests[0].headers) is sees_it


@pytest.mark.anyio
async def test_a_client_from_the_settings_takes_key_and_hosts(monkeypatch):
    """Both forms of the key; the client closes what it opened."""
    monkeypatch.setenv("FAL_KEY_ID", "an-id")
    monkeypatch.setenv("FAL_KEY_SECRET", "a-secret")
    monkeypatch.setenv("SCENEGRAPH_FAL_QUEUE_URL", "http://127.0.0.1:9")
    async with FalClient.from_settings(Settings()) as client:
        assert "key set" in repr(client) and "http://127.0.0.1:9" in repr(client)
        assert client.urls_for("fal-ai/x", "r1").status.startswith("http://127.0.0.1:9/")
        assert "a-secret" not in repr(client)
    assert client._http.is_closed
