"""Looking at takes while a run goes on: each clip decoded once, also when children need it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenegraph.errors import BrokenMedia
from scenegraph.ledger import MediaStore, Review, Take
from scenegraph.media import open_still
from scenegraph.plan import PlanContext
from scenegraph.review import Footage, look, look_at, watch
from scenegraph.scene import FrameOf


class Eyes:
    """Reviews takes against their chain's keyframe and their parent's end.

    A footage is kept only while a child may still ask for it, so that memory does not grow with
    the length of the reel.
    """

    def __init__(
        self,
        context: PlanContext,
        store: MediaStore,
        review_of: Callable[[int], Review | None] = lambda _: None,
    ) -> None:
        """`review_of` gives the kept review of a take, so that a chain's changes add up."""
        self._review_of = review_of
        self._context, self._store = context, store
        self._places = asyncio.Semaphore(os.cpu_count() or 1)
        self._seen: dict[int, Footage] = {}
        self._owner: dict[str, set[int]] = {}
        self._children: Counter[str] = Counter(
            shot.tail_of for shot in context.graph.shots.values() if shot.tail_of is not None
        )

    async def look(self, take: Take, parent: Take | None) -> Review:
        """The review of one take.

        Args:
            parent: the take that it goes on from, if any.
        """
        path = self._file_of(take)
        if path is None:
            return Review(verdict="broken", reasons=("its file is not in the store",))
        shot = self._context.graph.shots[take.shot]
        budgets = self._context.scene.drift_of(shot).budgets
        async with self._places:
            if take.clip is None:
                return await asyncio.to_thread(look, path)
            try:
                footage = await asyncio.to_thread(watch, path, take.clip)
            except BrokenMedia as error:
                return Review(verdict="broken", reasons=(f"cannot be used: {error.reason}",))
            above = await self._footage_of(parent)
            still = await asyncio.to_thread(self._keyframe, take.shot)
            known = await asyncio.to_thread(self._review_of, parent.id) if parent else None
            review = await asyncio.to_thread(
                look_at,
                footage,
                keyframe=still,
                parent=above,
                budgets=budgets or None,
                expects_overlap=True if shot.kind == "extend" else None,
                chain=known.chain if known is not None else None,
            )
        if self._children[take.shot]:
            self._keep(take, footage)
        return review

    async def glance(self, take: Take) -> Review:
        """The review of a take by itself: of a shot that may want something else by now."""
        path = self._file_of(take)
        if path is None:
            return Review(verdict="broken", reasons=("its file is not in the store",))
        async with self._places:
            return await asyncio.to_thread(look, path)

    async def _footage_of(self, take: Take | None) -> Footage | None:
        path = self._file_of(take) if take is not None else None
        if take is None or path is None or take.clip is None:
            return None
        if take.id not in self._seen:
            try:
                self._keep(take, await asyncio.to_thread(watch, path, take.clip))
            except BrokenMedia:
                return None
        return self._seen[take.id]

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
        self._seen[take.id] = footage
        self._owner.setdefault(take.shot, set()).add(take.id)

    def _file_of(self, take: Take) -> Path | None:
        return self._store.path(take.media) if take.media is not None else None

    def _keyframe(self, shot: str) -> NDArray[np.uint8] | None:
        """The still that the shot's chain started from, as RGB."""
        graph, above = self._context.graph, shot
        while True:
            picture = graph.shots[above].picture_of
            if isinstance(picture, FrameOf):
                return None
            if picture is not None:
                try:
                    return open_still(self._context.scene.still_of(picture))
                except BrokenMedia:
                    return None
            tail = graph.shots[above].tail_of
            if tail is None:
                return None
            above = tail
