"""The ledger for many tasks at once: one thread writes, what waits together is one commit.

A commit costs one fsync however much is in it. While the thread is busy with one group, the next
one gathers; every task goes on only when its own write is on the disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, Self, TypeVar

from scenegraph.errors import LedgerError
from scenegraph.ledger.database import StorageFailed
from scenegraph.ledger.ledger import Ledger
from scenegraph.ledger.reviews import Review
from scenegraph.ledger.takes import Take

P = ParamSpec("P")
T = TypeVar("T")

#: A group does not grow beyond this, so that the first to wait does not wait for all.
LARGEST_GROUP = 512

_Write = tuple[Callable[[], Any], "asyncio.Future[Any]"]
_Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Journal:
    """The asyncio front of a ledger. Writes keep the order in which they were asked for."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.commits = 0
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Everything that was asked for is written before this returns, also when cancelled."""
        thread, self._thread = self._thread, None
        self._queue.put(None)
        if thread is not None:
            thread.join()
        await asyncio.sleep(0)

    async def write(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the ledger on the writer's thread; back when it is durable.

        A task that is cancelled while it waits has asked all the same: its write is done. The
        method may be called twice, with all that it wrote the first time undone in between.

        Raises:
            LedgerError: this write was refused, or the storage failed.
        """
        if self._thread is None or self._loop is None:
            raise RuntimeError("a journal is written between `async with` and its end")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((partial(method, *args, **kwargs), future))
        return await future

    async def reviewed(self, id: int, review: Review) -> None:
        """As `Ledger.reviewed`; its series are put into the store beside the group, not in it."""
        await self.write(self.ledger.reviewed, id, review, sheet=await self._sheet(review))

    async def kept(
        self,
        id: int,
        review: Review,
        *,
        known: Take | None = None,
        provided: Callable[[], None] | None = None,
    ) -> Take:
        """As `Ledger.kept`, its series in the store beside the group as well.

        Args:
            provided: asked on the writer's thread, just before; when it raises, nothing is kept.
        """
        return await self.write(self._keep, id, review, await self._sheet(review), known, provided)

    def _keep(
        self,
        id: int,
        review: Review,
        sheet: str | None,
        known: Take | None,
        provided: Callable[[], None] | None,
    ) -> Take:
        if provided is not None:
            provided()
        return self.ledger.kept(id, review, sheet=sheet, known=known)

    async def _sheet(self, review: Review) -> str | None:
        if not review.has_sheet:
            return None
        return await asyncio.to_thread(self.ledger.keep_sheet, review)

    def _work(self) -> None:
        while True:
            group = self._next_group()
            outcomes = self._write_group([write for write in group if write is not None])
            if outcomes and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_settle, outcomes)
            if group[-1] is None:
                return

    def _next_group(self) -> list[_Write | None]:
        group = [self._queue.get()]
        while len(group) < LARGEST_GROUP and group[-1] is not None:
            try:
                group.append(self._queue.get_nowait())
            except Empty:
                break
        return group

    def _write_group(self, group: Sequence[_Write]) -> list[_Outcome]:
        if not group:
            return []
        try:
            try:
                outcomes = self._in_one_go(group)
            except StorageFailed:
                raise
            except Exception:  # one of them is refused: all are undone, and done again with care
                outcomes = self._one_by_one(group)
            self.commits += 1
            return outcomes
        except Exception as error:  # nothing of this group is on the disk: everyone must know
            return [(future, None, _for_each(error)) for _, future in group]

    def _in_one_go(self, group: Sequence[_Write]) -> list[_Outcome]:
        with self.ledger.group(in_one_go=True):
            return [(future, call(), None) for call, future in group]

    def _one_by_one(self, group: Sequence[_Write]) -> list[_Outcome]:
        outcomes: list[_Outcome] = []
        with self.ledger.group():
            for call, future in group:
                try:
                    outcomes.append((future, call(), None))
                except StorageFailed:
                    raise
                except Exception as error:
                    outcomes.append((future, None, error))
        return outcomes


def _for_each(error: BaseException) -> BaseException:
    """Its own copy of a failure for one task: one exception raised twice mixes their traces."""
    if isinstance(error, LedgerError):
        copy = type(error)(error.message, next=error.next)
        copy.__cause__ = error
        return copy
    return error


def _settle(outcomes: Sequence[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():  # its task was cancelled
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
