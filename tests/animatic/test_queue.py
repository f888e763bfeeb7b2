"""The queue speaks the service's protocol: codes, bodies, headers and URLs."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from scenegraph.animatic import ANIMATIC_URL
from scenegraph.media import encode_frames, probe

from .conftest import EXTEND, I2V, MULTI, T2V, Stage, small_render

pytestmark = [pytest.mark.ffmpeg, pytest.mark.anyio]
Build = Callable[..., Stage]
STEPS, ADAIN, START = "first_pass_num_inference_steps", "temporal_adain_factor", "start_frame_num"


def png(grey: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (grey,) * 3).save(file, "PNG")
    return file.getvalue()


def mp4(folder: Path, frames: int = 9) -> bytes:
    path = folder / "source.mp4"
    encode_frames(
        [np.full((48, 64, 3), 7 * n, np.uint8) for n in range(frames)], path, rate=Fraction(24)
    )
    return path.read_bytes()


class Brake:
    """A renderer that waits until it is let go."""

    def __init__(self) -> None:
        import threading

        self.go = threading.Event()

    def __call__(self, *arguments: object, **more: object) -> object:
        self.go.wait(10)
        return small_render(*arguments, **more)  # type: ignore[arg-type]


async def until(stage: Stage, submitted: dict, state: str) -> dict:
    for _ in range(3000):
        status = (await stage.http.get(submitted["status_url"])).json()
        if status["status"] == state:
            return status
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {state}")


async def all_workers_end(stage: Stage) -> None:
    for _ in range(3000):
        if stage.queue._busy == 0:
            return
        await asyncio.sleep(0.01)


async def test_a_job_goes_from_submit_to_file(stage: Build, tmp_path: Path) -> None:
    """The whole walk: a clip of the asked length and rate, and nothing said about its size."""
    on = stage()
    submitted = await on.submit(seed=3, frame_rate=12)
    assert submitted["queue_position"] == 0 and submitted["status"] == "IN_QUEUE"
    reply = await on.done(submitted)
    answer = reply.json()
    assert reply.status_code == 200 and set(answer) == {"video", "prompt", "seed"}
    assert answer["seed"] == 3 and set(answer["video"]) == {
        "url",
        "content_type",
        "file_name",
        "file_size",
    }
    assert reply.headers["x-fal-request-id"] == submitted["request_id"]
    assert reply.headers["x-fal-billable-units"] == "0.38"  # 9 frames at 24 a second
    file = await on.http.get(answer["video"]["url"])
    assert len(file.content) == answer["video"]["file_size"] == int(file.headers["content-length"])
    (tmp_path / "a.mp4").write_bytes(file.content)
    assert (probe(tmp_path / "a.mp4").frames, probe(tmp_path / "a.mp4").rate) == (9, 12)
    assert on.queue.submits == [{"prompt": "rain", "num_frames": 9, "seed": 3, "frame_rate": 12}]


async def test_urls_leave_the_sub_path_out_and_take_it_back(stage: Build) -> None:
    """The service answers app-only URLs; clients that keep the sub-path are served too."""
    on = stage()
    submitted = await on.submit(EXTEND)
    id = submitted["request_id"]
    assert submitted["response_url"] == f"{ANIMATIC_URL}/{T2V}/requests/{id}"
    assert submitted["status_url"] == submitted["response_url"] + "/status"
    assert submitted["cancel_url"] == submitted["response_url"] + "/cancel"
    await on.done(submitted)
    for path in (f"/{EXTEND}/requests/{id}", f"/{T2V}/requests/{id}/response"):
        assert (await on.http.get(path)).status_code == 422
    assert (await on.http.get(f"/{EXTEND}/requests/{id}/status")).status_code == 200


async def test_states_positions_codes_and_logs(stage: Build) -> None:
    """202 while open, 200 at the end; only these three states; logs when they are asked for."""
    brake = Brake()
    on = stage(workers=1, render=brake)
    first, second, third = [await on.submit(seed=n) for n in range(3)]
    await until(on, first, "IN_PROGRESS")
    reply = await on.http.get(third["status_url"])
    assert reply.status_code == 202 and reply.json()["queue_position"] == 1
    reply = await on.http.get(first["status_url"], params={"logs": "1"})
    assert reply.status_code == 202 and "Drawing 9 frames" in reply.json()["logs"][0]["message"]
    assert set(reply.json()["logs"][0]) == {"message", "level", "source", "timestamp"}
    reply = await on.http.get(first["response_url"])
    assert (reply.status_code, reply.json()) == (400, {"detail": "Request is still in progress"})
    brake.go.set()
    await on.done(third)
    reply = await on.http.get(second["status_url"], params={"logs": "false"})
    status = reply.json()
    assert reply.status_code == 200 and status["logs"] is None
    assert status["metrics"]["inference_time"] > 0 and "error" not in status


async def test_the_status_stream_tells_as_it_goes(stage: Build) -> None:
    """In process too: a stream that arrives at its end is no stream."""
    brake = Brake()
    on = stage(workers=1, render=brake)
    _, second = [await on.submit(seed=n) for n in range(2)]
    seen = []
    async with on.http.stream("GET", second["status_url"] + "/stream?logs=1") as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        async for line in reply.aiter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line[6:])["status"])
                brake.go.set()
    assert seen[0] == "IN_QUEUE" and seen[-1] == "COMPLETED"


async def test_cancel_has_four_answers(stage: Build) -> None:
    """A running job goes on: nothing says that the real endpoints stop."""
    brake = Brake()
    on = stage(workers=1, render=brake)
    running, queued = [await on.submit(seed=n) for n in range(2)]
    await until(on, running, "IN_PROGRESS")
    for job in (queued, running):
        reply = await on.http.put(job["cancel_url"])
        assert (reply.status_code, reply.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    brake.go.set()
    assert (await on.done(running)).status_code == 200
    reply = await on.done(queued)
    assert reply.status_code == 499 and reply.json()["error_type"] == "client_cancelled"
    reply = await on.http.put(running["cancel_url"])
    assert (reply.status_code, reply.json()) == (400, {"status": "ALREADY_COMPLETED"})
    for method, end in [
        ("PUT", "/cancel"),
        ("GET", "/status"),
        ("GET", ""),
        ("GET", "/status/stream"),
    ]:
        reply = await on.http.request(method, f"/{T2V}/requests/none{end}")
        assert (reply.status_code, reply.json()) == (404, {"status": "NOT_FOUND"})
    elsewhere = running["status_url"].replace(T2V, "fal-ai/flux")
    assert (await on.http.get(elsewhere)).status_code == 404


@pytest.mark.parametrize(
    ("endpoint", "body", "loc", "type", "context"),
    [
        (T2V, {"prompt": None}, ["prompt"], "string_type", None),
        (T2V, {"num_frames": 2000}, ["num_frames"], "less_than_equal", {"le": 1441}),
        (T2V, {"num_frames": 8}, ["num_frames"], "greater_than_equal", {"ge": 9}),
        (T2V, {"num_frames": "many"}, ["num_frames"], "int_parsing", None),
        (T2V, {"resolution": "4k"}, ["resolution"], "one_of", {"expected": ["480p", "720p"]}),
        (T2V, {STEPS: 16}, [STEPS], "less_than_equal", {"le": 12}),
        (T2V, {ADAIN: 0.07}, [ADAIN], "multiple_of", {"multiple_of": 0.05}),
        (T2V, {"expand_prompt": "perhaps"}, ["expand_prompt"], "bool_parsing", None),
        (T2V, {"num_frames": float("nan")}, ["num_frames"], "int_parsing", None),
        (I2V, {}, ["image_url"], "missing", None),
        (EXTEND, {"video_url": "https://x.invalid/a.mp4"}, ["video"], "missing", None),
        (EXTEND, {"video": "https://x.invalid/a.mp4"}, ["video"], "dict_type", None),
        (EXTEND, {"video": {"video_url": "u", START: 12}}, ["video", START], "multiple_of", {"multiple_of": 8}),  # noqa: E501
        (MULTI, {"images": [{}]}, ["images", 0, "image_url"], "missing", None),
        (MULTI, {"videos": {}}, ["videos"], "list_type", None),
    ],
)  # fmt: skip
async def test_a_bad_body_is_taken_and_fails_in_the_model(
    stage: Build, endpoint: str, body: dict, loc: list, type: str, context: dict | None
) -> None:
    """Submit answers 200 even then; the reason comes with the result, field by field."""
    on = stage()
    content = json.dumps({"prompt": "rain", "num_frames": 9, **body})
    submitted = (await on.http.post(f"/{endpoint}", content=content)).json()
    reply = await on.done(submitted)
    assert reply.status_code == 422 and reply.headers["x-fal-retryable"] == "false"
    entry = reply.json()["detail"][0]
    assert (entry["loc"], entry["type"], entry.get("ctx")) == (["body", *loc], type, context)
    assert entry["url"] == f"https://docs.fal.ai/errors/#{type}"
    status = (await on.http.get(submitted["status_url"])).json()
    assert (status["status"], status["error_type"]) == ("COMPLETED", type)


async def test_unknown_fields_are_ignored_and_numbers_in_text_are_read(stage: Build) -> None:
    """As the service does: a wrong name costs money without a word. Grid steps are not exact."""
    on = stage()
    loose = {"guide_scale": 7, "num_frames": "9", "temporal_adain_factor": 0.15, "seed": None}
    assert (await on.done(await on.submit(**loose))).status_code == 200


async def test_same_request_same_bytes_and_a_seed_when_none_is_given(stage: Build) -> None:
    """A preview that changes by itself could not be judged; another prompt is another picture."""
    on = stage()
    got = []
    for prompt in ("rain", "rain", "snow"):
        answer = (await on.done(await on.submit(prompt=prompt))).json()
        got.append((answer["seed"], (await on.http.get(answer["video"]["url"])).content))
    assert got[0] == got[1] and got[0][0] != got[2][0]


async def test_inputs_come_from_its_own_storage_or_a_data_uri(stage: Build, tmp_path: Path) -> None:
    """Nothing is ever fetched from elsewhere; what cannot be read is the input's fault."""
    on = stage()
    still, clip = await on.upload(png(), "mara.png"), await on.upload(mp4(tmp_path), "tail.mp4")
    data = "data:image/png;base64," + base64.b64encode(png()).decode()
    for url in (still, data):
        assert (await on.done(await on.submit(I2V, image_url=url))).status_code == 200
    assert (await on.done(await on.submit(EXTEND, video={"video_url": clip}))).status_code == 200
    both = {"images": [{"image_url": still}], "videos": [{"video_url": clip}]}
    assert (await on.done(await on.submit(MULTI, **both))).status_code == 200
    for url in (
        "https://example.invalid/files/b/x/a.png",
        still.replace("mara", "tara"),
        still.replace("animatic.invalid", "elsewhere.invalid"),
        "file:///etc/passwd",
        "data:image/png;base64,%%%",
        still.rsplit("/", 1)[0] + "/../../jobs",
    ):
        reply = await on.done(await on.submit(I2V, image_url=url))
        assert reply.json()["detail"][0]["type"] == "file_download_error", url
    reply = await on.done(await on.submit(I2V, image_url=clip))
    assert reply.json()["detail"][0]["type"] == "image_load_error"
    reply = await on.done(await on.submit(EXTEND, video={"video_url": still}))
    assert reply.json()["detail"][0] | {"msg": ""} == {
        "loc": ["body", "video", "video_url"],
        "msg": "",
        "type": "unsupported_video_format",
        "url": "https://docs.fal.ai/errors/#unsupported_video_format",
    }


