"""Telling of ended jobs by webhook, signed as the service signs, to this machine alone.

Source: fal's page on webhooks (2026): body, headers, what is signed, eleven attempts within two
hours; 3xx is final. The real service refuses addresses of private networks and of itself; this one
refuses all others, so that nobody can use it to reach another host.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import structlog

from scenegraph.animatic.faults import Rule
from scenegraph.animatic.jobs import Job
from scenegraph.settings import LOOPBACK

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

log = structlog.get_logger(__name__)

ATTEMPTS = 11
#: Doubled before each further attempt: ten of them take two hours.
RETRY_S = 7.0
ANSWER_S = 15.0
USER = "animatic"
STALE_S = 600
NOT_JSON = "Response payload is not JSON serializable. The response is available through the queue."

Strike = Callable[[str], Rule | None]


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt to tell of a job: the HTTP code that came back, or None when nothing did."""

    request_id: str
    code: int | None


class Courier:
    """Sends each webhook in a thread of its own, again and again until it is taken.

    Args:
        stop: set when the queue closes; nothing is sent after that.
        retry_s: before the second attempt.

    Attributes:
        sent: every attempt, in order.
    """

    def __init__(self, stop: threading.Event, retry_s: float = RETRY_S) -> None:
        self._stop, self._retry_s = stop, retry_s
        self.sent: list[Sent] = []
        self._made: Ed25519PrivateKey | None = None
        self._lock = threading.Lock()

    @property
    def _key(self) -> Ed25519PrivateKey | None:
        with self._lock:  # two jobs may end at once, and there is one key
            self._made = self._made or new_key()
            return self._made

    def jwks(self) -> dict[str, Any]:
        """The public key, as the service publishes its own: base64url without padding."""
        if self._key is None:
            return {"keys": []}
        raw = self._key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x}]}

    def send(self, job: Job, strike: Strike) -> None:
        """Tell of a job that has ended, beside whatever goes on.

        Args:
            strike: the fault plan, asked once for each effect.
        """
        if not is_ours_to_call(job.webhook or ""):
            log.warning("webhook.not_sent", request_id=job.id, because="not on this machine")
        elif self._key is None:
            log.warning("webhook.not_sent", request_id=job.id, because="no cryptography")
        elif strike("webhook-lost"):
            log.info("webhook.lost", request_id=job.id)
        else:
            threading.Thread(
                target=self._carry, args=(job, strike), name=f"webhook {job.id}", daemon=True
            ).start()

    def _carry(self, job: Job, strike: Strike) -> None:
        late = strike("webhook-late")
        if late is not None and self._stop.wait(late.seconds):
            return
        key = new_key() if strike("webhook-forged") else self._key
        ago = STALE_S if strike("webhook-stale") else 0
        body = json.dumps(payload_of(job, bare=bool(strike("webhook-bare")))).encode()
        again = 2 if strike("webhook-twice") else 1
        assert key is not None and job.webhook is not None
        # No proxy of the environment, no redirect: it goes to this machine or nowhere.
        with httpx.Client(trust_env=False, follow_redirects=False, timeout=ANSWER_S) as http:
            for attempt in range(ATTEMPTS):
                for _ in range(again):
                    headers = signed(key, job.id, body, int(time.time()) - ago)
                    code = _post(http, job.webhook, body, headers)
                    self.sent.append(Sent(job.id, code))
                if code is not None and 200 <= code < 400:
                    return
                if self._stop.wait(self._retry_s * 2**attempt):
                    return
        log.warning("webhook.given_up", request_id=job.id)


def _post(http: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> int | None:
    try:
        return http.post(url, content=body, headers=headers).status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None


def is_ours_to_call(url: str) -> bool:
    """Whether a webhook goes to this machine, by plain http and without a name or a password.

    >>> [is_ours_to_call(url) for url in ("http://127.0.0.1:8322/x", "http://[::1]/",
    ...     "https://me.example/", "http://127.0.0.1@me.example/", "http://169.254.169.254/")]
    [True, True, False, False, False]
    """
    try:
        parts = urlsplit(url)
        there = httpx.URL(url).host  # the one that would be called
    except (ValueError, httpx.InvalidURL):
        return False
    return (
        parts.scheme == "http"
        and parts.hostname in LOOPBACK
        and there == parts.hostname
        and "@" not in parts.netloc
    )


def payload_of(job: Job, *, bare: bool = False) -> dict[str, Any]:
    """What the service sends of an ended job: its own words, not those of the queue."""
    said: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id}
    if job.failure is not None:
        said |= {"status": "ERROR", "error": job.failure.error}
    else:
        said |= {"status": "OK"}
    if bare:
        return {**said, "payload": None, "payload_error": NOT_JSON}
    return {**said, "payload": dict(job.failure.body) if job.failure else job.answer}


def signed(key: Ed25519PrivateKey, request_id: str, body: bytes, at: int) -> dict[str, str]:
    """The headers of a webhook whose body is exactly these bytes. `at` is Unix seconds."""
    digest = hashlib.sha256(body).hexdigest()
    message = "\n".join((request_id, USER, str(at), digest)).encode()
    return {
        "Content-Type": "application/json",
        "X-Fal-Webhook-Request-Id": request_id,
        "X-Fal-Webhook-User-Id": USER,
        "X-Fal-Webhook-Timestamp": str(at),
        "X-Fal-Webhook-Signature": key.sign(message).hex(),
    }


def new_key() -> Ed25519PrivateKey | None:
    """A key to sign with, or None without the package that can."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        return None
    return Ed25519PrivateKey.generate()
