"""Several takes of one shot: shot side by side, all of them looked at, the best one circled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from scenegraph.errors import (
    FailFast,
    NotSubmitted,
    OverBudget,
    PersonNeeded,
    SceneGraphError,
    ShotError,
    SubmitUncertain,
)
from scenegraph.fal import Remedy
from scenegraph.ledger import JobClaimed, Journal, Review, Take
from scenegraph.plan import ShotPlan, one_by_one, series_amendment
from scenegraph.run.best import best_of
from scenegraph.run.claims import Claims
from scenegraph.run.events import Listener, NoticeEvent
from scenegraph.run.filming import ASK_AGAIN, Filming
from scenegraph.run.known import Known
from scenegraph.run.material import Material
from scenegraph.run.outcomes import Outcomes
from scenegraph.run.remedies import Circle
from scenegraph.run.result import ShotOutcome
from scenegraph.run.verdicts import Verdicts


class SideBySide:
    """Carries out a plan whose act is `takes`."""

    def __init__(
        self,
        known: Known,
        journal: Journal,
        filming: Filming,
        verdicts: Verdicts,
        claims: Claims,
        material: Material,
        tells: Outcomes,
        listener: Listener,
    ) -> None:
        self._known, self._journal, self._ledger = known, journal, journal.ledger
        self._filming, self._verdicts, self._claims = filming, verdicts, claims
        self._material, self._tells, self._listener = material, tells, listener

    async def shoot(
        self, planned: ShotPlan, parents: Mapping[str, Take | None], run: int
    ) -> ShotOutcome | ShotError:
        """How the shot ended; the first take's error when none of them came.

        Raises:
            OverBudget, PersonNeeded, FailFast: one of them could not be asked for.
        """
        series = planned.series
        assert series is not None
        if series.is_new:
            wish = series_amendment(planned.shot, series, planned.job.setup, run)
            await self._verdicts.amend(planned.job.scene, wish)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._one_of(one, parents), name=one.job.slate)
                for one in one_by_one(planned, series)
            ]
        ended = [task.result() for task in tasks]
        for error in ended:
            if isinstance(error, OverBudget | PersonNeeded | FailFast):
                raise error
        looked = [one for one in ended if isinstance(one, tuple)]
        errors = [one for one in ended if isinstance(one, ShotError)]
        asked = bool(series.jobs)
        outcome = await self._best_of(planned, looked, asked) if looked else None
        if any(isinstance(error, SubmitUncertain) for error in errors):
            await self._known.look_again(planned.shot)
            now = self._known.plan(planned.shot, parents)
            if now.action == "ask":
                return self._tells.as_it_is(now, None, asked)
        return errors[0] if outcome is None else outcome

    async def _one_of(
        self, planned: ShotPlan, parents: Mapping[str, Take | None]
    ) -> tuple[Take, Review] | SceneGraphError:
        """One take of a series, looked at, or why there is none."""
        for again in range(ASK_AGAIN + 1):
            try:
                take, _ = await self._filming.film(planned, parents)
                return take, await self._verdicts.look(take, parents)
            except (OverBudget, PersonNeeded, FailFast) as error:
                return error
            except JobClaimed as error:
                await self._claims.wait_for(error.take)
                return NotSubmitted(
                    f"{planned.job.slate}: exactly this was asked for by another scene meanwhile.",
                    next="Run again: what came of it is used, for nothing.",
                )
            except ShotError as error:
                if planned.act != "submit" or not self._filming.may_ask(error, again):
                    return error
                if self._filming.remedy(error) is Remedy.REUPLOAD:
                    await self._material.forget(planned.job, parents)
        raise AssertionError("the last time always returns")

    async def _best_of(
        self, planned: ShotPlan, looked: Sequence[tuple[Take, Review]], asked: bool
    ) -> ShotOutcome:
        context = self._known.context
        decision = best_of(looked, context.scene.drift_of(context.graph.shots[planned.shot]))
        if decision.amendment is not None:
            await self._verdicts.amend(planned.job.scene, decision.amendment)
        if isinstance(decision, Circle):
            kept = await self._journal.write(self._ledger.circle, decision.take.id)
            if decision.amendment is not None:
                said = f"{planned.shot}: {decision.amendment.reason}"
                self._listener(NoticeEvent(message=said))
            return self._tells.kept(planned, kept, asked)
        if decision.ends_as == "lost":
            for take, _ in looked:
                await self._verdicts.reject(take, decision.reason)
        return await self._verdicts.given_up(planned, looked[-1][0], decision, asked)