async def test_an_answer_is_the_next_hops_input(stage: Build) -> None:
    """A chain of hops may pass the answer's URL on without an upload."""
    on = stage()
    url = (await on.done(await on.submit())).json()["video"]["url"]
    assert (await on.done(await on.submit(EXTEND, video={"video_url": url}))).status_code == 200


async def test_both_upload_protocols_and_parts_in_any_order(stage: Build) -> None:
    """The CDN's one call, storage's two, and parts that finish as they like."""
    on = stage()
    token = (await on.http.post("/storage/auth/token?storage_type=fal-cdn-v3", json={})).json()
    assert set(token) == {"token", "token_type", "base_url", "expires_at"}
    name = {"X-Fal-File-Name": "../a b.png", "Content-Type": "image/png"}
    url = (await on.http.post("/files/upload", content=b"one", headers=name)).json()["access_url"]
    assert url.endswith("/a_b.png") and (await on.http.get(url)).content == b"one"
    reply = await on.http.post(
        "/storage/upload/initiate?storage_type=gcs",
        json={"file_name": "b.png", "content_type": "image/png"},
    )
    assert (await on.http.get(reply.json()["file_url"])).status_code == 404, "not there yet"
    await on.http.put(reply.json()["upload_url"], content=b"two")
    assert (await on.http.get(reply.json()["file_url"])).content == b"two"
    begun = (await on.http.post("/files/upload/multipart", headers=name)).json()
    parts = []
    for number in (2, 3, 1):
        url = f"{begun['access_url']}/multipart/{begun['uploadId']}/{number}"
        etag = (await on.http.put(url, content=b"part%d" % number)).headers["etag"]
        parts.append({"partNumber": number, "etag": etag})
    end = f"{begun['access_url']}/multipart/{begun['uploadId']}/complete"
    assert (await on.http.post(end, json={"parts": parts})).status_code == 200
    assert (await on.http.get(begun["access_url"])).content == b"part1part2part3"
    assert [upload.bytes for upload in on.queue.uploads] == [3, 3, 15]
    bad = f"{begun['access_url']}/multipart/{begun['uploadId']}/complete"
    assert (await on.http.post(bad, json={"parts": [{"partNumber": 9}]})).status_code == 404


