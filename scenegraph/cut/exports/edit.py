"""The one edit list that all formats are written from: events, their takes, names and marks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from scenegraph.ledger.reviews import Review
from scenegraph.ledger.takes import Take
from scenegraph.ledger.timeline import Event, Timeline
from scenegraph.units import Size, usd_text

MarkKind = Literal["drift", "next in", "next out"]
#: Reel names with a meaning of their own in an EDL.
_RESERVED = {"AX", "BL", "BLACK", "BARS"}
REEL_NAME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A frame of a clip that an editor should know of; it may lie in a handle."""

    frame: int
    kind: MarkKind
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One take, as an edit list needs it: the take, its review, and how its file is named."""

    take: Take
    media: str
    review: Review | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One event of the edit list.

    Attributes:
        media: the file's address as it is written: relative to the exported file, or a file URL.
        reel_name: at most eight letters and digits; one for each file.
        start, frames: where it plays in the reel, in frames of the reel, from 0.
        marks: in frames of the clip.
    """

    number: int
    event: Event
    take: Take
    media: str
    reel_name: str
    start: int
    frames: int
    marks: tuple[Mark, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.event.shot} t{self.take.number}"

    @property
    def file_name(self) -> str:
        return self.event.clip.path.name

    @property
    def prompt(self) -> str:
        return str(self.take.params.get("prompt", ""))

    @property
    def price(self) -> str:
        """Dollars spent on the take, or its list price until it is settled; previews are free."""
        usd = self.take.usd if self.take.usd is not None else self.take.usd_estimate
        return usd_text(usd) if self.take.billed else "0"

    def facts(self) -> dict[str, Any]:
        """What is known of it, for a format that carries metadata. Frames played are inclusive."""
        event, take = self.event, self.take
        return {
            "slate": take.slate,
            "shot": event.shot,
            "take": take.number,
            "sha256": take.sha256,
            "seed": take.seed,
            "endpoint": take.endpoint,
            "engine": take.engine,
            "request_id": take.request_id,
            "usd": self.price,
            "prompt": self.prompt,
            "verdict": take.verdict,
            "score": take.score,
            "reasons": list(self.reasons),
            "join": event.join,
            "in_frame": event.span.start,
            "out_frame": event.span.stop - 1,
            "head_handle": event.head_handle,
            "tail_handle": event.tail_handle,
            "reel_start": self.start,
            "reel_frames": self.frames,
            "grade": event.grade.to_json() if event.grade else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EditList:
    """The whole film as its editor sees it.

    Attributes:
        handles: spare frames wanted on both sides of a cut.
    """

    title: str
    rate: Fraction
    size: Size
    edits: tuple[Edit, ...]
    handles: int = 8

    @property
    def frames(self) -> int:
        return sum(edit.frames for edit in self.edits)

    def short_handles(self) -> tuple[str, ...]:
        """Events with fewer spare frames than wanted on a side that could be cut otherwise.

        An exact seam cannot, nor can the film's two ends.
        """
        after = (*self.edits[1:], None)
        return tuple(
            edit.name
            for edit, following in zip(self.edits, after, strict=True)
            if (edit.event.join in ("cut", "rejoin") and edit.event.head_handle < self.handles)
            or (
                following is not None
                and following.event.join != "extend"
                and edit.event.tail_handle < self.handles
            )
        )


def edit_list(timeline: Timeline, sources: Mapping[str, Source], *, handles: int = 8) -> EditList:
    """The edit list of a timeline.

    Args:
        sources: the take of each slate that the timeline plays.
    """
    names = reel_names([(event.take, event.shot) for event in timeline.events], sources)
    edits, start = [], 0
    for number, event in enumerate(timeline.events, 1):
        source = sources[event.take]
        frames = timeline.event_frames(event)
        edits.append(
            Edit(
                number=number,
                event=event,
                take=source.take,
                media=source.media,
                reel_name=names[event.take],
                start=start,
                frames=frames,
                marks=marks_of(event, source.review),
                reasons=source.review.reasons if source.review else (),
            )
        )
        start += frames
    format = timeline.format
    return EditList(
        title=timeline.title,
        rate=format.rate,
        size=format.size,
        edits=tuple(edits),
        handles=handles,
    )


def marks_of(event: Event, review: Review | None) -> tuple[Mark, ...]:
    """Where a take begins to drift, and where else it could be cut well; by frame.

    Drift that began before the first frame played is marked there.
    """
    marks = []
    for name, measure in sorted(review.measures.items()) if review else ():
        if not measure.over or measure.since_frame is None:
            continue
        said = [text for text in (review.reasons if review else ()) if text.startswith(f"{name}:")]
        marks.append(
            Mark(
                frame=min(max(measure.since_frame, event.span.start), event.clip.frames - 1),
                kind="drift",
                name=f"drift: {name}",
                note=said[0] if said else f"over its budget from frame {measure.since_frame} on",
            )
        )
    seen = {("next in", event.span.start), ("next out", event.span.stop - 1)}
    for rank, (first, last) in enumerate(event.alternatives, 1):
        note = f"next best cut {rank}: frames {first} to {last}"
        sides: tuple[tuple[MarkKind, int], ...] = (("next in", first), ("next out", last))
        for kind, frame in sides:
            if (kind, frame) not in seen:  # one mark a place, of the best cut that is there
                seen.add((kind, frame))
                marks.append(Mark(frame=frame, kind=kind, name=f"{kind} {rank}", note=note))
    return tuple(sorted(marks, key=lambda mark: mark.frame))


def reel_names(played: Sequence[tuple[str, str]], sources: Mapping[str, Source]) -> dict[str, str]:
    """A name of at most eight capitals and digits for each slate; no two takes share one."""
    names: dict[str, str] = {}
    used = set(_RESERVED)
    for slate, shot in played:
        if slate in names:
            continue
        ending = f"T{sources[slate].take.number}"
        letters = re.sub(r"[^A-Z0-9]", "", shot.upper()) or "SHOT"
        name, count = letters[: max(1, REEL_NAME - len(ending))] + ending, 1
        while name in used or len(name) > REEL_NAME:
            count += 1
            tail = f"{count}"
            name = letters[: REEL_NAME - len(tail)] + tail
        used.add(name)
        names[slate] = name
    return names


def media_address(file: Path, beside: Path, root: Path) -> str:
    """How an exported file names its media: a relative URL where both can move together.

    Args:
        file, beside, root: the media, the exported file's folder, the scene's folder; absolute.

    >>> media_address(Path("/film/.store/a b.mp4"), Path("/film/edit"), Path("/film"))
    '../.store/a%20b.mp4'
    >>> media_address(Path("/film/.store/a b.mp4"), Path("/tmp"), Path("/film"))
    'file:///film/.store/a%20b.mp4'
    """
    together = file.is_relative_to(root) and beside.is_relative_to(root)
    if together or file.is_relative_to(beside):
        return quote(Path(os.path.relpath(file, beside)).as_posix())
    return file.as_uri()
