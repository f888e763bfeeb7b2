"""The two engines behind one client: the animatic queue in process, or the real service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from scenegraph.animatic import ANIMATIC_URL, animatic_transport, create_app
from scenegraph.errors import SceneError
from scenegraph.fal import Backoff, FalClient, Limits, News
from scenegraph.ledger import Engine
from scenegraph.run.ears import listening
from scenegraph.run.events import Listener, silent
from scenegraph.scene import Scene
from scenegraph.settings import LOOPBACK, Settings

#: A drawing takes a second or two: asked more often than a paid job.
NEARBY = Limits(
    poll=Backoff(0.05, 0.5, 1.4),
    poll_told=Backoff(1, 5, 1.4),
    polls_per_s=400,
    repeat=Backoff(0.1, 5, 2),
    resend=Backoff(0.1, 5, 2),
)


@asynccontextmanager
async def open_fal(settings: Settings, *, news: News | None = None) -> AsyncIterator[FalClient]:
    """A client of the real service, or of a queue on this machine that stands for it.

    Args:
        news: of jobs that have ended, when webhooks are listened for.

    Raises:
        SceneError: no key is set, and the queue is not on this machine.
    """
    local = urlsplit(settings.fal_queue_url).hostname in LOOPBACK
    if settings.credentials() is None and not local:
        raise SceneError(
            "The backend `fal` needs a key, and none is set.",
            next="Set FAL_KEY (or FAL_KEY_ID and FAL_KEY_SECRET), or run the free preview: "
            "--backend animatic.",
        )
    limits = NEARBY if local else None
    async with FalClient.from_settings(settings, news=news, limits=limits) as client:
        yield client


@asynccontextmanager
async def open_queue(
    engine: Engine,
    scene: Scene,
    settings: Settings,
    *,
    workers: int | None = None,
    listener: Listener = silent,
) -> AsyncIterator[FalClient]:
    """A client of the engine's queue, closed when the block ends.

    On `fal`, webhooks are listened for as long as the block lasts, when the settings say where.

    Raises:
        SceneError: `fal` was asked for and no key is set.
    """
    if engine == "fal":
        async with listening(settings, listener) as news, open_fal(settings, news=news) as client:
            yield client
        return
    app = create_app(
        drift=scene.animatic.drift, latency_s=scene.animatic.latency_s, workers=workers
    )
    try:
        async with (
            httpx.AsyncClient(transport=animatic_transport(app)) as http,
            FalClient(
                http,
                queue_url=ANIMATIC_URL,
                rest_url=ANIMATIC_URL,
                cdn_url=ANIMATIC_URL,
                limits=NEARBY,
            ) as client,
        ):
            yield client
    finally:
        app.state.queue.close()
