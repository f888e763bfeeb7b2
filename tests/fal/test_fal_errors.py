"""The error table, row by row, at the real transport seam."""

from __future__ import annotations

import httpx
import pytest

from scenegraph.errors import AccountLocked, JobFailed, Refused
from scenegraph.fal import (
    JobGone,
    KeyRefused,
    QueueSilent,
    QueueStatus,
    QueueUrls,
    Remedy,
    remedy_of,
)
from scenegraph.fal.errors import (
    MODEL_ERRORS,
    REQUEST_ERRORS,
    Fault,
    read_fault,
    transport_remedy,
)

BASE = "https://queue.fal.run/fal-ai/x/requests/r1"
URLS = QueueUrls(status=f"{BASE}/status", response=BASE, cancel=f"{BASE}/cancel")
VIDEO = {"video": {"url": "https://v3b.fal.media/a.mp4"}, "prompt": "x", "seed": 7}

#: Written out once more from the documentation, so that a slip in the table is seen.
FINAL = [
    "content_policy_violation", "no_media_generated", "image_too_small",
    "image_too_large", "image_load_error", "face_detection_error", "file_too_large",
    "greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of",
    "sequence_too_short", "sequence_too_long", "one_of", "feature_not_supported",
    "invalid_archive", "archive_file_count_below_minimum",
    "archive_file_count_exceeds_maximum", "audio_duration_too_long",
    "audio_duration_too_short", "unsupported_audio_format", "unsupported_image_format",
    "unsupported_video_format", "video_duration_too_long", "video_duration_too_short",
    "missing", "value_error.missing", "value_error", "literal_error", "int_parsing",
    "float_parsing", "bool_parsing", "string_type", "list_type", "dict_type",
]  # fmt: skip
PASSING = {
    "internal_server_error": 500,
    "generation_timeout": 504,
    "downstream_service_error": 400,
    "downstream_service_unavailable": 500,
}
PLATFORM = {
    "request_timeout": 504, "startup_timeout": 504, "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503, "runner_disconnected": 503,
    "runner_connection_refused": 503, "runner_connection_error": 503,
    "runner_incomplete_response": 502, "runner_server_error": 500, "internal_error": 500,
}  # fmt: skip
PLATFORM_FINAL = {"client_disconnected": 499, "client_cancelled": 499, "bad_request": 400}


def model_error(type: str, http: int, **headers: str) -> httpx.Response:
    entry = {
        "loc": ["body", "video", "video_url"],
        "msg": f"fal's words on {type}",
        "type": type,
        "url": f"https://docs.fal.ai/errors/#{type}",
        "ctx": {"limit": 1},
        "input": "https://…",
    }
    return httpx.Response(http, json={"detail": [entry]}, headers=headers)


def platform_error(type: str, http: int, **headers: str) -> httpx.Response:
    body = {"detail": f"fal's words on {type}", "error_type": type}
    return httpx.Response(http, json=body, headers={"x-fal-error-type": type, **headers})


