"""What fal can say or fail to say, and what is then done: one table, read by everyone.

Every `type` and `error_type` of fal's documentation, every transport failure and every HTTP status
stands here once, beside its remedy. Two errors of the tree are fal's own:

PersonNeeded
└── KeyRefused           the key is wrong: the whole run pauses
ShotError
├── NotSubmitted
│   └── UploadFailed     an input did not reach the service: nothing was asked, nothing is billed
├── QueueSilent          the job is out and the queue does not answer: reattach later, ask nothing
└── JobGone              the queue no longer knows the job

Source: fal's pages on model errors, request errors, retries and locked accounts (2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import httpx

from scenegraph.errors import (
    AccountLocked,
    DownloadFailed,
    JobFailed,
    NotSubmitted,
    PersonNeeded,
    Refused,
    SceneGraphError,
    ShotError,
    SubmitUncertain,
)

#: Longest text of the service that a message carries.
OWN_WORDS = 400


class Remedy(StrEnum):
    """What is done about a failure. Only `ASK_AGAIN` and `REUPLOAD` lead to another paid job."""

    RESEND = "resend"  # the POST surely never left, or was turned away at the door: send it again
    DECIDE = "decide"  # it left and no clear answer came: a person decides, never the machine
    REPEAT = "repeat"  # the same GET again after a while
    REATTACH = "reattach"  # the job is still out: keep its id, poll it in a later run
    FETCH_AGAIN = "fetch-again"  # the job is paid and done: repeat the download, never the job
    ASK_AGAIN = "ask-again"  # a passing fault of the service: a new job, once
    REUPLOAD = "reupload"  # it could not read our file: upload anew, then a new job, once
    LOSE = "lose"  # final for this input: the shot is lost, what does not hang on it goes on
    PAUSE = "pause"  # nothing more may be asked; what is finished is still collected


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        http: the status that comes with it.
        header_decides: the service says "retryable: true or false": an explicit false loses it.
    """

    remedy: Remedy
    http: int
    next: str
    header_decides: bool = False


_PASSING = "It passes by itself as a rule; a new request is a new job."
_FIELD = "Mend the field named above; asking the same again cannot help."
_STILL = "Use another still; asking the same again cannot help."
_CLIP = "Use another clip; asking the same again cannot help."
_SOUND = "Use another sound file; asking the same again cannot help."

