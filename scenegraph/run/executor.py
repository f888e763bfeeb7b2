"""The run: one task a shot, parents first, the chain that will take longest first.

A lost shot is a result, and blocks only what hangs on it; a bug is an exception and ends the run.
What to do about a shot is asked of `plan_shot` again when its parents are here: plan and run are
one function on the same state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import structlog

from scenegraph.errors import FailFast, OverBudget, PersonNeeded, SceneGraphError, ShotError
from scenegraph.fal import Remedy
from scenegraph.ledger import JobClaimed, Journal, State, Take
from scenegraph.plan import PlanContext, ShotPlan, pick_amendment
from scenegraph.run.brakes import Brakes
from scenegraph.run.camera import Camera
from scenegraph.run.claims import Claims
from scenegraph.run.events import Listener
from scenegraph.run.eyes import Eyes
from scenegraph.run.filming import Filming
from scenegraph.run.known import Known
from scenegraph.run.material import Material
from scenegraph.run.older import Older, older_takes
from scenegraph.run.outcomes import Outcomes
from scenegraph.run.result import ShotOutcome
from scenegraph.run.side_by_side import SideBySide
from scenegraph.run.slots import Slots
from scenegraph.run.speculating import EarlyHops
from scenegraph.run.verdicts import Verdicts

log = structlog.get_logger(__name__)


class Executor:
    """Carries out one plan.

    Attributes:
        brakes: why nothing more is asked for; finished work is still collected.
    """

    def __init__(
        self,
        context: PlanContext,
        *,
        run: int,
        journal: Journal,
        camera: Camera,
        material: Material,
        eyes: Eyes,
        slots: Slots,
        listener: Listener,
        fail_fast: bool = False,
    ) -> None:
        self._run, self._journal, self._ledger = run, journal, journal.ledger
        self._material, self._eyes, self._log = material, eyes, log.bind()
        self._tasks: dict[str, asyncio.Future[ShotOutcome]] = {}
        self._tells = tells = Outcomes(listener)
        self._known = known = Known(context, journal.ledger, eyes)
        self.brakes = brakes = Brakes(camera, listener, fail_fast=fail_fast)
        self._claims = Claims(journal, camera, context.memory.scene, self._tasks)
        self._filming = Filming(known, camera, slots, brakes, tells, run)
        self._verdicts = Verdicts(known, journal, camera, eyes, brakes, tells, self._tasks)
        self._side_by_side = SideBySide(
            known, journal, self._filming, self._verdicts, self._claims, material, tells, listener
        )
        self._older = Older(journal, camera, eyes, slots, brakes, listener)
        self._early = EarlyHops(
            known, journal, camera, slots, brakes, tells, self._older, self._tasks, run
        )

    async def run(self) -> tuple[ShotOutcome, ...]:
        """Every shot's outcome, in the graph's order."""
        older = older_takes(self._known.context)
        async with asyncio.TaskGroup() as self._group:
            group = self._group
            for take in older:
                group.create_task(self._older.bring_in(take), name=f"collect {take.slate}")
            staying: set[str] = set()
            # Parents come first: they are there already.
            for shot in self._known.context.graph.order:
                self._tasks[shot] = self._at_once(shot, staying) or group.create_task(
                    self._shot(shot), name=shot
                )
        # A ladder may have put shots into the graph meanwhile: they stand where they are played.
        return tuple(self._tasks[shot].result() for shot in self._known.context.graph.order)

    def _at_once(self, shot: str, staying: set[str]) -> asyncio.Future[ShotOutcome] | None:
        """What needs no task: a shot that stays as it is, as was planned, below shots that do."""
        planned = self._known.context.planned.get(shot)
        if planned is None or not planned.stays:
            return None
        if not staying.issuperset(self._known.context.graph.parents(shot)):
            return None
        staying.add(shot)
        done: asyncio.Future[ShotOutcome] = asyncio.get_running_loop().create_future()
        done.set_result(self._tells.as_it_is(planned, None, False))
        return done

    async def _shot(self, shot: str) -> ShotOutcome:
        try:
            outcome = await self._settle(shot)
        finally:
            self._eyes.forget_parents_of(shot)
        self._log.info("shot.ended", shot=shot, state=outcome.state)
        return outcome

    async def _parents_of(self, shot: str) -> tuple[dict[str, Take | None], ShotOutcome | None]:
        """The takes that a shot is made from, and the first parent that has none."""
        parents: dict[str, Take | None] = {}
        missing: ShotOutcome | None = None
        for parent in self._known.context.graph.parents(shot):
            if parent not in self._tasks:  # a ladder has put it into the graph
                self._tasks[parent] = self._group.create_task(self._shot(parent), name=parent)
            above = await self._tasks[parent]
            parents[parent] = above.take if above.kept else None
            missing = missing or (None if above.kept else above)
        return parents, missing

    async def _settle(self, shot: str) -> ShotOutcome:
        """Do what the plan says until there is nothing more to do about this shot."""
        again = 0
        asked = False
        claimed: int | None = None
        failed: ShotError | None = None
        while True:
            parents, missing = await self._parents_of(shot)
            planned = self._known.plan(shot, parents)
            if missing is not None and planned.act in ("submit", "takes", "join"):
                return self._tells.blocked(planned, missing)
            if planned.act == "none":
                return self._tells.as_it_is(planned, missing, asked)
            try:
                if claimed is not None or self._claims.has_to_wait(planned):
                    await self._wait_for_another(planned, claimed)
                    claimed = None
                    continue
                if planned.act in ("circle", "adopt"):
                    if await self._verdicts.is_seen(planned, parents):
                        return self._tells.kept(planned, await self._use(planned), asked)
                    await self._known.look_again(shot)
                    continue
                if planned.act == "takes":
                    asked = planned.series is not None and bool(planned.series.jobs)
                    ended = await self._side_by_side.shoot(planned, parents, self._run)
                    if isinstance(ended, ShotError):
                        return await self._lost(planned, ended, asked)
                    return ended
                take, new = await self._film(planned, parents, again)
                asked, failed = asked or new, None
                outcome = await self._follow(planned, take, parents, asked)
                if outcome is not None:
                    return outcome
            except JobClaimed as error:
                claimed = error.take
            except OverBudget as error:
                self.brakes.over_budget = error
                return self._ended(planned, "over-budget", error, asked)
            except PersonNeeded as error:
                self.brakes.pause(error)
                return self._ended(planned, "paused", error, asked)
            except FailFast as error:
                if failed is not None:  # it was to be asked for again
                    return await self._lost(planned, failed, asked)
                return self._ended(planned, "skipped", error, asked)
            except ShotError as error:
                claimed = None
                asked = asked or planned.act == "submit"
                if not self._filming.may_ask(error, again):
                    return await self._lost(planned, error, asked)
                again, failed = again + 1, error
                if self._filming.remedy(error) is Remedy.REUPLOAD:
                    await self._material.forget(planned.job, parents)
            await self._known.look_again(shot)

    async def _film(
        self, planned: ShotPlan, parents: Mapping[str, Take | None], again: int
    ) -> tuple[Take, bool]:
        """A take with its file in the store; True when it was asked for in this run."""
        early = self._early.take_of(planned)
        if early is None:
            return await self._filming.film(planned, parents, again)
        ended = await early
        if isinstance(ended, SceneGraphError):
            raise ended
        return ended, True

    async def _follow(
        self, planned: ShotPlan, take: Take, parents: Mapping[str, Take | None], asked: bool
    ) -> ShotOutcome | None:
        """Look at a take and do what its verdict asks for; its hop may be asked for meanwhile."""
        self._early.ask(self._group, planned.shot, take)
        kept: Take | None = None
        try:
            outcome = await self._verdicts.follow(planned, take, parents, asked)
            kept = outcome.take if outcome is not None and outcome.kept else None
        finally:
            self._early.decided(planned.shot, kept)
        return outcome

    async def _wait_for_another(self, planned: ShotPlan, claimed: int | None) -> None:
        """Wait for a job that another shot or process has asked for; plan again then."""
        self._tells.tell(planned.shot, "waiting", detail=planned.reason)
        if claimed is None:
            await self._claims.wait(planned)
        else:
            await self._claims.wait_for(claimed)
        await self._known.look_around()

    async def _use(self, planned: ShotPlan) -> Take:
        """Keep a picture that the store already has."""
        take = planned.take
        assert take is not None
        pinned = take.pinned
        if planned.act == "adopt":
            take = await self._journal.write(
                self._ledger.adopt, planned.job.intent(self._run), take
            )
            if take.state is State.FETCHED:
                review = await self._eyes.look(take, None)
                await self._journal.reviewed(take.id, review)
            if planned.job.setup != take.setup and planned.job.key != take.key:
                chosen = pick_amendment(take, planned.job.setup)  # as it was under its old name
                await self._verdicts.amend(take.scene, chosen)
        kept = await self._journal.write(self._ledger.circle, take.id)
        if not pinned:
            return kept
        await self._journal.write(self._ledger.pin, take.id, run=self._run)
        return replace(kept, pinned=True)

    async def _lost(self, planned: ShotPlan, error: ShotError, asked: bool) -> ShotOutcome:
        """No take came, and no new job may help."""
        await self._known.look_again(planned.shot)
        own = self._known.context.memory.of_shot(planned.shot)
        self.brakes.lost(planned.shot)
        remedy = str(self._filming.remedy(error))
        self._log.warning("shot.lost", shot=planned.shot, kind=error.kind, remedy=remedy)
        last = own[-1] if own else None
        return self._tells.lost(planned, self._known.circled(planned.shot), last, error, asked)

    def _ended(
        self, planned: ShotPlan, state: str, error: SceneGraphError, asked: bool
    ) -> ShotOutcome:
        return self._tells.ended(planned, self._known.circled(planned.shot), state, error, asked)
