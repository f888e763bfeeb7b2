"""The run: one task a shot, parents first, the longest remaining chain first.

A lost shot is a result, and blocks only what hangs on it; a bug is an exception and ends the run.
What to do about a shot is asked of `plan_shot` again when its parents are here: plan and run are
one function on the same state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from scenegraph.errors import (
    FailFast,
    NotSubmitted,
    OverBudget,
    PersonNeeded,
    SceneGraphError,
    ShotError,
    SubmitUncertain,
    TakeDamaged,
)
from scenegraph.fal import JobGone, Remedy, remedy_of
from scenegraph.ledger import JobClaimed, Journal, Review, State, Take
from scenegraph.plan import (
    PlanContext,
    ShotPlan,
    graph_changes,
    one_by_one,
    pick_amendment,
    plan_shot,
    series_amendment,
)
from scenegraph.run.best import best_of
from scenegraph.run.camera import Camera
from scenegraph.run.claims import Claims
from scenegraph.run.events import Listener, NoticeEvent
from scenegraph.run.eyes import Eyes
from scenegraph.run.intact import must_be_intact
from scenegraph.run.judging import situation_of
from scenegraph.run.material import Material
from scenegraph.run.outcomes import Outcomes
from scenegraph.run.remedies import (
    Again,
    CannotPay,
    Circle,
    Decision,
    GiveUp,
    Situation,
    next_step,
)
from scenegraph.run.result import ShotOutcome
from scenegraph.run.slots import Slots
from scenegraph.units import usd_text

log = structlog.get_logger(__name__)

NOT_GONE_ON = (
    "was sent its parent's end, and shows none of it: the reel joins it after its parent's last "
    "frame. Look there; a moment that plays twice wants another take."
)

#: New jobs that one shot may ask for in one run after passing faults of the service.
ASK_AGAIN = 1
#: What is out at the service already comes before everything that is still to be asked for.
AT_ONCE = 1_000_000


class Executor:
    """Carries out one plan.

    Attributes:
        paused: why nothing more is asked for; finished work is still collected.
        over_budget: the cap stopped something.
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
        self._context, self._run, self._journal = context, run, journal
        self._ledger = journal.ledger
        self._camera, self._material, self._eyes = camera, material, eyes
        self._slots, self._listener, self._tells = slots, listener, Outcomes(listener)
        self._tasks: dict[str, asyncio.Future[ShotOutcome]] = {}
        self._claims = Claims(journal, camera, context.memory.scene, self._tasks)
        self._fail_fast = fail_fast
        self._stopped: FailFast | None = None
        self.paused: PersonNeeded | None = None
        self.over_budget: OverBudget | None = None

    async def run(self) -> tuple[ShotOutcome, ...]:
        """Every shot's outcome, in the graph's order."""
        older = self._older()
        async with asyncio.TaskGroup() as self._group:
            group = self._group
            for take in older:
                group.create_task(self._bring_in(take), name=f"collect {take.slate}")
            for shot in self._context.graph.order:  # parents come first: they are there already
                self._tasks[shot] = self._at_once(shot) or group.create_task(
                    self._shot(shot), name=shot
                )
        # A ladder may have put shots into the graph meanwhile: they stand where they are played.
        return tuple(self._tasks[shot].result() for shot in self._context.graph.order)

    def _older(self) -> list[Take]:
        """Takes that are owed, or not looked at yet, and that no shot's plan will see to.

        The shot wants something else by now, is left out, or is gone; the work is paid all the
        same.
        """
        seen_to = {
            planned.take.id
            for planned in self._context.planned.values()
            if planned.take is not None and planned.act in ("poll", "review")
        }
        for planned in self._context.planned.values():
            if planned.act == "takes" and planned.series is not None:
                seen_to.update(take.id for take in planned.series.takes)
        return [
            take
            for rows in self._context.memory.takes.values()
            for take in rows
            if take.engine == self._context.engine
            and take.id not in seen_to
            and (take.state.is_pending or take.state is State.FETCHED)
        ]

    async def _bring_in(self, take: Take) -> None:
        """Collect a take into the store, looked at and not circled."""
        try:
            if take.state.is_pending:
                async with self._slots.take(AT_ONCE):
                    take = await self._camera.collect(take.id, quietly=True)
            await self._journal.reviewed(take.id, await self._eyes.glance(take))
            await asyncio.to_thread(must_be_intact, take, self._ledger.store)
        except PersonNeeded as error:
            self._pause(error)
        except ShotError as error:
            self._listener(NoticeEvent(message=f"{take.slate}, of an earlier run: {error.message}"))
        else:
            self._listener(NoticeEvent(message=f"{take.slate}, of an earlier run, was collected."))

    def _at_once(self, shot: str) -> asyncio.Future[ShotOutcome] | None:
        """What needs no task: a shot that is kept as it is, below shots that are."""
        parents: dict[str, Take | None] = {}
        for parent in self._context.graph.parents(shot):
            above = self._tasks.get(parent)
            if above is None or not above.done() or not above.result().kept:
                return None
            parents[parent] = above.result().take
        planned = plan_shot(self._context, shot, parents)
        if planned.action != "keep" or planned.act != "none":
            return None
        done: asyncio.Future[ShotOutcome] = asyncio.get_running_loop().create_future()
        done.set_result(self._tells.as_it_is(planned, None, False))
        return done

    async def _shot(self, shot: str) -> ShotOutcome:
        try:
            outcome = await self._settle(shot)
        finally:
            self._eyes.forget_parents_of(shot)
        log.info("shot.ended", shot=shot, state=outcome.state)
        return outcome

    async def _parents_of(self, shot: str) -> tuple[dict[str, Take | None], ShotOutcome | None]:
        """The takes that a shot is made from, and the first parent that has none."""
        parents: dict[str, Take | None] = {}
        missing: ShotOutcome | None = None
        for parent in self._context.graph.parents(shot):
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
            planned = plan_shot(self._context, shot, parents)
            if missing is not None and planned.act in ("submit", "takes", "join"):
                return self._tells.blocked(planned, missing)
            if planned.act == "none":
                return self._tells.as_it_is(planned, missing, asked)
            try:
                if claimed is not None or self._claims.has_to_wait(planned):
                    self._tells.tell(shot, "waiting", detail=planned.reason)
                    if claimed is None:
                        await self._claims.wait(planned)
                    else:
                        await self._claims.wait_for(claimed)
                    claimed = None
                    await self._look_around()
                    continue
                if planned.act in ("circle", "adopt"):
                    return self._tells.kept(planned, await self._use(planned), asked)
                if planned.act == "takes":
                    return await self._side_by_side(planned, parents)
                take, new = await self._film(planned, parents, again)
                asked, failed = asked or new, None
                outcome = await self._judge(planned, take, parents, asked)
                if outcome is not None:
                    return outcome
            except JobClaimed as error:
                claimed = error.take
            except OverBudget as error:
                self.over_budget = error
                return self._ended(planned, "over-budget", error, asked)
            except PersonNeeded as error:
                self._pause(error)
                return self._ended(planned, "paused", error, asked)
            except FailFast as error:
                if failed is not None:  # it was to be asked for again
                    return await self._lost(planned, failed, self._remedy(failed), asked)
                return self._ended(planned, "skipped", error, asked)
            except ShotError as error:
                remedy = self._remedy(error)
                claimed = None
                asked = asked or planned.act == "submit"
                if not self._may_ask(error, again):
                    return await self._lost(planned, error, remedy, asked)
                again, failed = again + 1, error
                if remedy is Remedy.REUPLOAD:
                    await self._material.forget(planned.job, parents)
            await self._look_again(shot)

    async def _film(
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
        first = AT_ONCE if is_out else self._context.graph.remaining(planned.shot)
        async with self._slots.take(first):
            try:
                if is_out:
                    assert take is not None
                    return await self._camera.collect(take.id), False
                if self.paused is not None:
                    raise self.paused
                if self._stopped is not None:
                    raise self._stopped
                return await self._camera.shoot(planned.job, parents, self._run), True
            except ShotError as error:
                if again is not None and not self._may_ask(error, again):
                    self._may_stop(planned.shot)  # before this place goes to another shot
                raise

    def _may_ask(self, error: ShotError, again: int) -> bool:
        """Whether a new job may help, and may be asked for in this run."""
        return self._remedy(error) in (Remedy.ASK_AGAIN, Remedy.REUPLOAD) and again < ASK_AGAIN

    async def _judge(
        self, planned: ShotPlan, take: Take, parents: Mapping[str, Take | None], asked: bool
    ) -> ShotOutcome | None:
        """Look at a take and follow its verdict; None when another take is to be shot."""
        review = await self._seen(take, parents)
        if review.verdict == "good":
            return self._tells.kept(planned, await self._keep(take, review), asked)
        await self._write_down(take, review)
        parent = self._parent_of(take, parents)
        decision: Decision = next_step(await self._situation(planned, take, review, parent))
        match decision:
            case Circle():
                if decision.amendment is not None:
                    await self._journal.write(self._ledger.amend, take.scene, decision.amendment)
                kept = await self._journal.write(self._ledger.circle, decision.take.id)
                return self._tells.kept(planned, kept, asked)
            case Again():
                await self._journal.write(self._ledger.reject, take.id, decision.amendment.reason)
                await self._journal.write(self._ledger.amend, take.scene, decision.amendment)
                self._tells.tell(take.shot, "reroll", take, detail=decision.amendment.reason)
                return None
            case CannotPay():
                raise OverBudget(
                    f"{take.slate} has drifted, and what its ladder does next costs "
                    f"${usd_text(decision.usd)}: more than is left.",
                    next="Raise `budget_usd` in the scene, or `--max-usd`, and run again; "
                    f"or `scenegraph pick SCENE {take.shot} {take.number}` keeps it as it is.",
                    usd=decision.usd,
                    cap=self._camera.cap,
                )
            case _:
                if decision.amendment is not None:
                    await self._journal.write(self._ledger.amend, take.scene, decision.amendment)
                elif decision.ends_as == "lost":
                    await self._journal.write(self._ledger.reject, take.id, decision.reason)
                return await self._given_up(planned, take, decision, asked)

    async def _given_up(
        self, planned: ShotPlan, take: Take, decision: GiveUp, asked: bool
    ) -> ShotOutcome:
        ended = await asyncio.to_thread(self._ledger.take, take.id)
        error = {
            "kind": "broken-take" if decision.ends_as == "lost" else "drifted",
            "message": decision.reason,
            "next": f"`scenegraph rerun SCENE {take.shot}` shoots another take.",
        }
        self._tells.tell(take.shot, "lost", ended, detail=decision.reason)
        if decision.ends_as == "lost":
            self._may_stop(take.shot)
        circled = self._context.memory.circled(planned.shot)
        return self._tells.without(planned, circled, decision.ends_as, ended, asked, error)

    async def _look(self, take: Take, parents: Mapping[str, Take | None]) -> Review:
        review = await self._seen(take, parents)
        await self._write_down(take, review)
        return review

    async def _seen(self, take: Take, parents: Mapping[str, Take | None]) -> Review:
        self._tells.tell(take.shot, "reviewing", take)
        review = await self._eyes.look(take, self._parent_of(take, parents))
        if review.shows_no_parent:
            log.warning("take.overlap_not_found", slate=take.slate)
            self._listener(NoticeEvent(message=f"{take.slate} {NOT_GONE_ON}"))
        return review

    async def _write_down(self, take: Take, review: Review) -> None:
        await self._journal.reviewed(take.id, review)
        await asyncio.to_thread(must_be_intact, take, self._ledger.store)

    async def _keep(self, take: Take, review: Review) -> Take:
        """Circle a good take in the same commit as its review: nothing is done between the two."""
        try:
            await asyncio.to_thread(must_be_intact, take, self._ledger.store)
        except TakeDamaged:
            await self._journal.reviewed(take.id, review)
            raise
        return await self._journal.kept(take.id, review)

    def _parent_of(self, take: Take, parents: Mapping[str, Take | None]) -> Take | None:
        tail = self._context.graph.shots[take.shot].tail_of
        return parents.get(tail) if tail else None

    async def _side_by_side(
        self, planned: ShotPlan, parents: Mapping[str, Take | None]
    ) -> ShotOutcome:
        """Shoot the takes of a series at once, look at all of them, and circle the best."""
        series = planned.series
        assert series is not None
        if series.is_new:
            wish = series_amendment(planned.shot, series, planned.job.setup, self._run)
            await self._journal.write(self._ledger.amend, planned.job.scene, wish)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._one_of(one, parents), name=one.job.slate)
                for one in one_by_one(planned, series)
            ]
        ended = [task.result() for task in tasks]
        asked = bool(series.jobs)
        for error in ended:
            if isinstance(error, OverBudget):
                self.over_budget = error
                return self._ended(planned, "over-budget", error, asked)
            if isinstance(error, PersonNeeded):
                self._pause(error)
                return self._ended(planned, "paused", error, asked)
            if isinstance(error, FailFast):
                return self._ended(planned, "skipped", error, asked)
        looked = [one for one in ended if isinstance(one, tuple)]
        errors = [one for one in ended if isinstance(one, ShotError)]
        outcome = None
        if looked:
            outcome = await self._best_of(planned, looked, asked)
        if any(isinstance(error, SubmitUncertain) for error in errors):
            await self._look_again(planned.shot)
            now = plan_shot(self._context, planned.shot, parents)
            if now.action == "ask":
                return self._tells.as_it_is(now, None, asked)
        if outcome is None:
            return await self._lost(planned, errors[0], self._remedy(errors[0]), asked)
        return outcome

    async def _one_of(
        self, planned: ShotPlan, parents: Mapping[str, Take | None]
    ) -> tuple[Take, Review] | SceneGraphError:
        """One take of a series, looked at, or why there is none."""
        for again in range(ASK_AGAIN + 1):
            try:
                take, _ = await self._film(planned, parents)
                return take, await self._look(take, parents)
            except (OverBudget, PersonNeeded, FailFast) as error:
                return error
            except JobClaimed as error:
                await self._claims.wait_for(error.take)
                return NotSubmitted(
                    f"{planned.job.slate}: exactly this was asked for by another scene meanwhile.",
                    next="Run again: what came of it is used, for nothing.",
                )
            except ShotError as error:
                if planned.act != "submit" or not self._may_ask(error, again):
                    return error
                if self._remedy(error) is Remedy.REUPLOAD:
                    await self._material.forget(planned.job, parents)
        raise AssertionError("the last time always returns")

    async def _best_of(
        self, planned: ShotPlan, looked: Sequence[tuple[Take, Review]], asked: bool
    ) -> ShotOutcome:
        shot = self._context.graph.shots[planned.shot]
        decision = best_of(looked, self._context.scene.drift_of(shot))
        scene = planned.job.scene
        if decision.amendment is not None:
            await self._journal.write(self._ledger.amend, scene, decision.amendment)
        if isinstance(decision, Circle):
            await self._journal.write(self._ledger.circle, decision.take.id)
            kept = await asyncio.to_thread(self._ledger.take, decision.take.id)
            if decision.amendment is not None:
                said = f"{planned.shot}: {decision.amendment.reason}"
                self._listener(NoticeEvent(message=said))
            return self._tells.kept(planned, kept, asked)
        if decision.ends_as == "lost":
            for take, _ in looked:
                await self._journal.write(self._ledger.reject, take.id, decision.reason)
        return await self._given_up(planned, looked[-1][0], decision, asked)

    def _remedy(self, error: ShotError) -> Remedy:
        """As the service's table says; a preview costs nothing and is asked for again."""
        free = self._context.engine == "animatic"
        if free and isinstance(error, JobGone | SubmitUncertain):
            return Remedy.ASK_AGAIN
        return remedy_of(error)

    async def _situation(
        self, planned: ShotPlan, take: Take, review: Review, parent: Take | None
    ) -> Situation:
        own, _ = await asyncio.to_thread(self._ledger.of_shot, take.scene, take.shot)
        written = self._context.written(take.shot).tail_of
        made_from = self._tasks[written].result().take if written is not None else None
        return situation_of(
            self._context,
            planned,
            take,
            review,
            own=own,
            parent=parent,
            made_from=made_from,
            left=self._camera.left,
        )

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
                await self._journal.write(self._ledger.amend, take.scene, chosen)
        kept = await self._journal.write(self._ledger.circle, take.id)
        if not pinned:
            return kept
        await self._journal.write(self._ledger.pin, take.id)
        return replace(kept, pinned=True)

    async def _look_around(self) -> None:
        """Read the whole ledger anew: what another shot or scene has got is wanted here."""
        memory = await asyncio.to_thread(self._ledger.memory, self._context.memory.scene)
        self._context = replace(self._context, memory=memory.for_engine(self._context.engine))

    async def _look_again(self, shot: str) -> None:
        """Read a shot anew: a decision or a lost take changes what is to be done about it."""
        memory = self._context.memory
        now = await asyncio.to_thread(self._ledger.of_shot, memory.scene, shot)
        # Other shots may have been read meanwhile: what is known of them is kept.
        before = self._context.memory
        memory = before.with_shot(shot, *now).for_engine(self._context.engine)
        if graph_changes(memory, shot) != graph_changes(before, shot):
            self._context = self._context.amended(memory)
            self._eyes.follow(self._context)
        else:
            self._context = replace(self._context, memory=memory)

    def _pause(self, error: PersonNeeded) -> None:
        self._camera.stop(error)
        if self.paused is None:
            self.paused = error
            self._listener(NoticeEvent(message=f"{error.message} {error.next}"))
            log.warning("run.paused", reason=error.kind)

    def _may_stop(self, shot: str) -> None:
        """After a lost shot, with `fail_fast`: nothing more is asked for."""
        if self._fail_fast and self._stopped is None:
            self._stopped = FailFast(shot)
            self._camera.stop(self._stopped)
            log.warning("run.stopped", shot=shot, reason="fail-fast")

    async def _lost(
        self, planned: ShotPlan, error: ShotError, remedy: Remedy, asked: bool
    ) -> ShotOutcome:
        await self._look_again(planned.shot)
        memory = self._context.memory
        own = memory.of_shot(planned.shot)
        self._may_stop(planned.shot)
        log.warning("shot.lost", shot=planned.shot, kind=error.kind, remedy=str(remedy))
        last = own[-1] if own else None
        return self._tells.lost(planned, memory.circled(planned.shot), last, error, asked)

    def _ended(
        self, planned: ShotPlan, state: str, error: SceneGraphError, asked: bool
    ) -> ShotOutcome:
        circled = self._context.memory.circled(planned.shot)
        return self._tells.ended(planned, circled, state, error, asked)
