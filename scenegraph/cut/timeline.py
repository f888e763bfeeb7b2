"""Kept takes to a timeline: joins decided, cuts chosen, in reel order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scenegraph.cut.choice import choose_cuts
from scenegraph.cut.film import TOLERANCE, WHOLE, Ends
from scenegraph.cut.footage import ReelClip, clip_of_review
from scenegraph.cut.joins import Junction, goes_on, junction
from scenegraph.cut.points import CANDIDATES
from scenegraph.errors import CutError
from scenegraph.ledger.grade import Grade, Tint
from scenegraph.ledger.reviews import Review
from scenegraph.ledger.timeline import CutWishes, Event, JoinKind, ReelFormat, Timeline
from scenegraph.media.clip import Clip
from scenegraph.units import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A circled take on its way into the reel.

    Attributes:
        take: its slate.
        kind: the shot's: t2v, i2v, extend, multicondition.
        parent: the shot that it hangs on.
        parent_take: the slate of the parent's take that it was really shot from, when known: a
            take shot from another one than the reel shows has no exact seam with it.
        grade: the colour match that was decided for it.
    """

    shot: str
    take: str
    clip: Clip
    review: Review
    kind: str
    parent: str | None = None
    parent_take: str | None = None
    grade: Grade | None = None


def make_timeline(
    kept: Iterable[Kept],
    format: ReelFormat,
    *,
    title: str = "",
    target: int | None = None,
    tolerance: int = TOLERANCE,
    joins: Mapping[str, JoinKind] | None = None,
    left_out: Sequence[str] = (),
    ends: Ends = WHOLE,
    lengths: Mapping[str, int] | None = None,
    handles: int = 0,
) -> Timeline:
    """The film of these takes, in this order.

    Args:
        kept: gone through once, and once more for a length between the calm places; takes that
            are read as their turn comes are never all in memory.
        target: frames the reel should have, met within `tolerance`.
        joins: how a shot begins where a person decided it; the rest is decided here.
        left_out: shots of the reel order that have no take. Added to them: takes that are broken,
            and hops whose answer only repeats its parent.
        ends: what they begin and end with, when they are a part of a longer film.
        lengths: frames of the reel that single shots should fill, by shot.
        handles: frames of the reel that hard cuts should leave on both sides, where they can.

    Raises:
        CutError: nothing to cut, or a length that cannot be made.
    """

    def lay_out(count: int | None) -> _Film:
        return _lay_out(kept, format, joins or {}, lengths or {}, handles, count)

    film = lay_out(CANDIDATES)
    usable = film.clips
    if not usable:
        raise CutError(
            "There is nothing to cut: no shot has a take that can be played.",
            next="`scenegraph run SCENE` shoots what is missing.",
        )
    choice = choose_cuts(
        [clip for _, clip in usable],
        target=target,
        tolerance=tolerance,
        ends=ends,
        rate=format.rate,
        joins=lambda count: film.joins if count is not None else lay_out(None).joins,
    )
    grades = carried_grades([(clip.join, one.grade) for one, clip in usable])
    events = tuple(
        Event(
            shot=one.shot,
            take=one.take,
            clip=one.clip,
            span=Span(cut.in_frame, cut.out_frame + 1),
            join=cut.join,
            calmest=cut.calmest,
            motion_at_in=round(cut.motion_at_in, 4),
            motion_at_out=round(cut.motion_at_out, 4),
            alternatives=cut.alternatives,
            grade=grade,
        )
        for (one, _), cut, grade in zip(usable, choice.cuts, grades, strict=True)
    )
    return Timeline(
        title=title,
        events=events,
        format=format,
        cost=round(choice.cost, 4),
        left_out=(*left_out, *film.missing),
        wishes=CutWishes(target, dict(lengths or {}), handles),
    )


@dataclass(slots=True)
class _Film:
    """Takes with their clips, the ways from each into the next, and shots that have none."""

    clips: list[tuple[Kept, ReelClip]] = field(default_factory=list)
    joins: list[Junction] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def _lay_out(
    kept: Iterable[Kept],
    format: ReelFormat,
    joins: Mapping[str, JoinKind],
    lengths: Mapping[str, int],
    handles: int,
    count: int | None,
) -> _Film:
    """Go through the takes once. Prints, which are large, are held of two clips at a time."""
    film = _Film()
    before: tuple[Kept, ReelClip] | None = None
    for one in kept:
        try:
            clip = _reel_clip(one, format)
        except CutError:
            film.missing.append(one.shot)
            continue
        join: JoinKind = _join(one, clip, before) if before else "start"
        if before is not None and joins.get(one.shot) in ("cut", "rejoin", "extend"):
            join = joins[one.shot]
        overlap = one.review.overlap
        if join == "extend" and overlap is not None and overlap.frames >= clip.frames:
            film.missing.append(one.shot)  # it adds nothing: every frame repeats its parent
            continue
        spare = math.ceil(handles / clip.stretch)
        clip = replace(clip, join=join, wanted=lengths.get(one.shot), handles=spare)
        if before is not None:
            film.joins.append(junction(before[1], clip, count))
        before = (one, clip)
        light = replace(one, review=replace(one.review, series={}, prints=None))
        film.clips.append((light, clip.without_prints()))
    return film


def carried_grades(events: Sequence[tuple[JoinKind, Grade | None]]) -> list[Grade | None]:
    """The colour match of each event. What was done at a hop's parent's end goes on in the hop."""
    found: list[Grade | None] = []
    carried = Tint()
    for join, own in events:
        if join not in ("extend", "rejoin"):
            carried = Tint()
        grade = (own or Grade(Tint(), Tint())).after(carried)
        carried = grade.end
        found.append(None if grade.is_nothing else grade)
    return found


def _reel_clip(one: Kept, format: ReelFormat) -> ReelClip:
    if not one.clip.frames:
        raise CutError(f"{one.take} has no frames.", next="Shoot it again.")
    stretch = format.rate / one.clip.rate
    return clip_of_review(one.take, one.review, frames=one.clip.frames, stretch=stretch)


def _join(one: Kept, clip: ReelClip, before: tuple[Kept, ReelClip]) -> JoinKind:
    """Exact where one goes on from the other, unseen where it may be, else hard."""
    earlier, footage = before
    follows = one.parent == earlier.shot and one.parent_take in (None, earlier.take)
    overlap = one.review.overlap
    if follows and one.kind == "extend":
        return "extend"
    if follows and overlap is not None and overlap.frames and overlap.confidence >= 0.5:
        return "extend"
    if one.parent == earlier.shot and goes_on(footage, clip):
        return "rejoin"
    return "cut"
