"""The edit list: which span of which take, in order. Made in `cut`, kept and shown by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from scenegraph.ledger.grade import Grade
from scenegraph.media.clip import Clip
from scenegraph.units import Size, Span

JoinKind = Literal["start", "extend", "cut", "rejoin"]
#: How a clip of another rate is brought to the reel's: whole frames repeated or dropped, neighbours
#: mixed, or new frames drawn between them along the motion.
RateBy = Literal["duplicate", "blend", "interpolate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """How an event is entered: `before` frames of the reel ahead of the join and `after` behind it.

    The join stays where it is; a dissolve shows frames of both clips' handles, a dip goes to black.
    """

    kind: Literal["dissolve", "dip"]
    before: int
    after: int

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "frames": self.before + self.after,
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One span of one clip in the reel.

    Attributes:
        shot: the shot's id; for clips without a scene, the file's name.
        take: the take's slate, or the clip's path.
        clip: the media.
        span: frames of the clip that play, at the clip's own rate.
        join: how this event begins: `start` of the reel, an exact `extend` seam, a hard `cut`
            to another framing, or a `rejoin` of one framing.
        motion_at_in, motion_at_out: calmness at the first and last frame played.
        alternatives: next-best (in, out) frame pairs, best first.
        grade: the colour match that this event is given, if any.
        transition: how it is entered; None is a hard cut.
    """

    shot: str
    take: str
    clip: Clip
    span: Span
    join: JoinKind
    calmest: int | None = None
    motion_at_in: float | None = None
    motion_at_out: float | None = None
    alternatives: tuple[tuple[int, int], ...] = ()
    grade: Grade | None = None
    transition: Transition | None = None

    @property
    def head_handle(self) -> int:
        return self.span.start

    @property
    def tail_handle(self) -> int:
        return self.clip.frames - self.span.stop


@dataclass(frozen=True, slots=True, kw_only=True)
class ReelFormat:
    """What every clip is conformed to.

    `quick`: for a preview, in which the clips are decoded and scaled with less care.

    >>> ReelFormat(size=Size(1280, 720), rate=Fraction(24)).label
    '1280x720@24'
    """

    size: Size
    rate: Fraction
    pixel_format: str = "yuv420p"
    codec: str = "libx264"
    crf: int = 18
    preset: str = "veryfast"
    rate_by: RateBy = "duplicate"
    profile: str | None = None
    quick: bool = False

    @property
    def label(self) -> str:
        return f"{self.size}@{self.rate}"

    @property
    def container(self) -> str:
        """The ending of a file of this codec: masters need QuickTime's."""
        return ".mp4" if self.codec == "libx264" else ".mov"


@dataclass(frozen=True, slots=True)
class CutWishes:
    """What a film's cuts were asked to come to, in frames of the reel.

    Attributes:
        target: of the whole film.
        lengths: of single shots.
        handles: spare frames to be left on both sides of a hard cut, where there is a choice.
    """

    target: int | None = None
    lengths: Mapping[str, int] = field(default_factory=dict)
    handles: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"target": self.target, "lengths": dict(self.lengths), "handles": self.handles}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> CutWishes:
        """Of a recorded timeline; older ones kept none."""
        return cls(**data) if data else cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The whole film: events in playing order, one format. A transition moves no join."""

    title: str
    events: tuple[Event, ...]
    format: ReelFormat
    cost: float | None = None
    left_out: tuple[str, ...] = ()
    wishes: CutWishes = CutWishes()

    def handles_of(self, event: Event) -> tuple[int, int]:
        """Whole frames of the reel that the clip has before its in point and past its out point."""
        stretch = self.format.rate / event.clip.rate
        return int(event.head_handle * stretch), int(event.tail_handle * stretch)

    @property
    def short_handles(self) -> tuple[tuple[str, Literal["head", "tail"], int], ...]:
        """Sides of hard cuts with fewer spare frames than wished for: shot, side, frames there."""
        found: list[tuple[str, Literal["head", "tail"], int]] = []
        for before, after in pairwise(self.events):
            if after.join != "cut":
                continue
            tail, head = self.handles_of(before)[1], self.handles_of(after)[0]
            if tail < self.wishes.handles:
                found.append((before.shot, "tail", tail))
            if head < self.wishes.handles:
                found.append((after.shot, "head", head))
        return tuple(found)

    def event_frames(self, event: Event) -> int:
        """Frames of the reel that `event` fills, after its rate was conformed; at least one."""
        seconds = Fraction(len(event.span)) / event.clip.rate
        return max(1, int(seconds * self.format.rate + Fraction(1, 2)))

    @property
    def frames(self) -> int:
        return sum(self.event_frames(event) for event in self.events)

    @property
    def duration_s(self) -> float:
        return float(self.frames / self.format.rate)

    def to_json(self) -> dict[str, Any]:
        start = 0
        rows: list[Mapping[str, Any]] = []
        for event in self.events:
            length = self.event_frames(event)
            rows.append(
                {
                    "shot": event.shot,
                    "take": event.take,
                    "join": event.join,
                    "in_frame": event.span.start,
                    "out_frame": event.span.stop - 1,
                    "calmest": event.calmest,
                    "motion_at_in": event.motion_at_in,
                    "motion_at_out": event.motion_at_out,
                    "alternatives": [list(pair) for pair in event.alternatives],
                    "grade": event.grade.to_json() if event.grade else None,
                    "transition": event.transition.to_json() if event.transition else None,
                    "handles": list(self.handles_of(event)),
                    "reel_start": start,
                    "reel_frames": length,
                }
            )
            start += length
        return {
            "title": self.title,
            "format": self.format.label,
            "rate_by": self.format.rate_by,
            "frames": self.frames,
            "duration_s": round(self.duration_s, 3),
            "cost": self.cost,
            "left_out": list(self.left_out),
            "wishes": self.wishes.to_json(),
            "short_handles": [
                {"shot": shot, "side": side, "frames": frames}
                for shot, side, frames in self.short_handles
            ],
            "events": rows,
        }
