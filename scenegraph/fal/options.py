"""What a caller may choose: headers of a request, and how long and how often anything is tried."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from scenegraph.fal.exchange import Backoff


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """What goes beside the request, as headers.

    Attributes:
        priority: `low` waits behind every other customer of the endpoint.
        start_timeout_s: start deadline (queue wait and failed attempts), not a limit of the work.
        expire_s: how long the service keeps the generated file; None: as the account says.
        no_retry: forbid the platform's own repeats (up to 10, after 503, 504 and lost runners).
        store_io: False: the service does not store the request; the answer is kept an hour only.
        webhook: an address that is told when the job has ended.
    """

    priority: Literal["normal", "low"] | None = None
    start_timeout_s: float | None = None
    expire_s: int | None = None
    no_retry: bool = False
    store_io: bool = True
    runner_hint: str | None = None
    webhook: str | None = None

    def headers(self) -> dict[str, str]:
        """`x-app-fal-disable-fallback` is always there: a silent model swap breaks continuity."""
        headers = {"x-app-fal-disable-fallback": "true"}
        if self.priority:
            headers["X-Fal-Queue-Priority"] = self.priority
        if self.start_timeout_s is not None:
            headers["X-Fal-Request-Timeout"] = str(max(1.0, self.start_timeout_s))
        if self.expire_s is not None:
            headers["X-Fal-Object-Lifecycle-Preference"] = lifecycle(self.expire_s)
        if self.no_retry:
            headers["X-Fal-No-Retry"] = "1"
        if not self.store_io:
            headers["X-Fal-Store-IO"] = "0"
        if self.runner_hint:
            headers["X-Fal-Runner-Hint"] = self.runner_hint
        return headers

    def params(self) -> dict[str, str]:
        return {"fal_webhook": self.webhook} if self.webhook else {}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, and how often. Seconds of wall clock; no call of this room can hang.

    Attributes:
        poll: waits between two readings of one job.
        poll_told: the same while a webhook should tell of its end; what a lost one costs at most.
        polls_per_s: readings of all jobs together; hundreds in flight are polled more slowly each.
        patience_s: how long GETs may fail without a break before a job is left for a later run.
        job_s: how long one job is waited for.
    """

    submit_s: float = 120.0
    get_s: float = 60.0
    submit_tries: int = 5
    patience_s: float = 600.0
    result_patience_s: float = 180.0
    job_s: float = 6 * 3600.0
    poll: Backoff = field(default_factory=lambda: Backoff(0.5, 8.0, 1.5))
    poll_told: Backoff = field(default_factory=lambda: Backoff(15.0, 60.0, 1.5))
    polls_per_s: float = 20.0
    repeat: Backoff = field(default_factory=lambda: Backoff(0.5, 15.0, 2.0))
    resend: Backoff = field(default_factory=lambda: Backoff(1.0, 30.0, 2.0))


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How large, how long, how often an upload."""

    one_piece_bytes: int = 100 * 1024 * 1024
    part_bytes: int = 10 * 1024 * 1024
    parts_at_once: int = 4
    tries: int = 4
    call_s: float = 60.0
    file_s: float = 900.0
    repeat: Backoff = field(default_factory=lambda: Backoff(0.5, 15.0, 2.0))


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """How large, how long, how often a download."""

    most_bytes: int = 4 * 1024**3
    tries: int = 5
    file_s: float = 900.0
    repeat: Backoff = field(default_factory=lambda: Backoff(0.5, 15.0, 2.0))


def lifecycle(expire_s: int) -> str:
    """The header value that gives a file its lifetime.

    >>> lifecycle(3600)
    '{"expiration_duration_seconds": 3600}'
    """
    return json.dumps({"expiration_duration_seconds": expire_s})
