"""Takes of earlier runs that no shot's plan sees to: paid for, so brought home all the same."""

from __future__ import annotations

import asyncio

from scenegraph.errors import PersonNeeded, ShotError
from scenegraph.ledger import Journal, State, Take
from scenegraph.plan import PlanContext
from scenegraph.run.brakes import Brakes
from scenegraph.run.camera import Camera
from scenegraph.run.events import Listener, NoticeEvent
from scenegraph.run.eyes import Eyes
from scenegraph.run.filming import AT_ONCE
from scenegraph.run.intact import must_be_intact
from scenegraph.run.slots import Slots


def older_takes(context: PlanContext) -> list[Take]:
    """Takes that are owed, or not looked at yet, and that no shot's plan will see to.

    The shot wants something else by now, is left out, or is gone; the work is paid all the same.
    """
    seen_to = {
        planned.take.id
        for planned in context.planned.values()
        if planned.take is not None and planned.act in ("poll", "review")
    }
    for planned in context.planned.values():
        if planned.act == "takes" and planned.series is not None:
            seen_to.update(take.id for take in planned.series.takes)
    return [
        take
        for rows in context.memory.takes.values()
        for take in rows
        if take.engine == context.engine
        and take.id not in seen_to
        and (take.state.is_pending or take.state is State.FETCHED)
    ]


class Older:
    """Brings such takes into the store, looked at and not circled."""

    def __init__(
        self,
        journal: Journal,
        camera: Camera,
        eyes: Eyes,
        slots: Slots,
        brakes: Brakes,
        listener: Listener,
    ) -> None:
        self._journal, self._camera, self._eyes = journal, camera, eyes
        self._slots, self._brakes, self._listener = slots, brakes, listener

    async def bring_in(self, take: Take, which: str = "of an earlier run") -> None:
        try:
            if take.state.is_pending:
                async with self._slots.take(AT_ONCE):
                    take = await self._camera.collect(take.id, quietly=True)
            await self._journal.reviewed(take.id, await self._eyes.glance(take))
            await asyncio.to_thread(must_be_intact, take, self._journal.ledger.store)
        except PersonNeeded as error:
            self._brakes.pause(error)
        except ShotError as error:
            self._listener(NoticeEvent(message=f"{take.slate}, {which}: {error.message}"))
        else:
            self._listener(NoticeEvent(message=f"{take.slate}, {which}, was collected."))
