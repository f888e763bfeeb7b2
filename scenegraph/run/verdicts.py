"""After a look: the review is written down, and what follows from it is carried out.

What follows is decided in `remedies.py` and `best.py`; here it is written into the ledger and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from scenegraph.errors import OverBudget, TakeDamaged
from scenegraph.ledger import Amendment, Journal, Review, Take
from scenegraph.plan import ShotPlan
from scenegraph.run.brakes import Brakes
from scenegraph.run.camera import Camera
from scenegraph.run.eyes import Eyes
from scenegraph.run.intact import must_be_intact
from scenegraph.run.judging import situation_of
from scenegraph.run.known import Known
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
from scenegraph.units import usd_text

#: What follows when a take is not kept, by the rung of the ladder.
NEXT_TRY = {
    "reroll": "another take",
    "tune": "another take with other settings",
    "reanchor": "the chain goes back to its keyframe first",
    "cut": "it becomes a new shot in another framing",
}


class Verdicts:
    """Looks at takes and follows their verdicts.

    Args:
        tasks: this run's own shots, by id.
    """

    def __init__(
        self,
        known: Known,
        journal: Journal,
        camera: Camera,
        eyes: Eyes,
        brakes: Brakes,
        tells: Outcomes,
        tasks: Mapping[str, asyncio.Future[Any]],
    ) -> None:
        self._known, self._journal, self._ledger = known, journal, journal.ledger
        self._camera, self._eyes, self._brakes = camera, eyes, brakes
        self._tells, self._tasks = tells, tasks

    async def follow(
        self, planned: ShotPlan, take: Take, parents: Mapping[str, Take | None], asked: bool
    ) -> ShotOutcome | None:
        """Look at a take and do what its verdict asks for; None when another one is to be shot.

        Raises:
            OverBudget: it drifted, and what its ladder does next passes the cap.
            TakeDamaged: its file has changed meanwhile.
        """
        review = await self._seen(take, parents)
        if review.verdict == "good":
            return self._tells.kept(planned, await self._keep(take, review), asked)
        await self._write_down(take, review)
        parent = self._known.parent_of(take, parents)
        decision: Decision = next_step(await self._situation(planned, take, review, parent))
        match decision:
            case Circle():
                if decision.amendment is not None:
                    await self.amend(take.scene, decision.amendment)
                kept = await self._journal.write(self._ledger.circle, decision.take.id)
                return self._tells.kept(planned, kept, asked)
            case Again():
                await self.reject(take, decision.amendment.reason)
                await self.amend(take.scene, decision.amendment)
                why, then = decision.amendment.reason, NEXT_TRY.get(decision.amendment.kind)
                self._tells.tell(
                    take.shot, "reroll", take, detail=f"{why}; {then}" if then else why
                )
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
                    await self.amend(take.scene, decision.amendment)
                elif decision.ends_as == "lost":
                    await self.reject(take, decision.reason)
                return await self.given_up(planned, take, decision, asked)

    async def look(self, take: Take, parents: Mapping[str, Take | None]) -> Review:
        """A take's review, written down."""
        review = await self._seen(take, parents)
        await self._write_down(take, review)
        return review

    async def is_seen(self, planned: ShotPlan, parents: Mapping[str, Take | None]) -> bool:
        """Whether a take that is to be kept was looked at beside what it is made from.

        One that was not is looked at now: what is done about it is to be planned anew.
        """
        take = planned.take
        if take is None or planned.act != "circle":
            return True
        review = await asyncio.to_thread(self._ledger.review_of, take.id, only="calmness")
        if review is None or not review.was_by_itself:
            return True
        await self.look(take, parents)
        return False

    async def amend(self, scene: str, amendment: Amendment) -> None:
        await self._journal.write(self._ledger.amend, scene, amendment)

    async def reject(self, take: Take, reason: str) -> None:
        await self._journal.write(self._ledger.reject, take.id, reason)

    async def given_up(
        self, planned: ShotPlan, take: Take, decision: GiveUp, asked: bool
    ) -> ShotOutcome:
        """No take can be used, or a person must say which."""
        ended = await asyncio.to_thread(self._ledger.take, take.id)
        error = {
            "kind": "broken-take" if decision.ends_as == "lost" else "drifted",
            "message": decision.reason,
            "next": f"`scenegraph rerun SCENE {take.shot}` shoots another take.",
        }
        self._tells.tell(take.shot, "lost", ended, detail=decision.reason)
        if decision.ends_as == "lost":
            self._brakes.lost(take.shot)
        circled = self._known.circled(planned.shot)
        return self._tells.without(planned, circled, decision.ends_as, ended, asked, error)

    async def _seen(self, take: Take, parents: Mapping[str, Take | None]) -> Review:
        self._tells.tell(take.shot, "reviewing", take)
        return await self._eyes.look(take, self._known.parent_of(take, parents))

    async def _write_down(self, take: Take, review: Review) -> None:
        await self._journal.reviewed(take.id, review)
        await asyncio.to_thread(must_be_intact, take, self._ledger.store)

    async def _keep(self, take: Take, review: Review) -> Take:
        """Circle a good take in the same commit as its review: nothing is done between the two."""
        still_is = partial(must_be_intact, take, self._ledger.store)
        try:
            return await self._journal.kept(take.id, review, known=take, provided=still_is)
        except TakeDamaged:
            await self._journal.reviewed(take.id, review)
            raise

    async def _situation(
        self, planned: ShotPlan, take: Take, review: Review, parent: Take | None
    ) -> Situation:
        own, _ = await asyncio.to_thread(self._ledger.of_shot, take.scene, take.shot)
        written = self._known.context.written(take.shot).tail_of
        made_from = self._tasks[written].result().take if written is not None else None
        return situation_of(
            self._known.context,
            planned,
            take,
            review,
            own=own,
            parent=parent,
            made_from=made_from,
            left=self._camera.left,
        )
