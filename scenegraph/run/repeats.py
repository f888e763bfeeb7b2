"""What answers repeat of their parents, remembered in the ledger by what was asked.

How much of its source an endpoint gives back belongs to the endpoint and to its lengths. So the
first sure overlap is expected again: it stands in for one that cannot be told from the pictures,
and an answer that surely repeats another number of frames is a warning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

import structlog

from scenegraph.ledger import Engine, Journal, Overlap, Review, Take
from scenegraph.review import SURE
from scenegraph.run.events import Listener, NoticeEvent
from scenegraph.run.lineage import inputs_of
from scenegraph.units import Span

log = structlog.get_logger(__name__)

NOT_GONE_ON = (
    "was sent its parent's end, and shows none of it: the reel joins it after its parent's last "
    "frame. Look there; a moment that plays twice wants another take."
)
#: The event of the ledger that keeps one.
REMEMBERED = "overlap.remembered"


class Repeats:
    """The memory of one engine's answers. Read once, at the first answer that has a parent."""

    def __init__(self, journal: Journal, engine: Engine, listener: Listener) -> None:
        self._journal, self._engine, self._listener = journal, engine, listener
        self._known: dict[Hashable, tuple[int, int, float]] | None = None
        self._reading = asyncio.Lock()

    async def usual(self, take: Take, shown: Span, parent_frames: int) -> Overlap | None:
        """What an answer to such a request repeats, on this parent's time axis."""
        async with self._reading:
            if self._known is None:
                self._known = await asyncio.to_thread(self._read)
        kept = self._known.get(self._name(take))
        if kept is None:
            return None
        frames, left, confidence = kept
        start = shown.stop - left - frames
        return Overlap(
            frames, start if frames else None, parent_frames - shown.stop + left, confidence
        )

    async def learn(self, take: Take, review: Review, after_tail: int) -> None:
        """Remember the first sure overlap; say so when a later one is unlike it."""
        overlap = review.overlap
        if review.shows_no_parent:
            log.warning("take.overlap_not_found", slate=take.slate)
            self._listener(NoticeEvent(message=f"{take.slate} {NOT_GONE_ON}"))
        if self._known is None or overlap is None or review.verdict == "broken":
            return
        if overlap.remembered is not None and overlap.remembered != overlap.frames:
            self._listener(
                NoticeEvent(
                    message=f"{take.slate} repeats {overlap.frames} frames of its parent; the "
                    f"first such answer repeated {overlap.remembered}. Look at its seam."
                )
            )
        name = self._name(take)
        if name in self._known or overlap.confidence < SURE:
            return
        left = overlap.parent_left - after_tail
        self._known[name] = (overlap.frames, left, overlap.confidence)
        facts = {
            "take": take.slate,
            "engine": self._engine,
            "endpoint": take.endpoint,
            "source_frames": _source(take),
            "num_frames": _length(take),
            "frames": overlap.frames,
            "source_left": left,
            "confidence": round(overlap.confidence, 3),
        }
        await self._journal.write(self._journal.ledger.note, None, take.run, REMEMBERED, facts)

    def _name(self, take: Take) -> Hashable:
        return take.endpoint, _source(take), _length(take)

    def _read(self) -> dict[Hashable, tuple[int, int, float]]:
        known: dict[Hashable, tuple[int, int, float]] = {}
        for event in self._journal.ledger.events(name=REMEMBERED):
            facts = event["facts"]
            if facts["engine"] == self._engine:
                name = facts["endpoint"], facts["source_frames"], facts["num_frames"]
                found = facts["frames"], facts["source_left"], facts["confidence"]
                known.setdefault(name, found)
        return known


def _source(take: Take) -> int | None:
    """Frames that were shown of the parent."""
    found = inputs_of(take).get("video", {}).get("tail_frames")
    return None if found is None else int(found)


def _length(take: Take) -> float | None:
    """The length that was asked for, as the endpoint counts it."""
    found = take.params.get("num_frames", take.params.get("duration"))
    return float(found) if isinstance(found, int | float) else None
