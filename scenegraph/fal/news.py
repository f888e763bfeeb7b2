"""News of jobs that have ended: wakes whoever waits for one, and is the answer to nothing.

A webhook is a shortcut. What became of a job is always read from the queue, so a delivery that is
repeated, late, lost or about somebody else's job can cost a reading or a wait, never a take.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import structlog

from scenegraph.fal.exchange import Clock

log = structlog.get_logger()

#: Ids that are kept although nobody waits for them: a job may end before its submit is answered.
MOST_KEPT = 10_000


class News:
    """Which jobs the service tells us about, and which of them it has told.

    Lives on one event loop: whoever receives webhooks calls `tell` there.

    Args:
        url: where the service is asked to send its webhooks.
    """

    def __init__(self, url: str) -> None:
        self._url: str | None = url
        self._expected: set[str] = set()
        self._told: set[str] = set()
        self._missed: set[str] = set()
        self._unread: OrderedDict[str, None] = OrderedDict()
        self._bells: dict[str, asyncio.Event] = {}

    @property
    def url(self) -> str | None:
        """What a submit names; None once nobody listens any more."""
        return self._url

    @property
    def told(self) -> int:
        """Jobs of ours whose end was told."""
        return len(self._told)

    @property
    def missed(self) -> int:
        """Jobs of ours that polling found ended, and of which nothing was told up to now."""
        return len(self._missed)

    def expect(self, request_id: str) -> None:
        """This job was asked for with our address, so word of its end should come."""
        if request_id in self._unread:
            self._told.add(request_id)
        elif self._url is not None:
            self._expected.add(request_id)

    def is_expected(self, request_id: str | None) -> bool:
        """Whether word may still come, so that asking the queue can be rare.

        Once a webhook was missed and none has ever come, the way here is taken to be broken.
        """
        works = bool(self._told) or not self._missed
        return works and request_id in self._expected

    def tell(self, request_id: str) -> None:
        """This job has ended. Twice is once; a job that is not ours is nobody's news."""
        if request_id in self._expected or request_id in self._missed:
            self._expected.discard(request_id)
            self._missed.discard(request_id)
            self._told.add(request_id)
        self._unread[request_id] = None
        while len(self._unread) > MOST_KEPT:
            self._unread.popitem(last=False)
        if bell := self._bells.get(request_id):
            bell.set()

    def ended(self, request_id: str | None) -> None:
        """The queue says that this job has ended, whether or not anybody told us."""
        if request_id is None:
            return
        self._unread.pop(request_id, None)
        if request_id in self._expected:
            self._expected.discard(request_id)
            self._missed.add(request_id)
            log.info("webhook.missed", request_id=request_id)

    def hush(self) -> None:
        """Nobody listens any more: no submit names our address, and all are polled as usual."""
        self._url = None
        self._expected.clear()
        for bell in self._bells.values():
            bell.set()

    async def nap(self, request_id: str, seconds: float, clock: Clock) -> bool:
        """Sleep, or until this job's end is told; at once if it was since the last reading.

        Returns:
            True when it was told, or when nothing more will be: the queue is worth a look now.
        """
        if request_id not in self._unread:
            bell = self._bells.setdefault(request_id, asyncio.Event())
            sleeping = asyncio.ensure_future(clock.sleep(seconds))
            ringing = asyncio.ensure_future(bell.wait())
            try:
                await asyncio.wait((sleeping, ringing), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._bells.pop(request_id, None)
                sleeping.cancel()
                ringing.cancel()
                await asyncio.gather(sleeping, ringing, return_exceptions=True)
            if not bell.is_set():
                return False
        self._unread.pop(request_id, None)
        return True
