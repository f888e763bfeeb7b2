"""The scene as a run knows it while things happen: what plan and judgement go by."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from scenegraph.ledger import Ledger, Take
from scenegraph.plan import PlanContext, ShotPlan, graph_changes, plan_shot
from scenegraph.run.eyes import Eyes


class Known:
    """The plan's context, read anew where something has happened.

    Attributes:
        context: as it is now; a ladder may have changed its graph.
    """

    def __init__(self, context: PlanContext, ledger: Ledger, eyes: Eyes) -> None:
        self.context = context
        self._ledger, self._eyes = ledger, eyes

    def plan(self, shot: str, parents: Mapping[str, Take | None]) -> ShotPlan:
        """What is to be done about a shot, by the same function that made the plan."""
        return plan_shot(self.context, shot, parents)

    def circled(self, shot: str) -> Take | None:
        return self.context.memory.circled(shot)

    def parent_of(self, take: Take, parents: Mapping[str, Take | None]) -> Take | None:
        """The take that this one goes on from."""
        tail = self.context.graph.shots[take.shot].tail_of
        return parents.get(tail) if tail else None

    async def look_around(self) -> None:
        """Read the whole ledger anew: what another shot or scene has got is wanted here."""
        memory = await asyncio.to_thread(self._ledger.memory, self.context.memory.scene)
        self.context = replace(self.context, memory=memory.for_engine(self.context.engine))

    async def look_again(self, shot: str) -> None:
        """Read a shot anew: a decision or a lost take changes what is to be done about it."""
        now = await asyncio.to_thread(self._ledger.of_shot, self.context.memory.scene, shot)
        # Other shots may have been read meanwhile: what is known of them is kept.
        before = self.context.memory
        memory = before.with_shot(shot, *now).for_engine(self.context.engine)
        if graph_changes(memory, shot) != graph_changes(before, shot):
            self.context = self.context.amended(memory)
            self._eyes.follow(self.context)
        else:
            self.context = replace(self.context, memory=memory)
