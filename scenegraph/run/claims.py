"""Waiting for a job that somebody else has asked for: another shot, or another process.

Whose take it is says the ledger; whether they still work on it says the hold of their scene. When
nobody does, the take is collected here, for whoever wants it: what is paid is brought home.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from scenegraph.ledger import OPEN, Journal, SceneHeld, State, Take
from scenegraph.plan import ShotPlan
from scenegraph.run.camera import Camera

log = structlog.get_logger(__name__)

#: Between two looks at a take that another process works on.
LOOK_S = 0.25


class Claims:
    """The jobs of others that this run waits for.

    Args:
        scene: the one that this process holds.
        tasks: this run's own shots, by id.
    """

    def __init__(
        self,
        journal: Journal,
        camera: Camera,
        scene: str,
        tasks: Mapping[str, asyncio.Future[Any]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger, self._camera, self._scene = journal.ledger, camera, scene
        self._tasks, self._sleep = tasks, sleep
        self._waited: set[tuple[str, str]] = set()

    def has_to_wait(self, planned: ShotPlan) -> bool:
        """False when its twin has ended without a picture: then the shot asks for itself."""
        if planned.act != "join":
            return False
        return planned.twin is None or (planned.shot, planned.twin) not in self._waited

    async def wait(self, planned: ShotPlan) -> None:
        """Return when what the plan waits for has ended, whichever way: plan again then."""
        if planned.twin is not None:
            self._waited.add((planned.shot, planned.twin))
            await asyncio.wait({self._tasks[planned.twin]})
        elif planned.take is not None:
            await self.wait_for(planned.take.id)

    async def wait_for(self, id: int) -> None:
        """Wait until a take is here or lost, and collect it when its own process is gone.

        Raises:
            ShotError, PersonNeeded: collecting it here failed; the ledger says the same.
        """
        told = False
        while (take := await asyncio.to_thread(self._ledger.take, id)).state in OPEN:
            if take.state is State.UNKNOWN:
                return
            if take.scene == self._scene:
                if take.state.is_pending:
                    await self._camera.collect(id, quietly=True)
                    return
            elif await self._did_collect(take):
                return
            if not told:
                told = True
                log.info("take.awaited", slate=take.slate)
            await self._sleep(LOOK_S)

    async def _did_collect(self, take: Take) -> bool:
        """Collect a take that nobody works on; False while its scene is held."""
        hold = self._ledger.hold(take.scene)
        try:
            await asyncio.to_thread(hold.__enter__)
        except SceneHeld:
            return False
        try:
            await asyncio.to_thread(self._ledger.sweep, take.scene)
            now = await asyncio.to_thread(self._ledger.take, take.id)
            if now.state.is_pending:
                log.info("take.collected_for_another", slate=take.slate)
                await self._camera.collect(take.id, quietly=True)
        finally:
            await asyncio.to_thread(hold.__exit__, None, None, None)
        return True
