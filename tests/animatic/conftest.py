"""A queue with a small renderer: what the protocol does must not wait for real pictures."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from scenegraph.animatic import ANIMATIC_URL, animatic_transport, create_app
from scenegraph.media import Clip, encode_frames, open_still, probe
from scenegraph.units import exact_rate

T2V = "fal-ai/ltxv-13b-098-distilled"
I2V = f"{T2V}/image-to-video"
EXTEND = f"{T2V}/extend"
MULTI = f"{T2V}/multiconditioning"


def small_render(
    kind: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    *,
    drift: float = 0.0,
) -> Clip:
    """A few grey pixels that depend on the seed, at the asked rate and length."""
    if "image" in inputs:
        open_still(inputs["image"])
    if "video" in inputs:
        probe(inputs["video"])
    height = 48 if params["resolution"] == "480p" else 64
    grey = np.full((height, 64, 3), params["seed"] % 200, np.uint8)
    frames = (np.roll(grey + n % 9, n, axis=1) for n in range(params["num_frames"]))
    return encode_frames(frames, out, rate=exact_rate(params["frame_rate"]), preset="ultrafast")


class Stage:
    """A queue in process and a client that calls it."""

    def __init__(self, **settings: Any) -> None:
        self.app = create_app(**{"render": small_render, "workers": 2, **settings})
        self.queue = self.app.state.queue
        self.http = httpx.AsyncClient(
            transport=animatic_transport(self.app), base_url=ANIMATIC_URL, timeout=20
        )

    async def submit(self, endpoint: str = T2V, **body: Any) -> dict[str, Any]:
        reply = await self.http.post(
            f"/{endpoint}", json={"prompt": "rain", "num_frames": 9, **body}
        )
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    async def done(self, submitted: Mapping[str, Any]) -> httpx.Response:
        """Wait for the end and fetch the result."""
        async with self.http.stream("GET", submitted["status_url"] + "/stream") as events:
            async for _ in events.aiter_lines():
                pass
        return await self.http.get(submitted["response_url"])

    async def upload(self, content: bytes, name: str = "file.mp4") -> str:
        reply = await self.http.post(
            "/files/upload", content=content, headers={"X-Fal-File-Name": name}
        )
        assert reply.status_code == 200, reply.text
        url: str = reply.json()["access_url"]
        return url


@pytest.fixture
async def stage() -> AsyncIterator[Callable[..., Stage]]:
    """Builds stages; each is closed at the end."""
    async with contextlib.AsyncExitStack() as stack:

        def build(**settings: Any) -> Stage:
            built = Stage(**settings)
            stack.push_async_callback(built.http.aclose)
            stack.callback(built.queue.close)
            return built

        yield build
