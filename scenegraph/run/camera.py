"""One take: asked for, waited for, fetched. Every step is durable before the act that follows it.

The only caller of `FalClient.submit`, so the only place in the house where money is spent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import structlog

from scenegraph.catalog import Endpoint, load_catalog, with_urls
from scenegraph.errors import (
    BrokenMedia,
    DownloadFailed,
    LedgerError,
    NotSubmitted,
    PersonNeeded,
    SceneGraphError,
    ShotError,
    SubmitUncertain,
)
from scenegraph.fal import (
    FalClient,
    JobGone,
    QueueStatus,
    Remedy,
    remedy_of,
    unreadable_again,
)
from scenegraph.ledger import Journal, Memory, State, Stored, Take
from scenegraph.media import Clip, probe
from scenegraph.plan import Job
from scenegraph.run.as_asked import not_as_asked
from scenegraph.run.events import NoticeEvent, ShotEvent, Stage
from scenegraph.run.material import Material
from scenegraph.run.purse import Purse
from scenegraph.units import as_usd

log = structlog.get_logger(__name__)

Tell = Callable[[ShotEvent | NoticeEvent], None]

#: How long a request that is on its way may still take to be written down after an interrupt.
LAST_WORD_S = 10.0
#: Written for a take whose run was interrupted between its intent and its request.
NEVER_ASKED = {
    "kind": "interrupted",
    "message": "The run was interrupted before this was asked for.",
    "next": "Run again.",
}


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
        self._turns: dict[int, asyncio.Lock] = {}
        self._promised: dict[int, Decimal] = {}
        self._called_off: set[int] = set()
        self._log = log.bind()  # once for the run: each use of `log` would look it all up anew
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
        leaving = asyncio.Event()
        asking = asyncio.create_task(
            self._ask(job, request.params, run, leaving), name=f"ask {job.slate}"
        )
        asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            asked = await asyncio.shield(asking)
        except asyncio.CancelledError:
            # The POST may be under way: whatever comes of it is written down before we go.
            leaving.set()
            try:
                await asyncio.wait({asking}, timeout=LAST_WORD_S)
            finally:
                asking.cancel()
            raise
        return await self._go_on(asked)

    async def _ask(
        self, job: Job, params: Mapping[str, Any], run: int, leaving: asyncio.Event
    ) -> Take:
        """The one paid call, between the intent that is on the disk and the id that will be."""
        try:
            take = await self._journal.write(self._ledger.intend, job.intent(run))
        except LedgerError:
            self._purse.give_back(job.usd)
            raise
        bound = self._log.bind(slate=take.slate, key=take.key[:12])
        if leaving.is_set():
            await self._journal.write(self._ledger.lost, take.id, NEVER_ASKED)
            raise asyncio.CancelledError
        self._promised[take.id] = job.usd
        self.submits += 1
        try:
            submitted = await self._queue.submit(job.endpoint.id, params)
        except SubmitUncertain as error:
            bound.warning("take.unknown", error=error.message)
            # Of a preview nobody has to ask what it cost: it is simply asked for again.
            end = self._ledger.unknown if take.billed else self._ledger.lost
            await self._journal.write(end, take.id, _facts(error))
            raise
        except (ShotError, PersonNeeded) as error:
            self._give_back(take.id)
            if isinstance(error, NotSubmitted):
                self.submits -= 1
            told = await self._final_if_sent_anew(take, error)
            is_final = remedy_of(told) is Remedy.LOSE
            end = self._ledger.refused if is_final else self._ledger.lost
            bound.warning("take.not_submitted", error=told.message)
            await self._journal.write(end, take.id, _facts(told))
            raise told from error.__cause__
        take = await self._journal.write(
            self._ledger.submitted, take.id, submitted.request_id, submitted.urls, known=take
        )
        bound.info("take.submitted", endpoint=take.endpoint, request_id=submitted.request_id)
        return take

    @property
    def cap(self) -> Decimal | None:
        """US dollars that may be asked for in this run; None without a cap."""
        return self._purse.cap

    @property
    def left(self) -> Decimal | None:
        """US dollars that may still be asked for; None without a cap."""
        return self._purse.left

    def stop(self, reason: SceneGraphError) -> None:
        """Ask for nothing more; what is out is still collected."""
        self._purse.shut(reason)

    async def collect(self, id: int, *, quietly: bool = False) -> Take:
        """Wait for a submitted job, and put its file into the store. Twice at once is once.

        Args:
            id: the take's; how far it has come is read from the ledger.
            quietly: nobody is told how it goes on.

        Raises:
            ShotError: the job failed, is gone, or its file does not arrive (it is still owed).
            PersonNeeded: the account is locked; it is still owed.
        """
        async with self._turns.setdefault(id, asyncio.Lock()):
            take = await asyncio.to_thread(self._ledger.take, id)
            return await self._go_on(take, quietly=quietly)

    async def call_off(self, id: int) -> None:
        """Ask the service to drop a job that nobody wants any more.

        One that has begun may be drawn, and billed, to its end. Collect it all the same: the
        ledger then says what has become of it.

        Raises:
            PersonNeeded: the service does not let this key in.
        """
        take = await asyncio.to_thread(self._ledger.take, id)
        if take.state is not State.SUBMITTED or take.urls is None:
            return
        self._called_off.add(id)
        said = await self._queue.cancel(take.urls)
        log.info("take.called_off", slate=take.slate, said=said)

    async def _go_on(self, take: Take, *, quietly: bool = False) -> Take:
        """Wait for its answer and fetch its file, as far as that has not been done."""
        if take.state is State.SUBMITTED:
            take = await self._answer_of(take, quietly)
        if take.state is State.ANSWERED:
            take = await self._fetch(take, quietly)
        if not take.state.has_media:
            raise ShotError(
                f"{take.slate} is {take.state}: there is nothing to collect.",
                next="Run again to ask anew.",
            )
        return take

    async def _answer_of(self, take: Take, quietly: bool) -> Take:
        assert take.urls is not None
        began = time.monotonic()
        before: tuple[str, int | None] | None = None
        running_at: float | None = None

        def show(status: QueueStatus) -> None:
            nonlocal before, running_at
            if status.state == "running" and running_at is None:
                running_at = round(time.time(), 3)
            now = (status.state, status.position)
            if now != before and not quietly:
                stage: Stage = "queued" if status.state == "queued" else "running"
                self._say(take.shot, stage, take.number, status.position)
            before = now

        try:
            status = await self._queue.wait(take.urls, show, request_id=take.request_id)
            answer = await self._queue.result(take.urls, status=status)
        except ShotError as failed:
            error = await self._final_if_sent_anew(take, failed)
            remedy = remedy_of(error)
            if take.id in self._called_off and _is_dropped(error):
                self._give_back(take.id)
                await self._journal.write(self._ledger.lost, take.id, _facts(error))
            elif isinstance(error, JobGone) and take.billed:
                # It was paid for, and the service has forgotten it: only a person can tell.
                await self._journal.write(self._ledger.unknown, take.id, _facts(error))
            elif remedy not in (Remedy.REATTACH, Remedy.REPEAT, Remedy.FETCH_AGAIN):
                if remedy is Remedy.ASK_AGAIN:
                    self._give_back(take.id)  # the service does not charge for its own failures
                end = self._ledger.refused if remedy is Remedy.LOSE else self._ledger.lost
                if isinstance(error, JobGone):
                    end = self._ledger.lost
                await self._journal.write(end, take.id, _facts(error))
            raise error from failed.__cause__
        raw = dict(answer.raw) or {"video": {"url": answer.video_url}}
        usd = settled(take, answer.billable_units)
        if take.billed and take.id in self._promised:
            self._purse.settle(self._promised.pop(take.id), usd)
        note = self._journal.write(
            self._ledger.note, take.id, take.run, "take.ran", _ran(status, running_at)
        )
        answered = self._journal.write(self._ledger.answered, take.id, raw, usd, known=take)
        _, take = await asyncio.gather(note, answered)  # one commit for both
        waited_s = round(time.monotonic() - began, 1)
        self._log.info("take.answered", slate=take.slate, waited_s=waited_s)
        return take

    async def _fetch(self, take: Take, quietly: bool) -> Take:
        if not quietly:
            self._say(take.shot, "fetching", take.number)
        video = (take.answer or {}).get("video")
        url = video.get("url") if isinstance(video, Mapping) else video
        if not isinstance(url, str) or not url:
            raise DownloadFailed(
                f"{take.slate} is answered, and its answer names no video.",
                next=f"`scenegraph resolve SCENE {take.shot} --give-up`, then `rerun`.",
            )
        stored, clip = await self._bring_home(take, url)
        odd = not_as_asked(take, clip) if clip is not None else ()
        if clip is not None and odd:
            clip = replace(clip, warnings=(*clip.warnings, *odd))
        take = await self._journal.write(
            self._ledger.fetched, take.id, stored.sha256, stored.media, clip, known=take
        )
        self._log.info("take.fetched", slate=take.slate, sha256=stored.sha256)
        if odd:
            self._log.warning("take.not_as_asked", slate=take.slate, differs=list(odd))
            message = f"{take.slate} is not as it was asked for: {', '.join(odd)}."
            self._tell(NoticeEvent(message=f"{message} It is kept, and conformed in the cut."))
        await self._material.remember_answer(take, url)
        return take

    async def _bring_home(self, take: Take, url: str) -> tuple[Stored, Clip | None]:
        """The answer's file in the store, hashed and probed (no clip: it cannot be opened)."""
        store = self._ledger.store
        temp = store.temp(".mp4")
        try:
            await self._queue.download(url, temp)
            stored = await asyncio.to_thread(store.put_file, temp, move=True)
        except OSError as error:
            raise DownloadFailed(
                f"{take.slate} is paid for, and its file could not be written: {error.strerror}.",
                next="Make room or mend the folder, then run again: only the file is fetched.",
            ) from error
        finally:
            temp.unlink(missing_ok=True)
        try:
            return stored, await asyncio.to_thread(probe, store.path(stored.media))
        except BrokenMedia:
            return stored, None

    async def _final_if_sent_anew(self, take: Take, error: SceneGraphError) -> SceneGraphError:
        """The same error, or its final form when a new upload has not helped."""
        if remedy_of(error) is not Remedy.REUPLOAD or not isinstance(error, ShotError):
            return error
        memory = await asyncio.to_thread(self._ledger.memory, take.scene)
        return unreadable_again(error) if was_sent_anew(take, memory) else error

    def _give_back(self, id: int) -> None:
        self._purse.give_back(self._promised.pop(id, Decimal(0)))

    def _say(self, shot: str, stage: Stage, take: int | None, position: int | None = None) -> None:
        self._tell(ShotEvent(shot=shot, stage=stage, take=take, position=position))


