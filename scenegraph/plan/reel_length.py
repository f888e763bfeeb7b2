"""How long the reel will be, before anything is shot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from scenegraph.plan.context import PlanContext
from scenegraph.plan.values import ShotPlan
from scenegraph.units import whole_frames

#: What a hard cut takes off its side of a clip, as a share: seen in previews and on labelled clips.
CUT_SHARE = 0.09
#: A whole length is met within so many frames.
TOLERANCE = 3


@dataclass(frozen=True, slots=True)
class ReelLength:
    """Frames of the reel.

    Attributes:
        expected: as it is asked for; else as cuts at low motion usually leave it.
        at_most: all new frames of its shots.
        at_least: about as short as its shots can be cut.
        note: a sentence when it cannot become what the scene asks for.
    """

    expected: int
    at_most: int
    at_least: int
    note: str = ""


class _Played(NamedTuple):
    """A shot of the reel: its new frames at the reel's rate, and its sides that are hard cuts.

    Attributes:
        shot: its name when it is to play `wanted` frames; those without a wish are alike.
    """

    frames: int
    hard_in: bool
    hard_out: bool
    is_first: bool
    wanted: int | None = None
    shot: str = ""

    @property
    def expected(self) -> int:
        if self.wanted is not None:
            return min(self.wanted, self.frames)
        sides = (self.hard_in and not self.is_first) + self.hard_out
        return max(1, round(self.frames * (1 - CUT_SHARE * sides)))

    @property
    def shortest(self) -> int:
        """In points lie in the first third, out points in the last half; an exact seam is fixed."""
        if self.wanted is not None:
            return min(self.wanted, self.frames)
        share = 1 - (1 / 3 if self.hard_in else 0) - (1 / 2 if self.hard_out else 0)
        least = 36 if self.hard_in or self.hard_out else self.frames
        return min(self.frames, max(math.floor(share * self.frames), min(least, self.frames // 2)))


def reel_length(context: PlanContext, rate: Fraction) -> ReelLength:
    """The reel's length as far as a plan can know it; a shot that is lost is missing."""
    played = _played(context, rate)
    at_most = sum(times * one.frames for one, times in played.items())
    at_least = sum(times * one.shortest for one, times in played.items())
    expected = sum(times * one.expected for one, times in played.items())
    seconds = context.scene.reel.seconds
    note = _too_long(played, rate)
    if seconds is not None and played:
        target = max(1, round(Fraction(seconds) * rate))
        expected = min(max(target, at_least), at_most)
        if not note and target > at_most + TOLERANCE:
            note = (
                f"The scene wants a reel of {seconds:g} s, and its shots have "
                f"{float(at_most / rate):.1f} s at most: lower `reel.seconds`, or add shots."
            )
        elif not note and target < at_least - TOLERANCE:
            note = (
                f"The scene wants a reel of {seconds:g} s, and its shots can hardly be cut below "
                f"{float(at_least / rate):.1f} s: raise `reel.seconds`, or leave shots out of "
                "`reel.order`."
            )
    return ReelLength(expected, at_most, at_least, note)


def _too_long(played: Iterable[_Played], rate: Fraction) -> str:
    for one in played:
        if one.wanted is not None and one.wanted > one.frames:
            return (
                f"{one.shot} is to play {float(one.wanted / rate):g} s, and it has "
                f"{float(one.frames / rate):.2f} s: lower it under `reel.lengths`, or shoot more."
            )
    return ""


def _played(context: PlanContext, rate: Fraction) -> Counter[_Played]:
    """The shots of the reel; those that are alike are counted, which most of a long one are."""
    shown: list[ShotPlan] = []
    hops: list[bool] = []
    for id in context.graph.reel_order:
        shot = context.planned[id]
        if shot.gives is not None or shot.will_shoot or shot.action == "reattach":
            node = context.graph.shots[id]
            # A hop is cut in where its parent ends when it is played right behind it.
            hops.append(node.kind == "extend" and bool(shown) and node.tail_of == shown[-1].shot)
            shown.append(shot)
    lengths, found = context.scene.reel.lengths, Counter[_Played]()
    frames: dict[tuple[int, int, int], int] = {}
    for at, shot in enumerate(shown):
        clip = shot.gives.clip if shot.gives is not None else None
        asked = shot.job.asks.shape.params.get("frame_rate") or rate
        own = clip.rate if clip is not None else Fraction(asked)
        length = (shot.new_frames, own.numerator, own.denominator)
        if length not in frames:
            frames[length] = whole_frames(Fraction(length[0]) / own, rate)
        played = _Played(
            frames[length],
            hard_in=not hops[at],
            hard_out=at + 1 == len(shown) or not hops[at + 1],
            is_first=at == 0,
        )
        wish = lengths.get(shot.shot)
        if wish is not None:
            wanted = max(1, round(Fraction(wish) * rate))
            played = played._replace(wanted=wanted, shot=shot.shot)
        found[played] += 1
    return found