#: Model errors, by `detail[].type`.
MODEL_ERRORS: Mapping[str, Row] = {
    "internal_server_error": Row(Remedy.ASK_AGAIN, 500, _PASSING, header_decides=True),
    "generation_timeout": Row(Remedy.ASK_AGAIN, 504, _PASSING, header_decides=True),
    "downstream_service_error": Row(Remedy.ASK_AGAIN, 400, _PASSING, header_decides=True),
    "downstream_service_unavailable": Row(Remedy.ASK_AGAIN, 500, _PASSING, header_decides=True),
    "content_policy_violation": Row(
        Remedy.LOSE, 422, "Change the prompt or the still: it is final for this input."
    ),
    "no_media_generated": Row(Remedy.LOSE, 422, "Change the prompt or the seed."),
    "image_too_small": Row(Remedy.LOSE, 422, _STILL),
    "image_too_large": Row(Remedy.LOSE, 422, _STILL),
    "image_load_error": Row(Remedy.LOSE, 422, _STILL),
    "file_download_error": Row(
        Remedy.REUPLOAD, 422, "Our upload may have expired: it is uploaded anew and asked once."
    ),
    "face_detection_error": Row(Remedy.LOSE, 422, _STILL),
    "file_too_large": Row(Remedy.LOSE, 422, "Use a smaller file."),
    "greater_than": Row(Remedy.LOSE, 422, _FIELD),
    "greater_than_equal": Row(Remedy.LOSE, 422, _FIELD),
    "less_than": Row(Remedy.LOSE, 422, _FIELD),
    "less_than_equal": Row(Remedy.LOSE, 422, _FIELD),
    "multiple_of": Row(Remedy.LOSE, 422, _FIELD),
    "sequence_too_short": Row(Remedy.LOSE, 422, _FIELD),
    "sequence_too_long": Row(Remedy.LOSE, 422, _FIELD),
    "one_of": Row(Remedy.LOSE, 422, _FIELD),
    "feature_not_supported": Row(Remedy.LOSE, 422, _FIELD),
    "invalid_archive": Row(Remedy.LOSE, 422, _FIELD),
    "archive_file_count_below_minimum": Row(Remedy.LOSE, 422, _FIELD),
    "archive_file_count_exceeds_maximum": Row(Remedy.LOSE, 422, _FIELD),
    "audio_duration_too_long": Row(Remedy.LOSE, 422, _SOUND),
    "audio_duration_too_short": Row(Remedy.LOSE, 422, _SOUND),
    "unsupported_audio_format": Row(Remedy.LOSE, 422, _SOUND),
    "unsupported_image_format": Row(Remedy.LOSE, 422, _STILL),
    "unsupported_video_format": Row(Remedy.LOSE, 422, _CLIP),
    "video_duration_too_long": Row(Remedy.LOSE, 422, _CLIP),
    "video_duration_too_short": Row(Remedy.LOSE, 422, _CLIP),
    # Classic validation types, of apps that have not been migrated yet.
    "missing": Row(Remedy.LOSE, 422, _FIELD),
    "value_error.missing": Row(Remedy.LOSE, 422, _FIELD),
    "value_error": Row(Remedy.LOSE, 422, _FIELD),
    "int_parsing": Row(Remedy.LOSE, 422, _FIELD),
    "float_parsing": Row(Remedy.LOSE, 422, _FIELD),
    "bool_parsing": Row(Remedy.LOSE, 422, _FIELD),
    "string_type": Row(Remedy.LOSE, 422, _FIELD),
    "list_type": Row(Remedy.LOSE, 422, _FIELD),
    "dict_type": Row(Remedy.LOSE, 422, _FIELD),
    "literal_error": Row(Remedy.LOSE, 422, _FIELD),
}

#: Platform errors, by `error_type`. The platform has used up its own attempts by then.
REQUEST_ERRORS: Mapping[str, Row] = {
    "request_timeout": Row(Remedy.ASK_AGAIN, 504, _PASSING),
    "startup_timeout": Row(Remedy.ASK_AGAIN, 504, _PASSING),
    "runner_scheduling_failure": Row(Remedy.ASK_AGAIN, 503, _PASSING),
    "runner_connection_timeout": Row(Remedy.ASK_AGAIN, 503, _PASSING),
    "runner_disconnected": Row(Remedy.ASK_AGAIN, 503, _PASSING),
    "runner_connection_refused": Row(Remedy.ASK_AGAIN, 503, _PASSING),
    "runner_connection_error": Row(Remedy.ASK_AGAIN, 503, _PASSING),
    "runner_incomplete_response": Row(Remedy.ASK_AGAIN, 502, _PASSING),
    "runner_server_error": Row(Remedy.ASK_AGAIN, 500, _PASSING),
    "internal_error": Row(Remedy.ASK_AGAIN, 500, _PASSING),
    "client_disconnected": Row(Remedy.LOSE, 499, "Run again to ask anew."),
    "client_cancelled": Row(Remedy.LOSE, 499, "It was cancelled; run again to ask anew."),
    "bad_request": Row(Remedy.LOSE, 400, _FIELD),
}

#: The request did not leave this machine: no connection was made, so no job can exist.
NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)

Call = Literal["submit", "get", "upload", "download"]


def transport_remedy(call: Call, error: BaseException) -> Remedy:
    """What a failure below HTTP (or our own wall-clock limit) means for each kind of call."""
    if call == "submit":
        return Remedy.RESEND if isinstance(error, NEVER_LEFT) else Remedy.DECIDE
    return Remedy.FETCH_AGAIN if call == "download" else Remedy.REPEAT


def submit_remedy(http: int, words: str = "") -> Remedy:
    """What an HTTP status that answers the paid POST means.

    >>> [submit_remedy(status).value for status in (429, 401, 404, 422, 408, 502, 302)]
    ['resend', 'pause', 'lose', 'lose', 'decide', 'decide', 'decide']
    """
    if http == 429:
        return Remedy.RESEND  # turned away before a job was made
    if http in (401, 402) or (http == 403 and says_locked(words)):
        return Remedy.PAUSE
    if 400 <= http < 500 and http not in (408, 499):
        return Remedy.LOSE
    return Remedy.DECIDE


