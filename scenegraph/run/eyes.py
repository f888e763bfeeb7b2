"""Looking at takes while a run goes on: each clip decoded once, also when children need it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenegraph.errors import BrokenMedia
from scenegraph.ledger import MediaStore, Review, Take
from scenegraph.ledger.reviews import SEEN_BY_ITSELF
from scenegraph.media import open_still
from scenegraph.plan import PlanContext
from scenegraph.review import Footage, find_identity, look, look_at, watch
from scenegraph.run.faces import Lineup, Shelf, keyframe_of
from scenegraph.run.intact import damage_of
from scenegraph.run.repeats import Repeats
from scenegraph.run.tails import shown_of
from scenegraph.settings import Settings
from scenegraph.units import Span

#: Footages that are kept at a time, about 7 MB each. Past it the oldest is let go, and its
#: clip is decoded again for a child.
MOST_SEEN = 8


class Eyes:
    """Reviews takes against their chain's keyframe and their parent's end.

    A footage is kept while a child may still ask for it, and only so many of them, so that memory
    does not grow with the length of the reel.
    """

    def __init__(
        self,
        context: PlanContext,
        store: MediaStore,
        settings: Settings | None = None,
        review_of: Callable[[int], Review | None] = lambda _: None,
        repeats: Repeats | None = None,
    ) -> None:
        """`review_of` gives the kept review of a take, so that a chain's changes add up;
        `repeats` knows what such answers repeated of their parents before.
        """
        self._repeats = repeats
        self._review_of = review_of
        self._context, self._store = context, store
        model, shelf = find_identity(settings or Settings()), Shelf(store.root)
        self._lineup = Lineup(context.scene, model, shelf, context.engine)
        self._places = asyncio.Semaphore(os.cpu_count() or 1)
        self._seen: dict[int, Footage] = {}
        self._owner: dict[str, set[int]] = {}
        self._children: Counter[str] = Counter(
            shot.tail_of for shot in context.graph.shots.values() if shot.tail_of is not None
        )

    def follow(self, context: PlanContext) -> None:
        """The graph has changed: a ladder put a node in, or made a hop a new shot."""
        before, now = self._context.graph, context.graph
        self._context = context
        for id in now.shots:
            was = before.shots[id].tail_of if id in before.shots else None
            tail = now.shots[id].tail_of
            if tail != was:
                self._children[was or ""] -= 1
                self._children[tail or ""] += 1

    async def look(self, take: Take, parent: Take | None) -> Review:
        """The review of one take.

        Args:
            parent: the take that it goes on from, if any.
        """
        damage = await asyncio.to_thread(damage_of, take, self._store)
        if damage is not None or take.media is None:
            return Review(verdict="broken", reasons=(str(damage),))
        path = self._store.path(take.media)
        graph = self._context.graph
        shot = graph.shots[take.shot]
        budgets = self._context.scene.drift_of(shot).budgets
        async with self._places:
            if take.clip is None:
                return await asyncio.to_thread(look, path)
            likeness = await asyncio.to_thread(self._lineup.likeness, graph, take.shot)
            try:
                footage = await asyncio.to_thread(watch, path, take.clip, in_full=likeness.looks)
            except BrokenMedia as error:
                return Review(verdict="broken", reasons=(f"cannot be used: {error.reason}",))
            above = await self._footage_of(parent)
            still = await asyncio.to_thread(self._keyframe, take.shot)
            known = await asyncio.to_thread(self._review_of, parent.id) if parent else None
            shown = shown_of(take, parent, known) if above is not None else None
            usual = None
            if self._repeats is not None and above is not None:
                usual = await self._repeats.usual(
                    take, shown or Span(0, above.frames), above.frames
                )
            review = await asyncio.to_thread(
                look_at,
                footage,
                keyframe=still,
                parent=above,
                budgets=budgets or None,
                likeness=likeness,
                expects_overlap=True if shot.kind == "extend" else None,
                chain=known.chain if known is not None else None,
                goes_back=shot.kind == "multicondition",
                usual=usual,
                shown=shown,
            )
        if self._repeats is not None and above is not None:
            behind = above.frames - shown.stop if shown is not None else 0
            await self._repeats.learn(take, review, behind)
        if self._children[take.shot]:
            self._keep(take, await asyncio.to_thread(footage.shelved))
        return review

    async def glance(self, take: Take) -> Review:
        """The review of a take by itself: of a shot that may want something else by now.

        When the shot does want it, it is looked at beside its parent before it is kept.
        """
        damage = await asyncio.to_thread(damage_of, take, self._store)
        if damage is not None or take.media is None:
            return Review(verdict="broken", reasons=(str(damage),))
        path = self._store.path(take.media)
        async with self._places:
            review = await asyncio.to_thread(look, path)
        return replace(review, warnings=(*review.warnings, SEEN_BY_ITSELF))

    async def _footage_of(self, take: Take | None) -> Footage | None:
        if take is None or take.media is None or take.clip is None:
            return None
        footage = self._seen.get(take.id)
        if footage is None:
            if await asyncio.to_thread(damage_of, take, self._store) is not None:
                return None
            try:
                path = self._store.path(take.media)
                seen = await asyncio.to_thread(watch, path, take.clip)
                footage = await asyncio.to_thread(seen.shelved)
            except BrokenMedia:
                return None
            self._keep(take, footage)
        return footage

    def forget_parents_of(self, shot: str) -> None:
        """A child is done: when it was the last one, its parent's footage goes."""
        parent = self._context.graph.shots[shot].tail_of
        if parent is not None:
            self._children[parent] -= 1
        for name in (parent, shot):
            if name is not None and self._children[name] <= 0:
                for id in self._owner.pop(name, ()):
                    self._seen.pop(id, None)

    def _keep(self, take: Take, footage: Footage) -> None:
        while len(self._seen) >= MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[take.id] = footage
        self._owner.setdefault(take.shot, set()).add(take.id)

    def _keyframe(self, shot: str) -> NDArray[np.uint8] | None:
        """The still that the shot's chain started from, as RGB."""
        name = keyframe_of(self._context.graph, shot)
        if name is None:
            return None
        try:
            return open_still(self._context.scene.still_of(name))
        except BrokenMedia:
            return None
