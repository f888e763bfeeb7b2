"""What stands in for the service and for media, so that only orchestration is measured.

Everything else is what `scenegraph run` uses: planning, executor, camera, purse, journal, ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Self
from unittest import mock

from scenegraph.fal import QueueStatus
from scenegraph.fal.wire import Answer, Submitted
from scenegraph.ledger import MediaStore, QueueUrls, Review, Take
from scenegraph.media import Clip
from scenegraph.plan import Job
from scenegraph.run import api, verdicts
from scenegraph.run.camera import Camera

HERE = "http://127.0.0.1"
#: What probing would say of every answer.
CLIP = {"rate": Fraction(24), "width": 1280, "height": 720}
DONE = QueueStatus(state="completed", word="COMPLETED")
GOOD = Review(verdict="good", score=0.1)


class Queue:
    """A queue in this process. A job takes `latency_of` its request seconds, by default none."""

    def __init__(self, latency_of: Callable[[Mapping[str, Any]], float] | None = None) -> None:
        self._latency_of, self._latency = latency_of, dict[str, float]()
        self.submits = 0

    async def submit(self, endpoint: str, payload: Mapping[str, Any]) -> Submitted:
        self.submits += 1
        id = f"{endpoint.rpartition('/')[2]}-{id_of(payload)}"
        if self._latency_of is not None:
            self._latency[id] = self._latency_of(payload)
        at = f"{HERE}/requests/{id}"
        return Submitted(id, QueueUrls(f"{at}/status", at, f"{at}/cancel"))

    async def wait(
        self,
        urls: QueueUrls,
        _on_status: object = None,
        *,
        request_id: str | None = None,  # noqa: ARG002
    ) -> QueueStatus:
        await asyncio.sleep(self._latency.pop(urls.response.rpartition("/")[2], 0))
        return DONE

    async def result(self, urls: QueueUrls, *, status: QueueStatus) -> Answer:  # noqa: ARG002
        return Answer(video_url=f"{urls.response}.mp4")


def id_of(payload: Mapping[str, Any]) -> str:
    """A request id; no two requests of a benchmark are the same."""
    return sha256(repr(sorted(payload.items())).encode()).hexdigest()[:24]


class NoUploads:
    """Tails are not cut and files are not sent: each input has a URL made from its hash."""

    def __init__(self, *_: object) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def urls_for(
        self, job: Job, _parents: Mapping[str, Take | None]
    ) -> dict[tuple[str | int, ...], str]:
        return {one.into: f"{HERE}/files/{one.sha256}" for one in job.inputs}

    async def remember_answer(self, _take: Take, _url: str) -> None:
        pass


class NoDownloads(Camera):
    """An answer's file is not fetched, synced or probed: its hash is made up from its URL."""

    async def _bring_home(self, take: Take, url: str) -> tuple[Any, Clip]:
        digest = sha256(url.encode()).hexdigest()
        stored = SimpleNamespace(sha256=digest, media=f"media/{digest[:2]}/{digest}.mp4")
        frames = int(take.params["num_frames"])
        return stored, Clip(path=self._ledger.store.path(stored.media), frames=frames, **CLIP)


class GoodEyes:
    """Every take is good at first sight; nothing is decoded."""

    def __init__(self, *_: object) -> None:
        pass

    async def look(self, _take: Take, _parent: Take | None) -> Review:
        return GOOD

    def forget_parents_of(self, _shot: str) -> None:
        pass


@contextmanager
def no_media() -> Iterator[None]:
    """Within, `run_async` runs without media: the doors to them are closed, no others."""
    doors = mock.patch.multiple(api, Camera=NoDownloads, Material=NoUploads, Eyes=GoodEyes)
    with doors, mock.patch.object(verdicts, "must_be_intact", is_intact):
        yield


def is_intact(_take: Take, _store: MediaStore) -> None:
    """There is no file that could have changed."""
