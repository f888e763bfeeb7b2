"""Asking: the only room that knows fal's words.

A request goes out and comes back as an answer, or as an error that says what may be done about it.
Never decides what to shoot, never writes the ledger, and never sends a paid request twice.
"""

from scenegraph.fal.client import FalClient
from scenegraph.fal.errors import (
    JobGone,
    KeyRefused,
    QueueSilent,
    Remedy,
    UploadFailed,
    remedy_of,
    unreadable_again,
)
from scenegraph.fal.exchange import Backoff, Clock, SystemClock
from scenegraph.fal.news import News
from scenegraph.fal.options import DownloadLimits, Limits, SubmitOptions, UploadLimits
from scenegraph.fal.wire import (
    Answer,
    CancelOutcome,
    Downloaded,
    QueueState,
    QueueStatus,
    Submitted,
    Uploaded,
)
from scenegraph.ledger.takes import QueueUrls

__all__ = [
    "Answer",
    "Backoff",
    "CancelOutcome",
    "Clock",
    "DownloadLimits",
    "Downloaded",
    "FalClient",
    "JobGone",
    "KeyRefused",
    "Limits",
    "News",
    "QueueSilent",
    "QueueState",
    "QueueStatus",
    "QueueUrls",
    "Remedy",
    "SubmitOptions",
    "Submitted",
    "SystemClock",
    "UploadFailed",
    "UploadLimits",
    "Uploaded",
    "remedy_of",
    "unreadable_again",
]