def says_locked(words: str) -> bool:
    """Whether a 403 means the account: its text is the only sign that fal gives.

    >>> says_locked("User is locked. Reason: Exhausted balance. Top up your balance at …")
    True
    """
    low = words.lower()
    return any(sign in low for sign in ("is locked", "exhausted balance", "admin lock", "top_up"))


#: Which of several remedies counts, when one answer names several errors.
_GRAVEST = (Remedy.PAUSE, Remedy.LOSE, Remedy.REUPLOAD, Remedy.ASK_AGAIN)


@dataclass(frozen=True, slots=True)
class Fault:
    """What one error answer said, in the service's own words.

    Attributes:
        types: `detail[].type` of a model error, or the one `error_type` of a platform error.
        fields: `body.video.start_frame_num` for each entry that names one.
    """

    http: int | None
    types: tuple[str, ...] = ()
    words: str = ""
    fields: tuple[str, ...] = ()
    contexts: tuple[Mapping[str, Any], ...] = ()
    retryable: bool | None = None
    late_start: bool = False

    @property
    def is_the_jobs(self) -> bool:
        """The model or the platform speaks, not some gateway in between."""
        return bool(self.types)

    @property
    def remedy(self) -> Remedy:
        if self.http in (401, 402) or (self.http == 403 and says_locked(self.words)):
            return Remedy.PAUSE
        remedies = [self._remedy_of(type) for type in self.types] or [self._by_status()]
        return min(remedies, key=_GRAVEST.index)

    def _remedy_of(self, type: str) -> Remedy:
        row = MODEL_ERRORS.get(type) or REQUEST_ERRORS.get(type)
        if row is None:
            return self._by_status()
        if type == "startup_timeout" and self.late_start:
            return Remedy.LOSE  # our own start deadline passed: a late start is worthless
        if row.header_decides and self.retryable is False:
            return Remedy.LOSE
        return row.remedy

    def _by_status(self) -> Remedy:
        return Remedy.ASK_AGAIN if self.http is not None and self.http >= 500 else Remedy.LOSE


def read_fault(http: int | None, headers: Mapping[str, str], body: Any) -> Fault:
    """The fault that an error answer of either form describes.

    Form A: `{"detail": [{"loc", "msg", "type", "ctx"}]}`. Form B: `{"detail": "text",
    "error_type": "…"}`, or the header `X-Fal-Error-Type`. Anything else is kept as words.
    """
    types: list[str] = []
    words: list[str] = []
    fields: list[str] = []
    contexts: list[Mapping[str, Any]] = []
    detail = body.get("detail") if isinstance(body, Mapping) else None
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        for entry in detail:
            if not isinstance(entry, Mapping):
                words.append(str(entry))
                continue
            if isinstance(entry.get("type"), str):
                types.append(entry["type"])
            place = entry.get("loc")
            field = ".".join(map(str, place)) if isinstance(place, list | tuple) else ""
            if field:
                fields.append(field)
            if isinstance(entry.get("ctx"), Mapping):
                contexts.append(entry["ctx"])
            said = str(entry.get("msg") or entry.get("type") or "")
            words.append(f"{field}: {said}" if field else said)
    elif isinstance(body, Mapping):
        words += [str(body[name]) for name in ("detail", "error", "message") if body.get(name)][:1]
    elif isinstance(body, str):
        words.append(body)
    if not types:
        named = body.get("error_type") if isinstance(body, Mapping) else None
        named = named or headers.get("x-fal-error-type")
        if isinstance(named, str) and named:
            types.append(named)
    return Fault(
        http=http,
        types=tuple(types),
        words=_short("; ".join(words)),
        fields=tuple(fields),
        contexts=tuple(contexts),
        retryable=_retryable(headers),
        late_start=headers.get("x-fal-request-timeout-type", "").lower() == "user",
    )


