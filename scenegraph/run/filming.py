"""From a shot's plan to a take with its file in the store, within the places of the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from math import inf

from scenegraph.errors import ShotError, SubmitUncertain
from scenegraph.fal import JobGone, Remedy, remedy_of
from scenegraph.ledger import Take
from scenegraph.plan import ShotPlan
from scenegraph.run.brakes import Brakes
from scenegraph.run.camera import Camera
from scenegraph.run.known import Known
from scenegraph.run.outcomes import Outcomes
from scenegraph.run.pace import Pace
from scenegraph.run.slots import Slots

#: New jobs that one shot may ask for in one run after passing faults of the service.
ASK_AGAIN = 1
#: What is out at the service already comes before everything that is still to be asked for.
AT_ONCE = inf


class Filming:
    """Asks for takes and collects them; the chain that will take longest gets a free place."""

    def __init__(
        self, known: Known, camera: Camera, slots: Slots, brakes: Brakes, tells: Outcomes, run: int
    ) -> None:
        self._known, self._camera, self._slots = known, camera, slots
        self._brakes, self._tells, self._run = brakes, tells, run
        self._pace = Pace()

    async def film(
        self, planned: ShotPlan, parents: Mapping[str, Take | None], again: int | None = None
    ) -> tuple[Take, bool]:
        """A take with its file in the store; True when it was asked for now.

        Args:
            again: how often it was asked for again; None of a take of several, whose loss is not
                yet the shot's.
        """
        take = planned.take
        if planned.act == "review":
            assert take is not None
            return take, False
        self._tells.tell(planned.shot, "waiting")
        is_out = planned.act == "poll"
        priority = AT_ONCE if is_out else partial(self._remaining, planned.shot)
        async with self._slots.take(priority):
            try:
                if is_out:
                    assert take is not None
                    return await self._camera.collect(take.id), False
                self._brakes.must_be_off()
                began = asyncio.get_running_loop().time()
                shot = await self._camera.shoot(planned.job, parents, self._run)
                if self._pace.took(planned, asyncio.get_running_loop().time() - began):
                    self._slots.compare_anew()
                return shot, True
            except ShotError as error:
                if again is not None and not self.may_ask(error, again):
                    self._brakes.lost(planned.shot)  # before this place goes to another shot
                raise

    def _remaining(self, shot: str) -> float:
        return self._pace.remaining(self._known.context, shot)

    def may_ask(self, error: ShotError, again: int) -> bool:
        """Whether a new job may help, and may be asked for in this run."""
        return self.remedy(error) in (Remedy.ASK_AGAIN, Remedy.REUPLOAD) and again < ASK_AGAIN

    def remedy(self, error: ShotError) -> Remedy:
        """As the service's table says; a preview costs nothing and is asked for again."""
        free = self._known.context.engine == "animatic"
        if free and isinstance(error, JobGone | SubmitUncertain):
            return Remedy.ASK_AGAIN
        return remedy_of(error)
