"""The service's words: bodies, codes and headers of its answers, good and bad.

Source: fal's documentation of model errors and request errors, and of the queue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Model errors: type to HTTP code, and the `ctx` that the service would send with it.
MODEL_ERRORS: dict[str, tuple[int, dict[str, Any]]] = {
    "internal_server_error": (500, {}),
    "generation_timeout": (504, {}),
    "downstream_service_error": (400, {}),
    "downstream_service_unavailable": (500, {}),
    "content_policy_violation": (422, {}),
    "no_media_generated": (422, {}),
    "image_too_small": (422, {"min_height": 256, "min_width": 256}),
    "image_too_large": (422, {"max_height": 4096, "max_width": 4096}),
    "image_load_error": (422, {}),
    "file_download_error": (422, {}),
    "face_detection_error": (422, {}),
    "file_too_large": (422, {"max_size": 104857600}),
    "greater_than": (422, {"gt": 0}),
    "greater_than_equal": (422, {"ge": 9}),
    "less_than": (422, {"lt": 1442}),
    "less_than_equal": (422, {"le": 1441}),
    "multiple_of": (422, {"multiple_of": 8}),
    "sequence_too_short": (422, {"min_length": 1}),
    "sequence_too_long": (422, {"max_length": 10}),
    "one_of": (422, {"expected": ["480p", "720p"]}),
    "feature_not_supported": (422, {}),
    "invalid_archive": (422, {"supported_extensions": [".zip"]}),
    "archive_file_count_below_minimum": (
        422,
        {"min_count": 1, "provided_count": 0, "supported_extensions": [".png"]},
    ),
    "archive_file_count_exceeds_maximum": (
        422,
        {"max_count": 10, "provided_count": 11, "supported_extensions": [".png"]},
    ),
    "audio_duration_too_long": (422, {"max_duration": 20, "provided_duration": 30}),
    "audio_duration_too_short": (422, {"min_duration": 2, "provided_duration": 1}),
    "unsupported_audio_format": (422, {"supported_formats": ["mp3", "wav"]}),
    "unsupported_image_format": (422, {"supported_formats": ["png", "jpg", "webp"]}),
    "unsupported_video_format": (422, {"supported_formats": ["mp4", "mov", "webm"]}),
    "video_duration_too_long": (422, {"max_duration": 60, "provided_duration": 61}),
    "video_duration_too_short": (422, {"min_duration": 1, "provided_duration": 0.2}),
    # Types of classic validation, which some apps still answer with.
    "missing": (422, {}),
    "value_error.missing": (422, {}),
    "value_error": (422, {}),
    "literal_error": (422, {}),
    "int_parsing": (422, {}),
    "float_parsing": (422, {}),
    "bool_parsing": (422, {}),
    "string_type": (422, {}),
    "dict_type": (422, {}),
    "list_type": (422, {}),
}

#: Request errors, from the platform: error_type to HTTP code.
REQUEST_ERRORS: dict[str, int] = {
    "request_timeout": 504,
    "startup_timeout": 504,
    "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503,
    "runner_disconnected": 503,
    "runner_connection_refused": 503,
    "runner_connection_error": 503,
    "runner_incomplete_response": 502,
    "runner_server_error": 500,
    "internal_error": 500,
    "client_disconnected": 499,
    "client_cancelled": 499,
    "bad_request": 400,
}

LOCKED = (
    "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
)

NGINX_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a job that ended badly answers: for the status and for the result."""

    code: int
    body: Mapping[str, Any]
    error: str
    error_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def detail(
    type: str,
    message: str,
    loc: Sequence[str | int] = ("body",),
    *,
    context: Mapping[str, Any] | None = None,
    input: Any = None,
) -> dict[str, Any]:
    """One entry of a model error's `detail` list."""
    entry: dict[str, Any] = {
        "loc": list(loc),
        "msg": message,
        "type": type,
        "url": f"https://docs.fal.ai/errors/#{type}",
    }
    if context:
        entry["ctx"] = dict(context)
    if input is not None:
        entry["input"] = _as_json(input)
    return entry


def _as_json(value: Any) -> Any:
    """The value itself, or its text when JSON has no word for it (NaN)."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return repr(value)[:200]
    return value


def model_failure(details: Sequence[Mapping[str, Any]], *, retryable: bool = False) -> Failure:
    """A job that the model refused or could not do."""
    first = str(details[0]["type"])
    code = MODEL_ERRORS.get(first, (422, {}))[0]
    return Failure(
        code,
        {"detail": [dict(entry) for entry in details]},
        f"Invalid status code: {code}",
        first,
        {"X-Fal-Retryable": "true" if retryable else "false"},
    )


def request_failure(error_type: str, message: str = "", **headers: str) -> Failure:
    """A job that the platform gave up."""
    text = message or f"The request ended with {error_type.replace('_', ' ')}"
    return Failure(
        REQUEST_ERRORS[error_type],
        {"detail": text, "error_type": error_type},
        text,
        error_type,
        {"X-Fal-Error-Type": error_type, **headers},
    )