async def test_a_file_answers_to_ranges(stage: Build) -> None:
    """A broken download is taken up where it ended."""
    on = stage()
    url = await on.upload(bytes(range(100)), "a.bin")
    reply = await on.http.get(url, headers={"Range": "bytes=90-"})
    assert (reply.status_code, reply.content) == (206, bytes(range(90, 100)))
    assert reply.headers["content-range"] == "bytes 90-99/100"


async def test_a_key_is_wanted_only_when_one_is_set(stage: Build) -> None:
    """With a key: 401 without it, also for uploads; the CDN wants the token's word."""
    on = stage(key="id:secret")
    assert (await on.http.post(f"/{T2V}", json={})).status_code == 401
    assert (await on.http.get(f"/{T2V}/requests/x/status")).status_code == 401
    assert (await on.http.post("/storage/auth/token", json={})).status_code == 401
    assert (await on.http.post("/files/upload", content=b"x")).status_code == 401
    on.http.headers["Authorization"] = "Key id:secret"
    await on.submit()
    token = (await on.http.post("/storage/auth/token", json={})).json()
    bearer = {"Authorization": f"{token['token_type']} {token['token']}"}
    reply = await on.http.post("/files/upload", content=b"x", headers=bearer)
    assert reply.status_code == 200


async def test_submits_that_are_no_submits(stage: Build) -> None:
    """Unknown application, no JSON, too long a line: said at once, and no job is made."""
    brake = Brake()
    on = stage(workers=1, render=brake)
    assert (await on.http.post("/fal-ai/flux/dev", json={})).status_code == 404
    assert (await on.http.post(f"/{T2V}", content=b"{")).status_code == 400
    running = await on.submit()
    await until(on, running, "IN_PROGRESS")
    await on.submit()
    reply = await on.http.post(f"/{T2V}?fal_max_queue_length=0", json={"prompt": "x"})
    assert reply.status_code == 429 and len(on.queue.submits) == 2
    reply = await on.http.post(f"/{T2V}?fal_webhook=https%3A%2F%2Fw%2Fx", json={"prompt": "x"})
    assert on.queue.jobs[reply.json()["request_id"]].webhook == "https://w/x"
    brake.go.set()