TABLE = [
    *((model_error(type, 422), Refused, Remedy.LOSE, type) for type in FINAL),
    *(
        (model_error(type, http), JobFailed, Remedy.ASK_AGAIN, type)
        for type, http in PASSING.items()
    ),
    (model_error("file_download_error", 422), Refused, Remedy.REUPLOAD, "file_download_error"),
    (model_error("brand_new_error", 422), Refused, Remedy.LOSE, "brand_new_error"),
    (model_error("brand_new_error", 500), JobFailed, Remedy.ASK_AGAIN, "brand_new_error"),
    *(
        (platform_error(type, http), JobFailed, Remedy.ASK_AGAIN, type)
        for type, http in PLATFORM.items()
    ),
    *(
        (platform_error(type, http), Refused, Remedy.LOSE, type)
        for type, http in PLATFORM_FINAL.items()
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize("answer, ends_as, remedy, service", TABLE, ids=[row[3] for row in TABLE])
async def test_every_error_of_fal_has_its_remedy(answer, ends_as, remedy, service, serve):
    """The job's own error: asked for once, never waited out as if a gateway had said it."""
    queue = serve(answer)
    with pytest.raises(ends_as) as caught:
        await queue.client().result(URLS)
    error = caught.value
    assert type(error) is ends_as and remedy_of(error) is remedy
    assert error.service == service and f"fal's words on {service}" in error.message and error.next
    if answer.json()["detail"][0] != "f":
        assert error.field == "body.video.video_url"
    assert len(queue.requests) == 1 and queue.clock.slept == []


@pytest.mark.anyio
@pytest.mark.parametrize("type", [*PASSING, *PLATFORM, *PLATFORM_FINAL, *FINAL])
async def test_the_same_error_in_an_answer_of_200_is_an_error_too(type, serve):
    """COMPLETED is not success, and neither is 200."""
    entry = {"loc": ["body"], "msg": "no", "type": type}
    queue = serve(httpx.Response(200, json={"detail": [entry]}))
    with pytest.raises((Refused, JobFailed)) as caught:
        await queue.client().result(URLS)
    assert caught.value.service == type


def test_the_table_has_every_row_of_the_documentation():
    """A type that is missing here would be guessed by its HTTP status."""
    assert {*FINAL, *PASSING, "file_download_error"} == set(MODEL_ERRORS)
    assert {type: row.http for type, row in REQUEST_ERRORS.items()} == {
        **PLATFORM,
        **PLATFORM_FINAL,
    }
    for type in (*FINAL, "file_download_error"):
        assert MODEL_ERRORS[type].http == 422 and not MODEL_ERRORS[type].header_decides
    for type, http in PASSING.items():
        assert MODEL_ERRORS[type].http == http and MODEL_ERRORS[type].header_decides


@pytest.mark.anyio
@pytest.mark.parametrize(
    "headers, remedy",
    [
        ({"X-Fal-Retryable": "false"}, Remedy.LOSE),
        ({"X-Fal-Retryable": "true"}, Remedy.ASK_AGAIN),
        ({"X-Fal-Needs-Retry": "1"}, Remedy.ASK_AGAIN),
        ({"X-Fal-Needs-Retry": "0"}, Remedy.LOSE),
        ({}, Remedy.ASK_AGAIN),
    ],
)
async def test_a_header_decides_where_the_documentation_leaves_it_open(headers, remedy, serve):
    """ "Retryable: true or false" is said by the header alone; final types stay final."""
    with pytest.raises((Refused, JobFailed)) as caught:
        await serve(model_error("generation_timeout", 504, **headers)).client().result(URLS)
    assert remedy_of(caught.value) is remedy
    with pytest.raises(Refused):
        await serve(model_error("multiple_of", 422, **headers)).client().result(URLS)


@pytest.mark.anyio
async def test_a_start_deadline_of_our_own_is_final(serve):
    """We said that a late start is worthless."""
    answer = platform_error("startup_timeout", 504, **{"X-Fal-Request-Timeout-Type": "user"})
    with pytest.raises(Refused) as caught:
        await serve(answer).client().result(URLS)
    assert remedy_of(caught.value) is Remedy.LOSE and "deadline" in caught.value.next


@pytest.mark.parametrize(
    "types, remedy",
    [
        (("internal_server_error", "multiple_of"), Remedy.LOSE),
        (("file_download_error", "multiple_of"), Remedy.LOSE),
        (("file_download_error", "internal_server_error"), Remedy.REUPLOAD),
        (("file_download_error", "file_download_error"), Remedy.REUPLOAD),
    ],
)
def test_of_several_errors_the_gravest_counts(types, remedy):
    """Uploading again does not mend a wrong field beside it."""
    assert Fault(422, types).remedy is remedy


@pytest.mark.parametrize(
    "call, error, remedy",
    [
        ("submit", httpx.ConnectError(""), Remedy.RESEND),
        ("submit", httpx.ConnectTimeout(""), Remedy.RESEND),
        ("submit", httpx.PoolTimeout(""), Remedy.RESEND),
        ("submit", httpx.ReadTimeout(""), Remedy.DECIDE),
        ("submit", httpx.ReadError(""), Remedy.DECIDE),
        ("submit", httpx.WriteError(""), Remedy.DECIDE),
        ("submit", TimeoutError(), Remedy.DECIDE),
        ("get", httpx.ReadTimeout(""), Remedy.REPEAT),
        ("get", httpx.ConnectError(""), Remedy.REPEAT),
        ("upload", httpx.WriteError(""), Remedy.REPEAT),
        ("download", httpx.ReadError(""), Remedy.FETCH_AGAIN),
    ],
)
def test_a_transport_failure_means_what_the_call_makes_of_it(call, error, remedy):
    """The same broken socket is a delay for a GET and a question of money for the POST."""
    assert transport_remedy(call, error) is remedy


@pytest.mark.parametrize(
    "body",
    [None, "", "<html>", 5, [], {}, {"detail": None}, {"detail": []}, {"detail": [None, 5]},
     {"detail": [{"loc": 5, "msg": None}]}, {"detail": {"a": 1}}, {"error": {"x": 1}}],
)  # fmt: skip
def test_an_error_of_no_known_form_is_still_a_sentence(body):
    """ "Some APIs are still being migrated"."""
    fault = read_fault(500, {}, body)
    assert fault.types == () and isinstance(fault.words, str)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "status, answer, ends_as, service",
    [
        (QueueStatus("completed", error="boom", error_type="runner_server_error"),
         httpx.Response(404, json={"detail": "x"}), JobFailed, "runner_server_error"),
        (QueueStatus("completed", error="Invalid status code: 422"),
         model_error("image_load_error", 422), Refused, "image_load_error"),
        (QueueStatus("completed", error="boom"), httpx.Response(500, json={"detail": "x"}),
         JobFailed, "http-500"),
        (QueueStatus("completed", error_type="client_cancelled"),
         httpx.Response(200, json={}), Refused, "client_cancelled"),
        (QueueStatus("completed"), httpx.Response(200, json={"images": []}), Refused, "no-video"),
        (QueueStatus("completed"), httpx.Response(200, json={"video": None}), Refused, "no-video"),
        (QueueStatus("completed"), httpx.Response(404, json={"detail": "x"}), JobGone, "http-404"),
        (QueueStatus("completed"), httpx.Response(410), JobGone, "http-410"),
        (QueueStatus("completed"), httpx.Response(401, json={"detail": "no"}), KeyRefused, None),
        (QueueStatus("completed", error="x"), httpx.Response(401), KeyRefused, None),
        (QueueStatus("completed"), httpx.Response(403, json={"detail": "User is locked."}),
         AccountLocked, None),
        (QueueStatus("completed"), httpx.Response(502, html="<h1>nginx</h1>"), QueueSilent,
         "HTTP 502"),
        (QueueStatus("completed"), httpx.Response(200, text="<html>"), QueueSilent, "HTTP 200"),
        (QueueStatus("completed"), httpx.ReadError("reset"), QueueSilent, "ReadError"),
    ],
)  # fmt: skip
async def test_a_result_that_is_no_video_says_why(status, answer, ends_as, service, serve):
    """The status explains what the result does not; a gateway's page ends nothing."""
    with pytest.raises(ends_as) as caught:
        await serve(answer).client().result(URLS, status=status)
    assert caught.value.next and getattr(caught.value, "service", None) == service
    if ends_as is QueueSilent:
        assert remedy_of(caught.value) is Remedy.REATTACH


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(502, html="<h1>nginx</h1>"),
        httpx.Response(429),
        httpx.Response(400, json={"detail": "Request is still in progress"}),
        httpx.Response(404, json={"detail": "not yet"}),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, text="<html>"),
    ],
    ids=["nginx", "429", "in-progress", "404", "timeout", "html"],
)
async def test_a_passing_fault_before_the_result_is_only_a_delay(fault, serve):
    """Asking for an answer is free: it is asked again."""
    queue = serve(fault, fault, httpx.Response(200, json=VIDEO))
    answer = await queue.client().result(URLS)
    assert answer.seed == 7 and len(queue.requests) == 3 and len(queue.clock.slept) == 2