def _retryable(headers: Mapping[str, str]) -> bool | None:
    said = headers.get("x-fal-retryable", "").lower()
    if said in ("true", "false"):
        return said == "true"
    return {"1": True, "0": False}.get(headers.get("x-fal-needs-retry", ""))


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= OWN_WORDS else f"{one_line[:OWN_WORDS]}…"


class KeyRefused(PersonNeeded):
    """The service does not know this key."""

    kind = "key-refused"


class UploadFailed(NotSubmitted):
    """An input did not reach the service. Nothing was asked, nothing is billed."""

    kind = "upload-failed"


class QueueSilent(ShotError):
    """The job is out, and the queue does not answer. It keeps its id; a later run polls it."""

    kind = "queue-silent"


class JobGone(ShotError):
    """The queue no longer knows the job: its answer was not collected while it was kept."""

    kind = "job-gone"


def as_error(fault: Fault, what: str) -> SceneGraphError:
    """The error that stands for `fault`; `what` names the thing asked (an endpoint, a job)."""
    said = f" fal says: {fault.words}" if fault.words else ""
    if fault.remedy is Remedy.PAUSE:
        if fault.http == 401:
            return KeyRefused(
                f"fal does not accept the key.{said}",
                next="Check FAL_KEY (the form is id:secret), then run again; all state is kept.",
            )
        return AccountLocked(
            f"fal has locked the account.{said}",
            next="Top up at fal.ai/dashboard/billing, then run again; finished work is collected.",
        )
    service = fault.types[0] if fault.types else (f"http-{fault.http}" if fault.http else None)
    row = MODEL_ERRORS.get(service or "") or REQUEST_ERRORS.get(service or "")
    passing = fault.remedy is Remedy.ASK_AGAIN
    kind = JobFailed if passing else Refused
    next = row.next if row else (_PASSING if passing else _next_for(fault.http))
    if fault.late_start:
        next = "It could not start within the deadline that we set; run again to ask anew."
    return kind(
        f"{what} {'failed' if passing else 'was refused'}"
        f"{f' ({service})' if service else ''}.{said}",
        next=next,
        field=fault.fields[0] if fault.fields else None,
        service=service,
        detail={
            "remedy": fault.remedy.value,
            "http": fault.http,
            "types": list(fault.types),
            "fields": list(fault.fields),
            "ctx": [dict(context) for context in fault.contexts],
            "words": fault.words,
        },
    )


def unreadable_again(error: ShotError) -> Refused:
    """What stands for a file that was sent anew and still could not be read: it is final.

    The service calls `file_download_error` not retryable. The one excuse, that our URL had died,
    is used up by the new upload, and a 422 "may still be charged" (fal's FAQ): so asking the same
    again is a person's to decide, not the next run's.
    """
    return Refused(
        error.message,
        next="The file was uploaded anew and still could not be read. Check the file of that "
        "field, or wait until the service's storage is well; then `scenegraph rerun` asks again.",
        field=error.field,
        service=error.service,
        detail={**(error.detail or {}), "remedy": Remedy.LOSE.value},
    )


def _next_for(http: int | None) -> str:
    if http == 404:
        return "`scenegraph models` lists the models; this one may have been taken off the service."
    if http == 403:
        return "This key may not use this model; check its scope at fal.ai/dashboard/keys."
    return "Read fal's words above; asking the same again cannot help."


def remedy_of(error: BaseException) -> Remedy:
    """What the run does about an error that this room raised.

    >>> remedy_of(JobFailed("…")), remedy_of(SubmitUncertain("…"))
    (<Remedy.ASK_AGAIN: 'ask-again'>, <Remedy.DECIDE: 'decide'>)
    """
    match error:
        case PersonNeeded():
            return Remedy.PAUSE
        case NotSubmitted():
            return Remedy.RESEND
        case SubmitUncertain():
            return Remedy.DECIDE
        case DownloadFailed():
            return Remedy.FETCH_AGAIN
        case QueueSilent():
            return Remedy.REATTACH
        case JobFailed():
            return Remedy.ASK_AGAIN
        case ShotError() if error.detail and error.detail.get("remedy") == Remedy.REUPLOAD:
            return Remedy.REUPLOAD
        case _:
            return Remedy.LOSE