async def test_a_late_start_ends_by_the_callers_own_limit(stage: Build) -> None:
    """X-Fal-Request-Timeout limits the wait, and its 504 says whose limit it was."""
    brake = Brake()
    on = stage(workers=1, render=brake)
    first = await on.submit()
    late = {"X-Fal-Request-Timeout": "0.05"}
    second = (await on.http.post(f"/{T2V}", json={"prompt": "x"}, headers=late)).json()
    await asyncio.sleep(0.1)
    brake.go.set()
    reply = await on.done(second)
    assert reply.status_code == 504 and reply.headers["x-fal-request-timeout-type"] == "user"
    assert (await on.done(first)).status_code == 200


async def test_a_bug_in_the_drawing_is_a_failed_job(stage: Build) -> None:
    """Not a job that never ends."""

    def broken(*arguments: object, **more: object) -> None:
        raise ZeroDivisionError("the pen broke")

    on = stage(render=broken)
    reply = await on.done(await on.submit())
    assert reply.status_code == 500 and "pen" in reply.json()["detail"][0]["msg"]


async def test_latency_is_waited_and_a_close_ends_it(stage: Build) -> None:
    """A preview of waiting; a closed queue holds no thread and keeps no folder."""
    on = stage(latency_s=60)
    submitted = await on.submit()
    await until(on, submitted, "IN_PROGRESS")
    folder = on.queue.storage.folder
    assert folder.is_dir()
    on.queue.close()
    await all_workers_end(on)
    assert on.queue._busy == 0 and not folder.exists()


