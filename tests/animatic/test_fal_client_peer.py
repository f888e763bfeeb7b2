"""The service's own Python client, unchanged but for its addresses, against our queue."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from scenegraph.animatic import FaultPlan, create_app

from .conftest import EXTEND, I2V, T2V, small_render
from .test_queue import mp4, png

fal_client = pytest.importorskip("fal_client")
pytestmark = [
    pytest.mark.ffmpeg,
    # Its upload clients are never closed; the sockets are its own, and are collected here.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Served:
    """The queue on a free port of this machine, with a key."""

    def __init__(self, **settings: object) -> None:
        self.app = create_app(render=small_render, workers=2, key="id:secret", **settings)  # type: ignore[arg-type]
        config = uvicorn.Config(self.app, port=0, log_level="critical", ws="none")
        self.server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Served:
        self._thread.start()
        while not self.server.started:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self._thread.join(10)
        self.app.state.queue.close()


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Served, object]]:
    with Served(faults=FaultPlan.of(effect="drop-answer", prompt="lost")) as served:
        client = _client(served, monkeypatch)
        yield served, client
        client._client.close()  # it has no door of its own for that
    del client
    gc.collect()


def _client(served: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = fal_client.client
    for name in ("QUEUE_URL_FORMAT", "RUN_URL_FORMAT"):
        monkeypatch.setattr(module, name, served.url + "/")
    for name in ("REST_URL", "CDN_URL"):
        monkeypatch.setattr(module, name, served.url)
    return fal_client.SyncClient(key="id:secret")


def test_submit_status_result_and_cancel(peer: tuple) -> None:
    """Its parser wants keys that a careless simulator leaves out."""
    served, client = peer
    handle = client.submit(T2V, {"prompt": "rain", "num_frames": 9, "seed": 5})
    states = [type(status).__name__ for status in handle.iter_events(with_logs=True, interval=0.01)]
    assert states[-1] == "Completed" and set(states) <= {"Queued", "InProgress", "Completed"}
    assert handle.get()["seed"] == 5
    again = client.get_handle(EXTEND, handle.request_id)
    assert again.get() == handle.get(), "URLs rebuilt from the id alone"
    with pytest.raises(fal_client.FalClientHTTPError) as refused:
        handle.cancel()
    assert refused.value.status_code == 400
    answer = client.subscribe(T2V, {"prompt": "snow", "num_frames": 9}, interval=0.01)
    assert answer["video"]["url"].startswith(served.url)


def test_uploads_go_in_and_come_back(
    peer: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call, the older protocol, and many parts; each feeds a job."""
    served, client = peer
    still = client.upload(png(), "image/png", file_name="mara.png")
    assert client.subscribe(
        I2V, {"prompt": "x", "num_frames": 9, "image_url": still}, interval=0.01
    )
    old = client.upload(png(), "image/png", file_name="old.png", repository="fal")
    assert client.subscribe(I2V, {"prompt": "x", "num_frames": 9, "image_url": old}, interval=0.01)
    (tmp_path / "clip.mp4").write_bytes(mp4(tmp_path, frames=33))
    size = (tmp_path / "clip.mp4").stat().st_size
    module = fal_client.client
    monkeypatch.setattr(module, "MULTIPART_THRESHOLD", 100)
    monkeypatch.setattr(module, "MULTIPART_CHUNK_SIZE", size // 4)
    clip = client.upload_file(str(tmp_path / "clip.mp4"))
    assert served.app.state.queue.uploads[-1].bytes == size
    video = {"prompt": "x", "num_frames": 41, "video": {"video_url": clip}}
    assert client.subscribe(EXTEND, video, interval=0.01)


def test_a_bad_body_is_its_own_error(peer: tuple) -> None:
    """422 with the detail list, after the queue."""
    _, client = peer
    handle = client.submit(EXTEND, {"prompt": "x", "video_url": "y"})
    with pytest.raises(fal_client.FalClientHTTPError) as refused:
        handle.get(interval=0.01)
    assert refused.value.status_code == 422
    assert refused.value.response.json()["detail"][0]["loc"] == ["body", "video"]


def test_a_wrong_key_is_refused(peer: tuple) -> None:
    """401 before anything is made."""
    served, _ = peer
    stranger = fal_client.SyncClient(key="id:wrong")
    with pytest.raises(fal_client.FalClientHTTPError) as refused:
        stranger.submit(T2V, {"prompt": "x"})
    stranger._client.close()
    assert refused.value.status_code == 401 and served.app.state.queue.submits == []


def test_its_own_retry_pays_twice_for_a_lost_answer(peer: tuple) -> None:
    """Over a real socket the drop is a drop, and shows why we never repeat such a submit."""
    served, client = peer
    handle = client.submit(T2V, {"prompt": "lost", "num_frames": 9})
    assert handle.get(interval=0.01)
    assert len(served.app.state.queue.submits) == 2


@pytest.mark.anyio
async def test_the_async_client_agrees(peer: tuple) -> None:
    """Its status parsing is another code path."""
    assert os.environ.get("FAL_KEY") is None
    client = fal_client.AsyncClient(key="id:secret")
    got = await client.subscribe(T2V, {"prompt": "rain", "num_frames": 9}, interval=0.01)
    await (await client._client).aclose()
    assert got["video"]["content_type"] == "video/mp4"