def _ran(status: QueueStatus, running_at: float | None) -> dict[str, float]:
    """How long a job ran, by the service's word, and since when it was seen to."""
    said = status.metrics.get("inference_time")
    facts = {} if running_at is None else {"running_at": running_at}
    return facts | ({"inference_s": float(said)} if isinstance(said, (int, float)) else {})


def settled(take: Take, units: Decimal | None) -> Decimal:
    """What an answered take cost: by the units that the answer names, else as estimated."""
    if not take.billed:
        return Decimal(0)
    endpoint: Endpoint | None = load_catalog().by_id(take.endpoint)
    if units is None or endpoint is None or endpoint.price.by_field or not endpoint.price.known:
        return take.usd_estimate
    return as_usd(units * endpoint.price.usd)


def was_sent_anew(take: Take, memory: Memory) -> bool:
    """Whether this take was asked for with new uploads, because the last one's could not be read.

    Read off the ledger, so that it holds in the run that collects what another one asked for.
    """
    for one in reversed(memory.of_shot(take.shot)):
        if one.number >= take.number or one.setup != take.setup or one.engine != take.engine:
            continue
        if one.state is State.LOST and (one.error or {}).get("remedy") == Remedy.REUPLOAD:
            return True
        if one.state is not State.LOST:
            return False  # its files could be read, or a person has decided since
    return False


def _is_dropped(error: SceneGraphError) -> bool:
    """How a job ends that the service has dropped when it was asked to (docs/fal.md)."""
    return isinstance(error, JobGone) or getattr(error, "service", None) == "client_cancelled"


def _facts(error: SceneGraphError) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": error.kind, "message": error.message, "next": error.next}
    if isinstance(error, ShotError):
        facts |= {"field": error.field, "service": error.service}
        hint = (error.detail or {}).get("request_id_hint")
        if hint:
            facts["request_id_hint"] = hint
        if remedy_of(error) is Remedy.REUPLOAD:
            facts["remedy"] = Remedy.REUPLOAD.value
    return facts
