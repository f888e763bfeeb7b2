"""Hops that are asked for while their parents are still being looked at. Off by default.

What such a hop may lose, and how that is counted, stands in `plan/speculating.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import structlog

from scenegraph.errors import SceneGraphError
from scenegraph.ledger import Journal, State, Take
from scenegraph.plan import Job, ShotPlan, lost_usd, speculate_amendment
from scenegraph.run.brakes import Brakes
from scenegraph.run.camera import Camera
from scenegraph.run.known import Known
from scenegraph.run.older import Older
from scenegraph.run.outcomes import Outcomes
from scenegraph.run.slots import Slots

log = structlog.get_logger(__name__)

#: What is sure to be wanted comes before what may not be.
LATER = -1_000_000


@dataclass
class Hop:
    """A hop that was asked for early, and the take of its parent that it goes on from."""

    job: Job
    parent: Take
    wanted: bool = True
    task: asyncio.Task[Take | SceneGraphError] | None = field(default=None, repr=False)


class EarlyHops:
    """Asks for hops early, hands them over to their shots, and calls off those of rejected takes.

    Args:
        tasks: this run's own shots, by id.
    """

    def __init__(
        self,
        known: Known,
        journal: Journal,
        camera: Camera,
        slots: Slots,
        brakes: Brakes,
        tells: Outcomes,
        older: Older,
        tasks: Mapping[str, asyncio.Future[Any]],
        run: int,
    ) -> None:
        self._known, self._journal, self._camera = known, journal, camera
        self._slots, self._brakes, self._tells = slots, brakes, tells
        self._older, self._tasks, self._run = older, tasks, run
        self._hops: dict[str, Hop] = {}
        cap = known.context.scene.drift.speculate_usd
        self._left = cap - lost_usd(known.context.memory) if cap else Decimal(0)

    def ask(self, group: asyncio.TaskGroup, shot: str, take: Take) -> None:
        """Ask for the hops of a take that has come in, as far as the cap goes."""
        if self._left <= 0 or take.clip is None:
            return
        graph = self._known.context.graph
        for child in graph.children(shot):
            if graph.shots[child].tail_of != shot or child in self._hops:
                continue
            parents = self._parents_of(child, take)
            planned = self._known.plan(child, parents) if parents is not None else None
            if planned is None or planned.act != "submit" or not self._can_pay(planned.job.usd):
                continue
            self._left -= planned.job.usd
            hop = self._hops[child] = Hop(planned.job, take)
            hop.task = group.create_task(self._shoot(hop, parents or {}), name=f"early {child}")

    def take_of(self, planned: ShotPlan) -> asyncio.Task[Take | SceneGraphError] | None:
        """The task that is shooting exactly what is planned, if it was asked for early."""
        hop = self._hops.get(planned.shot)
        if hop is None or hop.job.key != planned.job.key or planned.act not in ("submit", "poll"):
            return None
        return self._hops.pop(planned.shot).task

    def decided(self, shot: str, kept: Take | None) -> None:
        """A take was judged: hops of any other than the one that is kept are called off."""
        for child, hop in list(self._hops.items()):
            if hop.parent.shot != shot:
                continue
            if kept is not None and kept.id == hop.parent.id:
                self._left += hop.job.usd
            elif hop.wanted:
                hop.wanted = False
                del self._hops[child]
                log.info("shot.called_off", shot=child, parent=hop.parent.slate)
                assert hop.task is not None
                hop.task.cancel()

    def _priority(self, shot: str) -> float:
        return LATER + self._known.context.graph.remaining(shot)

    def _parents_of(self, child: str, take: Take) -> dict[str, Take | None] | None:
        """None when another parent is still to come."""
        parents: dict[str, Take | None] = {}
        for parent in self._known.context.graph.parents(child):
            above = self._tasks.get(parent)
            if parent == take.shot:
                parents[parent] = take
            elif above is not None and above.done() and above.result().kept:
                parents[parent] = above.result().take
            else:
                return None
        return parents

    def _can_pay(self, usd: Decimal) -> bool:
        left = self._camera.left
        return usd <= self._left and (left is None or usd <= left)

    async def _shoot(self, hop: Hop, parents: Mapping[str, Take | None]) -> Take | SceneGraphError:
        """The take, or why there is none: its shot hears of it as if it had asked itself."""
        job = hop.job
        try:
            async with self._slots.take(partial(self._priority, job.shot)):
                self._brakes.must_be_off()
                note = speculate_amendment(job, hop.parent, self._run)
                await self._journal.write(self._journal.ledger.amend, job.scene, note)
                self._tells.tell(job.shot, "waiting", detail=note.reason)
                return await self._camera.shoot(job, parents, self._run)
        except SceneGraphError as error:
            return error
        except asyncio.CancelledError:
            if hop.wanted:
                raise  # the run itself is being ended
        return await self._drop(hop)

    async def _drop(self, hop: Hop) -> Take | SceneGraphError:
        """Call a job off. One that has begun may be billed: it is brought home all the same."""
        me = asyncio.current_task()
        assert me is not None
        me.uncancel()
        job, ledger = hop.job, self._journal.ledger
        reason = f"{hop.parent.slate}, which it goes on from, was rejected"
        own, _ = await asyncio.to_thread(ledger.of_shot, job.scene, job.shot)
        take = next((one for one in own if one.key == job.key and _is_open(one)), None)
        if take is not None:
            await self._camera.call_off(take.id)
            await self._older.bring_in(take, f"asked for early and not wanted: {reason}")
            take = await asyncio.to_thread(ledger.take, take.id)
        if take is None or take.state in (State.LOST, State.REFUSED):
            self._left += job.usd
        return SceneGraphError(f"{job.slate} was called off: {reason}.")


def _is_open(take: Take) -> bool:
    return take.state.is_pending or take.state is State.FETCHED
