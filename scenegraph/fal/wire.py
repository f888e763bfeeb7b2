"""What travels: values of the queue's answers, read tolerantly. Unknown keys are never an error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

from scenegraph.ledger.takes import QueueUrls

QueueState = Literal["queued", "running", "completed"]
#: Only the first three exist. The others are what a caller would expect to end a job with: should
#: one appear, the result is asked for, which says what really happened.
WORDS: Mapping[str, QueueState] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "running",
    "COMPLETED": "completed",
    "FAILED": "completed",
    "ERROR": "completed",
    "CANCELLED": "completed",
    "CANCELED": "completed",
}
#: Log lines that one status keeps; a chatty model must not fill the memory.
MOST_LOGS = 200


@dataclass(frozen=True, slots=True)
class Submitted:
    """The queue took the job. Its id must be durable before anything else is asked."""

    request_id: str
    urls: QueueUrls
    queue_position: int | None = None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One reading of a job. `completed` means ended, not succeeded: ask for the result.

    Attributes:
        word: the service's own word, kept because unknown ones are read as `queued` or `running`.
        logs: last messages, oldest first.
        metrics: such as `{"inference_time": 12.3}`; empty when the service gives none.
    """

    state: QueueState
    position: int | None = None
    logs: tuple[str, ...] = ()
    error: str | None = None
    error_type: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    word: str = ""

    @property
    def failed(self) -> bool:
        """It has ended, and says why it went wrong. False does not mean that it went well."""
        return self.state == "completed" and bool(self.error or self.error_type)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a finished job gave. Size, rate and frame count are not in it: probe the file.

    Attributes:
        seed: None when the answer leaves it out, against its own schema.
        billable_units: of the header `X-Fal-Billable-Units`, when it is given.
    """

    video_url: str
    seed: int | None = None
    prompt: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    billable_units: Decimal | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An input that the service can now read. `expires_at` is in seconds since 1970."""

    url: str
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that came in whole: its name here, what its bytes hash to, how many there are."""

    path: Path
    sha256: str
    bytes: int
    content_type: str | None = None


CancelOutcome = Literal["accepted", "too-late", "gone"]


def read_status(body: Mapping[str, Any]) -> QueueStatus:
    """A status body of any known age: keys may be missing or null, words may be new.

    >>> read_status({"status": "IN_QUEUE", "queue_position": 3}).position
    3
    >>> read_status({"status": "PROVISIONING", "logs": None}).state
    'running'
    """
    word = str(body.get("status") or "")
    position = body.get("queue_position")
    position = position if isinstance(position, int) and not isinstance(position, bool) else None
    state = WORDS.get(word.upper(), "queued" if position is not None else "running")
    metrics = body.get("metrics")
    error, error_type = body.get("error"), body.get("error_type")
    return QueueStatus(
        state=state,
        position=position,
        logs=_read_logs(body.get("logs")),
        error=_as_text(error),
        error_type=error_type if isinstance(error_type, str) and error_type else None,
        metrics=dict(metrics) if isinstance(metrics, Mapping) else {},
        word=word,
    )


def _read_logs(logs: Any) -> tuple[str, ...]:
    if not isinstance(logs, Sequence) or isinstance(logs, str):
        return ()
    lines = []
    for entry in logs[-MOST_LOGS:]:
        message = entry.get("message") if isinstance(entry, Mapping) else entry
        if isinstance(message, str):
            lines.append(message[:2000])
    return tuple(lines)


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else str(value)[:2000]


def read_video_url(body: Mapping[str, Any]) -> str | None:
    """The address of the clip: `video.url`, or None when the answer carries none."""
    video = body.get("video")
    url = video.get("url") if isinstance(video, Mapping) else video
    return url if isinstance(url, str) and url else None


def read_seed(body: Mapping[str, Any]) -> int | None:
    """The seed that was used. Some answers leave it out, or write it as 12.0."""
    seed = body.get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int | float) or not math.isfinite(seed):
        return None
    return int(seed)


def read_units(header: str | None) -> Decimal | None:
    """`X-Fal-Billable-Units` as a number; None when it is missing or makes no sense.

    >>> read_units("5.0417"), read_units("n/a"), read_units("-1")
    (Decimal('5.0417'), None, None)
    """
    try:
        units = Decimal((header or "").strip())
    except InvalidOperation:
        return None
    return units if units.is_finite() and units >= 0 else None
