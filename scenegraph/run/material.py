"""The files a job is made from, brought to where the service can read them. Each is sent once."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from scenegraph.errors import MediaError, NotSubmitted, TakeDamaged
from scenegraph.fal import FalClient
from scenegraph.ledger import Engine, Journal, Ledger, Review, Take
from scenegraph.media import cut_lead, cut_tail, is_own_tail, probe, read_rgb
from scenegraph.plan import Input, Job, hash_file
from scenegraph.run.intact import damage_of
from scenegraph.run.tails import tail_stop
from scenegraph.units import exact_rate

#: fal keeps what it made "at least 7 days" (FAQ), less the longest that a job is waited for. An
#: account may keep it for less: then the service says so, and the bytes are sent.
ANSWER_LIVES_S = 7 * 86400 - 6 * 3600


class Material:
    """Uploads by content: the same bytes have one URL while it lives, also across runs.

    An answer's own URL is one: a hop that is shown its parent's whole clip needs no upload.
    Two hops that need the same tail in the same moment share one upload. An upload that is under
    way when the block of this value ends is given up.
    """

    def __init__(self, queue: FalClient, journal: Journal, engine: Engine) -> None:
        self._queue, self._journal, self._engine = queue, journal, engine
        self._ledger: Ledger = journal.ledger
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._answers: dict[str, str] = {}
        # An in-process queue forgets its files when it ends, so its URLs are not remembered.
        self._lasting = engine == "fal"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        open_still = [task for task in self._under_way.values() if not task.done()]
        for task in open_still:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*open_still, return_exceptions=True)

    async def urls_for(
        self, job: Job, parents: Mapping[str, Take | None]
    ) -> dict[tuple[str | int, ...], str]:
        """Where each input of the job can be read, by its place in the request.

        Raises:
            NotSubmitted: a file is not there, or cannot be cut or sent; nothing was asked.
        """
        urls = {}
        for one in job.inputs:
            try:
                urls[one.into] = await self._url_of(await self._file_of(one, job, parents))
            except (MediaError, OSError) as error:
                said = error.message if isinstance(error, MediaError) else error.strerror
                name = one.file.name if one.file else one.parent
                raise NotSubmitted(
                    f"{job.slate}: {name} cannot be used as its {one.role}: {said}",
                    next="Nothing was asked. Mend the file, or `scenegraph rerun` what it is of.",
                ) from error
        return urls

    async def forget(self, job: Job, parents: Mapping[str, Take | None]) -> None:
        """The service could not read our files: send them anew the next time."""
        for one in job.inputs:
            digest = hash_file(await self._file_of(one, job, parents))
            self._under_way.pop(digest, None)
            self._answers.pop(digest, None)
            if self._lasting:
                await self._journal.write(self._ledger.forget_upload, digest, self._engine)

    async def remember_answer(self, take: Take, url: str) -> None:
        """The service has the file of this fetched take already, at its answer's own `url`."""
        if take.sha256 is None or take.clip is None:
            return
        if not self._lasting:
            self._answers[take.sha256] = url
            return
        # When it was made is not said; it is no older than its request.
        until = (take.submitted_at or take.created_at) + ANSWER_LIVES_S
        await self._journal.write(
            self._ledger.remember_upload, take.sha256, self._engine, url, expires_at=until
        )

    async def _file_of(self, one: Input, job: Job, parents: Mapping[str, Take | None]) -> Path:
        if one.file is not None:
            return await self._lead_of(one.file, job, one) if one.role == "motion" else one.file
        take = parents[one.parent] if one.parent is not None else None
        if take is None or take.clip is None or take.sha256 is None:
            raise NotSubmitted(
                f"{job.slate}: the take it is made from is not on the disk.",
                next=f"`scenegraph rerun SCENE {one.parent}` shoots it again.",
            )
        store = self._ledger.store
        damage = await asyncio.to_thread(damage_of, take, store)
        if damage is not None:
            raise TakeDamaged(
                f"{job.slate} cannot be shot from {take.slate}: {damage}. Nothing was asked.",
                next="Put the file back from a copy and run again, or "
                f"`scenegraph rerun SCENE {one.parent}` shoots it again.",
            )
        if one.frame is not None:
            review = await asyncio.to_thread(self._ledger.review_of, take.id)
            data = await asyncio.to_thread(_still_from, take.clip.path, one.frame, review)
            return store.path((await asyncio.to_thread(store.put_bytes, data, ".png")).media)
        rate = exact_rate(job.params.get("frame_rate") or take.clip.rate)
        wanted, stop = one.tail_frames or 65, take.clip.frames
        if one.tail_end == "rest":
            review = await asyncio.to_thread(self._ledger.review_of, take.id, only="calmness")
            stop = tail_stop(take.clip, review, wanted, rate)
        if stop == take.clip.frames and is_own_tail(take.clip, wanted, rate):
            return take.clip.path  # by the answer's own URL or sent again: the same bytes
        temp = store.temp(".mp4")
        try:
            await cut_tail(take.clip, wanted, temp, rate, stop=stop)
            stored = await asyncio.to_thread(store.put_file, temp)
        finally:
            temp.unlink(missing_ok=True)
        return store.path(stored.media)

    async def _lead_of(self, motion: Path, job: Job, one: Input) -> Path:
        """What of a motion reference is read, in 8k+1 frames at the request's rate: the model
        asserts such a count, and a broken assertion ends as an error of the service."""
        field, number, _ = one.into
        said = job.params[str(field)][number]
        most, rate = int(said["max_num_frames"]), exact_rate(said["target_fps"])
        clip = await asyncio.to_thread(probe, motion)
        if is_own_tail(replace(clip, frames=min(clip.frames, most)), most, rate):
            return motion  # what is beyond `most` is not read
        temp = self._ledger.store.temp(".mp4")
        try:
            await cut_lead(clip, most, temp, rate)
            stored = await asyncio.to_thread(self._ledger.store.put_file, temp)
        finally:
            temp.unlink(missing_ok=True)
        return self._ledger.store.path(stored.media)

    async def _url_of(self, file: Path) -> str:
        digest = await asyncio.to_thread(hash_file, file)
        under_way = self._under_way.get(digest)
        if under_way is None:
            under_way = asyncio.create_task(self._send(file, digest), name=f"upload {file.name}")
            self._under_way[digest] = under_way
            under_way.add_done_callback(lambda task: self._drop_failed(digest, task))
        return await asyncio.shield(under_way)

    def _drop_failed(self, digest: str, task: asyncio.Task[str]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._under_way.pop(digest, None)

    async def _send(self, file: Path, digest: str) -> str:
        known = self._answers.get(digest)
        if self._lasting:
            known = await asyncio.to_thread(self._ledger.find_upload, digest, self._engine)
        if known and await self._queue.may_pass_on(known):
            return known
        sent = await self._queue.upload(file, sha256=digest)
        if self._lasting:
            await self._journal.write(
                self._ledger.remember_upload,
                digest,
                self._engine,
                sent.url,
                expires_at=sent.expires_at,
            )
        return sent.url


def _still_from(clip: Path, frame: str | int, review: Review | None) -> bytes:
    """One frame of a take as PNG. `best` without a number: its take was looked at before a best
    frame was chosen then, so it is what it was for all that was made of it: the sharpest of its
    calm half."""
    number = _frame_number(frame, review)
    pictures = read_rgb(clip) if number < 0 else read_rgb(clip, start=number, stop=number + 1)
    picture = None
    for picture in pictures:  # noqa: B007  the last one is meant when none is numbered
        pass
    if picture is None:
        raise NotSubmitted(
            f"{clip.name} has no frame {frame}.", next="Name a frame that its take has."
        )
    data = BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


def _frame_number(frame: str | int, review: Review | None) -> int:
    """Counted from 0; -1 is the last one.

    >>> _frame_number("first", None), _frame_number("last", None), _frame_number("12", None)
    (0, -1, 12)
    """
    if frame == "first":
        return 0
    if frame == "best" and review is not None and "fine" in review.series:
        calm, sharp = review.series["calmness"], review.series["fine"]
        calm_half = np.flatnonzero(calm <= np.median(calm))
        return int(calm_half[np.argmax(sharp[calm_half])])
    if re.fullmatch(r"\d+", str(frame)):
        return int(frame)
    return -1
