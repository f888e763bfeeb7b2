"""The service's own Python client, not changed in any way, over TLS against our queue.

Its hosts come from the environment and are read when it is imported, and it always speaks https: so
it runs in a process of its own, and the queue is served with a certificate made for this test.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from scenegraph.animatic import FaultPlan, create_app

from .conftest import small_render

pytest.importorskip("fal_client", reason="the service's own client is not installed")
x509 = pytest.importorskip(
    "cryptography.x509", reason="a certificate for loopback needs the package 'cryptography'"
)
pytestmark = pytest.mark.ffmpeg

#: What a user of the service would write; nothing of ours is imported.
SCRIPT = """
import json

import fal_client

T2V = "fal-ai/ltxv-13b-098-distilled"
said = {}
handle = fal_client.submit(T2V, {"prompt": "rain", "num_frames": 9, "seed": 5})
said["first"] = type(fal_client.status(T2V, handle.request_id)).__name__
for event in handle.iter_events(with_logs=True, interval=0.02):
    said["last"] = type(event).__name__
said["seed"] = handle.get()["seed"]
said["again"] = fal_client.result(T2V, handle.request_id)["seed"]
said["url"] = handle.get()["video"]["url"]
try:
    fal_client.cancel(T2V, handle.request_id)
except fal_client.FalClientHTTPError as refused:
    said["cancel_ended"] = refused.status_code

slow = fal_client.submit(T2V, {"prompt": "takes long", "num_frames": 9})
waiting = fal_client.submit(T2V, {"prompt": "snow", "num_frames": 9})
said["position"] = waiting.status().position
waiting.cancel()
try:
    waiting.get(interval=0.02)
except fal_client.FalClientHTTPError as refused:
    said["cancelled"] = [refused.status_code, refused.error_type]
print(json.dumps(said))
"""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for `localhost`, good for an hour, and its key."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


class Secure:
    """The queue, one worker, on a free port of this machine behind TLS."""

    def __init__(self, folder: Path) -> None:
        self.cert, key = certificate(folder)
        faults = FaultPlan.of(effect="slow", prompt="takes long", seconds=60)
        self.app = create_app(render=small_render, workers=1, key="id:secret", faults=faults)
        self.server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                port=0,
                log_level="critical",
                ws="none",
                ssl_certfile=str(self.cert),
                ssl_keyfile=str(key),
            )
        )
        self._thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Secure:
        self._thread.start()
        until = time.monotonic() + 20
        while not self.server.started:
            assert self._thread.is_alive() and time.monotonic() < until, "the queue did not open"
            time.sleep(0.01)
        self.host = f"localhost:{self.server.servers[0].sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self._thread.join(10)
        self.app.state.queue.close()

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """The script, with the hosts and the certificate in its environment alone."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith(("FAL_", "SSL_"))
        }
        env = {
            **kept,
            "FAL_KEY": "id:secret",
            "FAL_RUN_HOST": self.host,
            "FAL_QUEUE_RUN_HOST": self.host,
            "SSL_CERT_FILE": str(self.cert),
            **environment,
        }
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, timeout=60
        )


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with Secure(tmp_path_factory.mktemp("tls")) as served:
        yield served


def test_the_unchanged_client_submits_reads_gets_and_cancels(secure: Secure) -> None:
    """Nothing is patched: what its users run is what runs here."""
    ran = secure.run()
    assert ran.returncode == 0, ran.stderr[-2000:]
    said: dict[str, Any] = json.loads(ran.stdout)
    url = said.pop("url")
    assert url.startswith(f"https://{secure.host}/")
    assert said.pop("first") in ("Queued", "InProgress", "Completed")
    assert said == {
        "last": "Completed",
        "seed": 5,
        "again": 5,
        "cancel_ended": 400,
        "position": 0,
        "cancelled": [499, "client_cancelled"],
    }
    prompts = [body["prompt"] for body in secure.app.state.queue.submits]
    assert prompts == ["rain", "takes long", "snow"], "each was paid once"


def test_it_could_have_failed(secure: Secure) -> None:
    """The key is really asked for, and so is the certificate."""
    before = len(secure.app.state.queue.submits)
    ran = secure.run(FAL_KEY="id:wrong")
    assert ran.returncode != 0 and "401" in ran.stderr
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"https://{secure.host}/", trust_env=False)
    assert len(secure.app.state.queue.submits) == before
