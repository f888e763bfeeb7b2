"""A cap on jobs in flight that serves the longest remaining chain first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Slots:
    """`limit` places; a freed one goes to the waiter with the highest priority.

    Equal priorities are served in the order in which they came. A plain semaphore would serve
    first come first, and a long chain would then start after all the short ones.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"at least one job must be able to run, not {limit}")
        self._free = limit
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._turn = count()
        self._dealing = False

    @asynccontextmanager
    async def take(self, priority: int) -> AsyncIterator[None]:
        """Hold one place while the block runs."""
        await self._acquire(priority)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, priority: int) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (-priority, next(self._turn), ready))
        if self._free > 0 and not self._dealing:
            # Dealt a moment later, so that all who come together are compared with each other.
            self._dealing = True
            loop.call_soon(self._deal)
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._release()  # the place was given in the moment of the cancel: pass it on
            raise

    def _deal(self) -> None:
        self._dealing = False
        while self._free > 0 and self._waiting:
            ready = heapq.heappop(self._waiting)[2]
            if not ready.done():  # its task was cancelled
                self._free -= 1
                ready.set_result(None)

    def _release(self) -> None:
        self._free += 1
        self._deal()