async def test_a_kept_folder_knows_its_jobs_again(stage: Build, tmp_path: Path) -> None:
    """A run that was interrupted reattaches: finished jobs are found, open ones are redone."""
    before = stage(folder=tmp_path, latency_s=0)
    finished = await before.submit(seed=1)
    answer = (await before.done(finished)).json()
    before.queue.close()
    slow = stage(folder=tmp_path, latency_s=60)
    open_ = await slow.submit(seed=2)
    slow.queue.close()
    after = stage(folder=tmp_path)
    assert (await after.http.get(finished["response_url"])).json() == answer
    assert (await after.http.get(answer["video"]["url"])).status_code == 200
    assert (await after.done(open_)).json()["seed"] == 2
    assert after.queue.submits == [], "nothing was asked again"


async def test_a_close_in_the_middle_of_a_drawing_is_no_failure(
    stage: Build, tmp_path: Path
) -> None:
    """FFmpeg is ended under the drawing's hands; the next run draws it again."""

    def endless(kind: str, params: dict, inputs: dict, out: Path, *, drift: float = 0) -> object:
        black = np.zeros((48, 64, 3), np.uint8)
        return encode_frames(itertools.repeat(black), out, rate=Fraction(24))

    on = stage(folder=tmp_path / "kept", render=endless)
    gone = stage(render=endless)
    jobs = [await on.submit(seed=7), await gone.submit(seed=7)]
    await asyncio.sleep(0.4)
    for closed in (on, gone):
        closed.queue.close()
        await all_workers_end(closed)
        assert closed.queue._busy == 0
    assert not gone.queue.storage.folder.exists()
    again = stage(folder=tmp_path / "kept")
    assert (await again.done(jobs[0])).json()["seed"] == 7


async def test_httpx_own_transport_works_too(stage: Build) -> None:
    """It hands a stream over at its end, which is bounded by the job's."""
    on = stage()
    transport = httpx.ASGITransport(app=on.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        submitted = (await http.post(f"/{T2V}", json={"prompt": "x", "num_frames": 9})).json()
        assert submitted["status_url"].startswith("http://localhost/")
        events = (await http.get(submitted["status_url"] + "/stream")).text
        assert events.strip().splitlines()[-1].startswith('data: {"status": "COMPLETED"')
        answer = (await http.get(submitted["response_url"])).json()
        assert (await http.get(answer["video"]["url"])).status_code == 200


async def test_a_client_that_gives_up_ends_its_call(stage: Build) -> None:
    """A stream that is left early must not run on in the background."""
    on = stage(latency_s=60)
    submitted = await on.submit()
    async with on.http.stream("GET", submitted["status_url"] + "/stream") as reply:
        async for _ in reply.aiter_lines():
            break
    assert [task for task in asyncio.all_tasks() if "_Call._run" in repr(task)] == []
    with pytest.raises(httpx.ReadTimeout):
        await on.http.get(submitted["status_url"] + "/stream", timeout=0.2)
