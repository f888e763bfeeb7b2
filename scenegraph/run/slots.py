"""A cap on jobs in flight that serves the longest remaining chain first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from types import TracebackType


class Slots:
    """`limit` places; a freed one goes to the waiter with the highest priority.

    Equal priorities are served in the order in which they came. A plain semaphore would serve
    first come first, and a long chain would then start after all the short ones.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"at least one job must be able to run, not {limit}")
        self._free = limit
        self._waiting: list[tuple[float, int, Place]] = []
        self._turn = count()
        self._dealing = False

    def take(self, priority: float | Callable[[], float]) -> Place:
        """Hold one place while the block runs (an async context manager).

        Args:
            priority: or what gives it, when it may change before there is a place.
        """
        return Place(self, priority if callable(priority) else lambda: priority)

    def compare_anew(self) -> None:
        """Ask all who wait for their priorities again; their turns stay."""
        self._waiting = [(-one.priority(), turn, one) for _, turn, one in self._waiting]
        heapq.heapify(self._waiting)

    def _queue(self, place: Place) -> None:
        heapq.heappush(self._waiting, (-place.priority(), next(self._turn), place))
        if self._free > 0 and not self._dealing:
            # Dealt a moment later, so that all who come together are compared with each other.
            self._dealing = True
            asyncio.get_running_loop().call_soon(self._deal)

    def _deal(self) -> None:
        self._dealing = False
        while self._free > 0 and self._waiting:
            ready = heapq.heappop(self._waiting)[2].ready
            if not ready.done():  # its task was cancelled
                self._free -= 1
                ready.set_result(None)

    def _release(self) -> None:
        self._free += 1
        self._deal()


class Place:
    """One place, waited for and then held."""

    __slots__ = ("_slots", "priority", "ready")

    def __init__(self, slots: Slots, priority: Callable[[], float]) -> None:
        self._slots, self.priority = slots, priority

    async def __aenter__(self) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._slots._queue(self)
        try:
            await self.ready
        except asyncio.CancelledError:
            if self.ready.done() and not self.ready.cancelled():
                self._slots._release()  # given in the moment of the cancel: pass it on
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._slots._release()
