"""A timeline to the pieces that are encoded: whole events, what a transition leaves of them, and
the transitions.

A dissolve takes its frames from handles: the earlier clip goes on past its out point while the
later one begins before its in point, so the reel is as long as with a hard cut. A dip needs none:
what plays goes down to black, and the next comes up from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scenegraph.ledger.timeline import Event, Timeline, Transition


@dataclass(frozen=True, slots=True)
class Part:
    """Frames `first` up to `last` (half-open) of an event as the reel shows it.

    They count from the event's in point at the reel's rate, below 0 and past `of` in the handles.
    """

    event: Event
    of: int
    first: int
    last: int

    @property
    def frames(self) -> int:
        return self.last - self.first

    @property
    def is_whole(self) -> bool:
        return (self.first, self.last) == (0, self.of)


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment: a part alone, or two that meet in a transition (`after` is the later one)."""

    part: Part
    after: Part | None = None
    kind: str = "cut"

    @property
    def frames(self) -> int:
        if self.after is None or self.kind == "dissolve":
            return self.part.frames
        return self.part.frames + self.after.frames

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.part,) if self.after is None else (self.part, self.after)

    @property
    def shot(self) -> str:
        return self.part.event.shot

    @property
    def same(self) -> tuple[object, ...]:
        """Pieces that are equal in this show the same pictures."""
        return (
            self.kind,
            *(
                (p.event.clip.path, p.event.span, p.event.grade, p.of, p.first, p.last)
                for p in self.parts
            ),
        )


def pieces_of(timeline: Timeline) -> list[Piece]:
    """What is encoded, in playing order; together exactly the timeline's frames."""
    events = timeline.events
    pieces: list[Piece] = []
    for at, event in enumerate(events):
        of = timeline.event_frames(event)
        entered = event.transition
        left = events[at + 1].transition if at + 1 < len(events) else None
        if entered is not None and at:
            before = events[at - 1]
            length = timeline.event_frames(before)
            past = entered.after if entered.kind == "dissolve" else 0
            early = entered.before if entered.kind == "dissolve" else 0
            pieces.append(
                Piece(
                    Part(before, length, length - entered.before, length + past),
                    Part(event, of, -early, entered.after),
                    entered.kind,
                )
            )
        first = entered.after if entered and at else 0
        last = of - (left.before if left else 0)
        pieces.append(Piece(Part(event, of, first, last)))
    return pieces


def with_transitions(
    timeline: Timeline, wanted: Mapping[str, tuple[str, int | None]]
) -> tuple[Timeline, list[str]]:
    """The timeline with transitions at these shots' beginnings, as long as their handles allow.

    Args:
        wanted: by the shot that is entered, `dissolve` or `dip` and its frames (None: half a
            second).

    Returns:
        The timeline, of the same length, and a sentence for each that is shorter than asked.
    """
    half = max(2, round(timeline.format.rate / 2))
    events, said = list(timeline.events), []
    free = [timeline.event_frames(event) for event in events]
    for at, event in enumerate(events):
        if event.shot not in wanted or at == 0:
            continue
        kind, asked = wanted[event.shot]
        length = asked or half
        # Each event keeps a frame of its own between two transitions.
        most_before, most_after = free[at - 1] - 1, (free[at] - 1) // 2 or free[at] - 1
        if kind == "dissolve":
            most_before = min(most_before, head_frames(timeline, event))
            most_after = min(most_after, tail_frames(timeline, events[at - 1]))
        before = max(0, min(length // 2, most_before))
        after = max(0, min(length - before, most_after))
        before = max(0, min(length - after, most_before))
        if before + after < length:
            name = f"The {kind} into {event.shot}"
            why = "the clips have no more frames beyond the cut"
            why = why if kind == "dissolve" else "the shots are too short"
            said.append(
                f"{name} is {before + after} frames instead of {length}: {why}."
                if before + after > 1
                else f"{name} is a hard cut: {why}."
            )
        if before + after > 1:
            transition = Transition(
                kind="dissolve" if kind == "dissolve" else "dip", before=before, after=after
            )
            events[at] = replace(event, transition=transition)
            free[at - 1] -= before
            free[at] -= after
    return replace(timeline, events=tuple(events)), said


def head_frames(timeline: Timeline, event: Event) -> int:
    """Frames of the reel that the clip has before its in point, in step with those after it."""
    stretch = timeline.format.rate / event.clip.rate
    return event.head_handle // stretch.denominator * stretch.numerator


def tail_frames(timeline: Timeline, event: Event) -> int:
    """Frames of the reel that the clip has past its out point."""
    return int(event.tail_handle * timeline.format.rate / event.clip.rate)
