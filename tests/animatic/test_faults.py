"""Every fault, seen from the client's side, and beside each the case where it stays silent."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scenegraph.animatic import FaultPlan, Rule
from scenegraph.animatic.answers import MODEL_ERRORS, REQUEST_ERRORS
from scenegraph.errors import BrokenMedia, SceneError, SceneInvalid
from scenegraph.media import probe

from .conftest import EXTEND, T2V, Stage

pytestmark = [pytest.mark.ffmpeg, pytest.mark.anyio]
Build = Callable[..., Stage]
BODY = {"prompt": "rain", "num_frames": 9}


def plan(**rule: Any) -> FaultPlan:
    return FaultPlan.of(**rule)


@pytest.mark.parametrize(
    ("effect", "accepted"), [("drop-answer", 1), ("drop-request", 0)], ids=["after", "before"]
)
async def test_a_lost_answer_looks_the_same_whether_the_job_exists(
    stage: Build, effect: str, accepted: int
) -> None:
    """A transport error tells nothing; only the queue knows, and would bill."""
    on = stage(faults=plan(effect=effect, submit=2))
    await on.submit()
    with pytest.raises(httpx.RemoteProtocolError):
        await on.http.post(f"/{T2V}", json=BODY)
    assert len(on.queue.submits) == len(on.queue.jobs) == 1 + accepted
    await on.submit()


@pytest.mark.parametrize(
    ("rule", "code", "words", "accepted"),
    [
        ({"effect": "too-many", "retry_after_s": 2}, 429, "Too many", 0),
        ({"effect": "server-error", "status": 503}, 503, "Internal", 0),
        ({"effect": "nginx"}, 502, "nginx", 1),
        ({"effect": "nginx", "accepted": False}, 502, "nginx", 0),
        ({"effect": "locked"}, 403, "User is locked", 0),
        ({"effect": "unauthorized"}, 401, "key", 0),
    ],
)
async def test_a_submit_is_turned_away(
    stage: Build, rule: dict, code: int, words: str, accepted: int
) -> None:
    """Once; the next one goes through."""
    on = stage(faults=plan(**rule))
    reply = await on.http.post(f"/{T2V}", json=BODY)
    assert reply.status_code == code and words in reply.text
    assert len(on.queue.submits) == accepted
    assert reply.headers.get("retry-after") == ("2" if code == 429 else None)
    assert (await on.done(await on.submit())).status_code == 200


async def test_a_locked_account_still_shows_what_is_done(stage: Build) -> None:
    """Submits and uploads are refused until it is unlocked; polls and results are not."""
    on = stage(faults=plan(effect="locked", after=1, times=0))
    first = await on.submit()
    for _ in range(2):
        assert (await on.http.post(f"/{T2V}", json=BODY)).status_code == 403
    assert (await on.http.post("/storage/upload/initiate", json={})).status_code == 403
    assert (await on.http.post("/storage/auth/token", json={})).status_code == 403
    assert (await on.done(first)).status_code == 200
    on.queue.faults.clear()
    await on.submit()


@pytest.mark.parametrize("type", [*MODEL_ERRORS, *REQUEST_ERRORS])
async def test_every_error_of_the_table_can_be_had(stage: Build, type: str) -> None:
    """COMPLETED is not success: the status names the error, the result is its body and code."""
    on = stage(faults=plan(effect="fail", type=type, prompt="storm"))
    if type == "missing":
        assert (await on.done(await on.submit())).status_code == 200, "another prompt is spared"
    submitted = await on.submit(prompt="a storm")
    reply = await on.done(submitted)
    status = (await on.http.get(submitted["status_url"])).json()
    assert (status["status"], status["error_type"]) == ("COMPLETED", type) and status["error"]
    if type in MODEL_ERRORS:
        code, context = MODEL_ERRORS[type]
        entry = reply.json()["detail"][0]
        assert (reply.status_code, entry["type"], entry.get("ctx", {})) == (code, type, context)
    else:
        assert reply.status_code == REQUEST_ERRORS[type]
        assert reply.json()["error_type"] == reply.headers["x-fal-error-type"] == type


async def test_a_job_goes_back_into_the_line(stage: Build) -> None:
    """The platform retries: IN_PROGRESS is not for good, and the id stays the same."""
    on = stage(faults=plan(effect="requeue", count=2))
    submitted = await on.submit()
    seen: list[str] = []
    while not seen or seen[-1] != "COMPLETED":
        state = (await on.http.get(submitted["status_url"])).json()["status"]
        seen += [state] * (not seen or seen[-1] != state)
    assert seen.count("IN_PROGRESS") >= 2 and seen[-1] == "COMPLETED"


async def test_a_job_that_never_ends_holds_no_worker(stage: Build) -> None:
    """Others go on beside it."""
    on = stage(workers=1, faults=plan(effect="never", submit=1))
    stuck = await on.submit()
    assert (await on.done(await on.submit())).status_code == 200
    assert (await on.http.get(stuck["status_url"])).json()["status"] == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("rule", "frames", "rate", "square"),
    [
        ({"effect": "wrong-frames"}, 1, 24, False),
        ({"effect": "wrong-frames", "frames": 3}, 12, 24, False),
        ({"effect": "wrong-rate"}, 9, 30, False),
        ({"effect": "wrong-size"}, 9, 24, True),
    ],
)
async def test_an_answer_is_not_what_was_asked(
    stage: Build, tmp_path: Path, rule: dict, frames: int, rate: int, square: bool
) -> None:
    """The answer carries no size and no length: only probing tells."""
    on = stage(faults=plan(**rule))
    file = tmp_path / "a.mp4"
    sizes = []
    for _ in range(2):
        url = (await on.done(await on.submit())).json()["video"]["url"]
        file.write_bytes((await on.http.get(url)).content)
        sizes.append((probe(file).frames, probe(file).rate, probe(file).size))
    assert sizes[0][:2] == (frames, rate) and sizes[1][:2] == (9, 24)
    assert (sizes[0][2] != sizes[1][2]) == square


async def test_answers_that_are_odd(stage: Build, tmp_path: Path) -> None:
    """A page instead of a clip, no seed (as in fal's own examples), a URL elsewhere."""
    rules = [Rule(effect="garbage", submit=1), Rule(effect="no-seed", submit=2)]
    rules.append(Rule(effect="odd-url", submit=3, url="file:///etc/passwd"))
    on = stage(faults=FaultPlan.of(*rules))
    page, seedless, odd, good = [(await on.done(await on.submit())).json() for _ in range(4)]
    (tmp_path / "a.mp4").write_bytes((await on.http.get(page["video"]["url"])).content)
    with pytest.raises(BrokenMedia, match="web page"):
        probe(tmp_path / "a.mp4")
    assert "seed" not in seedless and "seed" in good
    assert odd["video"]["url"] == "file:///etc/passwd"


async def test_polls_that_are_odd(stage: Build) -> None:
    """5xx, nginx, missing keys and unknown states come and go; the job is well."""
    effects = ["status-error", "status-nginx", "status-odd", "status-bare"]
    on = stage(faults=FaultPlan.of(*[Rule(effect=effect, submit=2) for effect in effects]))
    await on.done(await on.submit())
    submitted = await on.submit()
    polls = [await on.http.get(submitted["status_url"]) for _ in range(5)]
    assert [reply.status_code for reply in polls[:2]] == [500, 502]
    assert polls[2].json()["status"] == "REHEARSING" and set(polls[3].json()) == {"status"}
    assert polls[4].status_code in (200, 202) and polls[4].json()["request_id"]
    assert (await on.done(submitted)).status_code == 200


async def test_results_and_jobs_that_are_gone(stage: Build) -> None:
    """A result's 5xx passes; a forgotten job stays forgotten."""
    rules = [Rule(effect="result-error", submit=1, status=503), Rule(effect="forgotten", submit=2)]
    on = stage(faults=FaultPlan.of(*rules))
    first, second = await on.submit(), await on.submit()
    assert (await on.done(first)).status_code == 503
    assert (await on.http.get(first["response_url"])).status_code == 200
    for _ in range(2):
        assert (await on.http.get(second["status_url"])).json() == {"status": "NOT_FOUND"}


async def test_downloads_that_fail(stage: Build) -> None:
    """Shorter than promised, expired, broken, slow; then the same file, whole."""
    rules = [
        Rule(effect="download-truncated", fraction=0.5),
        Rule(effect="download-expired"),
        Rule(effect="download-error", status=503),
        Rule(effect="download-slow", bytes_per_s=8000),
    ]
    on = stage(faults=FaultPlan.of(*rules))
    video = (await on.done(await on.submit())).json()["video"]
    with pytest.raises(httpx.RemoteProtocolError):
        await on.http.get(video["url"])
    expired = await on.http.get(video["url"])
    assert expired.status_code == 403 and "expired" in expired.text
    assert (await on.http.get(video["url"])).status_code == 503
    started = time.monotonic()
    slow = await on.http.get(video["url"])
    assert time.monotonic() - started > video["file_size"] / 8000 / 2
    whole = await on.http.get(video["url"])
    assert slow.content == whole.content and len(whole.content) == video["file_size"]


async def test_uploads_that_fail(stage: Build) -> None:
    """The second upload meets a 5xx, then a cut line; no half file is left as a whole one."""
    rules = [Rule(effect="upload-error", submit=2), Rule(effect="upload-drop", submit=2)]
    on = stage(faults=FaultPlan.of(*rules))
    await on.upload(b"one")
    assert (await on.http.post("/files/upload", content=b"two")).status_code == 500
    with pytest.raises(httpx.RemoteProtocolError):
        await on.http.post("/files/upload", content=b"two")
    await on.upload(b"two")
    assert len(on.queue.uploads) == 2


async def test_rules_choose_by_number_endpoint_words_and_times(stage: Build) -> None:
    """Each condition holds back the fault from the others' requests."""
    on = stage(
        faults=FaultPlan.of(
            Rule(effect="too-many", endpoint="*/extend", times=2),
            Rule(effect="unauthorized", prompt="snow", submit=(4, 5), times=0),
        )
    )

    async def code(endpoint: str, prompt: str) -> int:
        return (await on.http.post(f"/{endpoint}", json={**BODY, "prompt": prompt})).status_code

    calls = [(T2V, "snow"), (EXTEND, "rain"), (EXTEND, "rain"), (T2V, "snow"), (T2V, "snow")]
    calls += [(EXTEND, "snow"), (T2V, "snow")]
    assert [await code(*call) for call in calls] == [200, 429, 429, 401, 401, 200, 200]


async def test_a_plan_is_read_from_yaml_or_json(tmp_path: Path) -> None:
    """The same rules, written by a person."""
    text = (
        "faults:\n- {effect: drop-answer, submit: 2}\n- {effect: fail, type: no_media_generated}\n"
    )
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "a.json").write_text('[{"effect": "drop-answer", "submit": 2}]')
    both = FaultPlan.load(tmp_path / "a.yaml")
    assert [rule.effect for rule in both.faults] == ["drop-answer", "fail"]
    assert FaultPlan.load(tmp_path / "a.json").faults == both.faults[:1]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("- {effect: drop-anwser}", "drop-answer"),
        ("- {effect: fail, type: no_media_generatd}", "no_media_generated"),
        ("- {effect: nginx, sumbit: 2}", "sumbit"),
        ("- {effect: slow, seconds: -1}", "seconds"),
        ("just words", "faults"),
    ],
)
async def test_a_wrong_plan_is_refused_in_words(tmp_path: Path, text: str, word: str) -> None:
    """A fault that never strikes because of a typo would prove nothing."""
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(SceneInvalid) as invalid:
        FaultPlan.load(file)
    assert word in f"{invalid.value} {invalid.value.next}"
    assert str(file) == invalid.value.problems[0].where.file


async def test_a_plan_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    """Missing, and not YAML at all."""
    (tmp_path / "bad.yaml").write_text("{[")
    for name in ("bad.yaml", "missing.yaml"):
        with pytest.raises(SceneError):
            FaultPlan.load(tmp_path / name)
