"""One take: asked for, waited for, fetched. Every step is durable before the act that follows it.

The only caller of `FalClient.submit`, so the only place in the house where money is spent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import structlog

from scenegraph.catalog import Endpoint, load_catalog, with_urls
from scenegraph.errors import (
    BrokenMedia,
    DownloadFailed,
    JobFailed,
    NotSubmitted,
    PersonNeeded,
    SceneGraphError,
    ShotError,
    SubmitUncertain,
)
from scenegraph.fal import FalClient, JobGone, QueueStatus, Remedy, remedy_of
from scenegraph.ledger import Journal, Take
from scenegraph.media import probe
from scenegraph.plan import Job
from scenegraph.run.events import ShotEvent, Stage
from scenegraph.run.material import Material
from scenegraph.run.purse import Purse
from scenegraph.units import as_usd

log = structlog.get_logger(__name__)

Tell = Callable[[ShotEvent], None]

#: How long a request that is on its way may still take to be written down after an interrupt.
LAST_WORD_S = 10.0


class Camera:
    """Shoots jobs and collects takes through one queue, one ledger and one purse.

    Attributes:
        submits: POSTs that asked the queue for a job.
    """

    def __init__(
        self, queue: FalClient, journal: Journal, material: Material, purse: Purse, tell: Tell
    ) -> None:
        self._queue, self._journal, self._material = queue, journal, material
        self._purse, self._tell = purse, tell
        self._ledger = journal.ledger
        self.submits = 0

    async def shoot(self, job: Job, parents: Mapping[str, Take | None], run: int) -> Take:
        """Ask for one take, and bring it home.

        Raises:
            OverBudget: it would pass the cap; nothing was written or asked.
            ShotError, PersonNeeded: as the queue ended it; the ledger says the same.
        """
        self._say(job.shot, "preparing", job.take_number)
        request = with_urls(job.endpoint, job.params, await self._material.urls_for(job, parents))
        self._purse.take(job.usd)
        take = await self._journal.write(self._ledger.intend, job.intent(run))
        asking = asyncio.create_task(self._ask(job, take, request.params), name=take.slate)
        try:
            submitted = await asyncio.shield(asking)
        except asyncio.CancelledError:
            # The POST may be under way: whatever comes of it is written down before we go.
            await asyncio.wait({asking}, timeout=LAST_WORD_S)
            raise
        return await self.collect(submitted)

    async def _ask(self, job: Job, take: Take, params: Mapping[str, Any]) -> Take:
        """The one paid call, between the intent that is on the disk and the id that will be."""
        bound = log.bind(slate=take.slate, key=take.key[:12])
        self.submits += 1
        try:
            submitted = await self._queue.submit(job.endpoint.id, params)
        except SubmitUncertain as error:
            bound.warning("take.unknown", error=error.message)
            await self._journal.write(self._ledger.unknown, take.id, _facts(error))
            raise
        except (ShotError, PersonNeeded) as error:
            self._purse.give_back(job.usd)
            if isinstance(error, NotSubmitted):
                self.submits -= 1
            is_final = remedy_of(error) is Remedy.LOSE
            end = self._ledger.refused if is_final else self._ledger.lost
            bound.warning("take.not_submitted", error=error.message)
            await self._journal.write(end, take.id, _facts(error))
            raise
        await self._journal.write(
            self._ledger.submitted, take.id, submitted.request_id, submitted.urls
        )
        bound.info("take.submitted", endpoint=take.endpoint, request_id=submitted.request_id)
        return await asyncio.to_thread(self._ledger.take, take.id)

    async def collect(self, take: Take) -> Take:
        """Wait for a submitted job, and put its file into the store.

        Raises:
            ShotError: the job failed, is gone, or its file does not arrive (it is still owed).
        """
        if take.answer is None:
            take = await self._answer_of(take)
        return await self._fetch(take)

    async def _answer_of(self, take: Take) -> Take:
        assert take.urls is not None
        began = time.monotonic()
        try:
            status = await self._queue.wait(
                take.urls, lambda status: self._show_status(take, status)
            )
            answer = await self._queue.result(take.urls, status=status)
        except ShotError as error:
            remedy = remedy_of(error)
            if isinstance(error, JobGone) and take.billed:
                # It was paid for, and the service has forgotten it: only a person can tell.
                await self._journal.write(self._ledger.unknown, take.id, _facts(error))
            elif remedy not in (Remedy.REATTACH, Remedy.REPEAT, Remedy.FETCH_AGAIN):
                end = self._ledger.refused if remedy is Remedy.LOSE else self._ledger.lost
                if isinstance(error, JobGone):
                    end = self._ledger.lost
                await self._journal.write(end, take.id, _facts(error))
            raise
        raw = dict(answer.raw) or {"video": {"url": answer.video_url}}
        usd = settled(take, answer.billable_units)
        await self._journal.write(self._ledger.answered, take.id, raw, usd)
        log.info("take.answered", slate=take.slate, waited_s=round(time.monotonic() - began, 1))
        return await asyncio.to_thread(self._ledger.take, take.id)

    async def _fetch(self, take: Take) -> Take:
        self._say(take.shot, "fetching", take.number)
        url = str(((take.answer or {}).get("video") or {}).get("url") or "")
        if not url:
            raise JobFailed(
                f"{take.slate}: the answer names no video.",
                next="`scenegraph rerun` asks for it again.",
            )
        store = self._ledger.store
        temp = store.temp(".mp4")
        try:
            got = await self._queue.download(url, temp)
            stored = await asyncio.to_thread(store.put_file, temp, move=True)
        except OSError as error:
            raise DownloadFailed(
                f"{take.slate} is paid for, and its file could not be written: {error.strerror}.",
                next="Make room or mend the folder, then run again: only the file is fetched.",
            ) from error
        finally:
            temp.unlink(missing_ok=True)
        try:
            clip = await asyncio.to_thread(probe, store.path(stored.media))
        except BrokenMedia:
            clip = None
        await self._journal.write(self._ledger.fetched, take.id, stored.sha256, stored.media, clip)
        log.info("take.fetched", slate=take.slate, bytes=got.bytes)
        return await asyncio.to_thread(self._ledger.take, take.id)

    def _show_status(self, take: Take, status: QueueStatus) -> None:
        stage: Stage = "queued" if status.state == "queued" else "running"
        self._say(take.shot, stage, take.number, status.position)

    def _say(self, shot: str, stage: Stage, take: int | None, position: int | None = None) -> None:
        self._tell(ShotEvent(shot=shot, stage=stage, take=take, position=position))


def settled(take: Take, units: Decimal | None) -> Decimal:
    """What an answered take cost: by the units that the answer names, else as estimated."""
    if not take.billed:
        return Decimal(0)
    endpoint: Endpoint | None = load_catalog().by_id(take.endpoint)
    if units is None or endpoint is None or endpoint.price.by_field or not endpoint.price.known:
        return take.usd_estimate
    return as_usd(units * endpoint.price.usd)


def _facts(error: SceneGraphError) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": error.kind, "message": error.message, "next": error.next}
    if isinstance(error, ShotError):
        facts |= {"field": error.field, "service": error.service}
        hint = (error.detail or {}).get("request_id_hint")
        if hint:
            facts["request_id_hint"] = hint
    return facts
