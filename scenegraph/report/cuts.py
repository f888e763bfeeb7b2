"""Every join of the reel: the frames that meet, the motion on both sides, the seam of a hop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from scenegraph.ledger import Take
from scenegraph.report.between import CutView
from scenegraph.report.charts import Curve, Overlay
from scenegraph.report.material import Material, rate_of
from scenegraph.report.wanted import CUT_W, SMALL_W, Difference
from scenegraph.report.words import count, timecode

JOINS = {
    "extend": "The camera keeps rolling",
    "cut": "Cut to another framing",
    "rejoin": "Rejoin of one framing",
    "start": "Start",
}
#: Frames shown of each side: what plays next to the cut, and the handle beyond it.
PLAYED, HANDLE = 60, 24
#: From this confidence on the place of an overlap is known, and not guessed.
SURE = 0.5


def cuts(material: Material) -> tuple[CutView, ...]:
    """Every join of the last reel, in playing order."""
    if material.timeline is None:
        return ()
    rate = float(rate_of(material.timeline))
    pairs = pairwise(material.timeline["events"])
    return tuple(_cut(material, i, a, b, rate) for i, (a, b) in enumerate(pairs, 1))


def _cut(
    material: Material, number: int, a: Mapping[str, Any], b: Mapping[str, Any], rate: float
) -> CutView:
    before, after = material.of_slate(a["take"]), material.of_slate(b["take"])
    out, into = int(a["out_frame"]), int(b["in_frame"])
    last = first = None
    if before is not None:
        last = material.frame(before, out, CUT_W, f"last frame played of {a['shot']}")
    if after is not None:
        first = material.frame(after, into, CUT_W, f"first frame played of {b['shot']}")
    hop = b["join"] == "extend"
    return CutView(
        number=number,
        before=a["shot"],
        after=b["shot"],
        words=_words(b),
        at=timecode(int(b["reel_start"]), rate),
        start=int(b["reel_start"]),
        last=last,
        first=first,
        difference=Difference(
            last, first, SMALL_W * 2, f"difference of the frames that meet at cut {number}"
        )
        if last and first
        else None,
        out_frame=out,
        in_frame=into,
        next_out=_next_best(a, 1, out),
        next_in=_next_best(b, 0, into),
        curve_before=_curve(material, before, out, PLAYED, HANDLE, _next_best(a, 1, out)),
        curve_after=_curve(material, after, into, HANDLE, PLAYED, _next_best(b, 0, into)),
        tail_handle=before.clip.frames - out - 1 if before and before.clip else None,
        head_handle=into,
        seam=_seam(material, after, out, into) if hop else "",
        overlay=_overlay(material, before, after, out, into) if hop else None,
    )


def _words(event: Mapping[str, Any]) -> str:
    """How one shot becomes the next: `Cut to another framing, dissolve over 12 frames.`"""
    words = JOINS.get(event["join"], str(event["join"]))
    transition = event.get("transition")
    if transition:
        words += f", {transition['kind']} over {transition['frames']} frames"
    return f"{words}, colour matched" if event.get("grade") else words


def _next_best(event: Mapping[str, Any], side: int, chosen: int) -> tuple[int, ...]:
    """Frames where this end of the event could lie as well, best first."""
    found = dict.fromkeys(int(pair[side]) for pair in event["alternatives"])
    return tuple(frame for frame in found if frame != chosen)


def _curve(
    material: Material,
    take: Take | None,
    at: int,
    back: int,
    ahead: int,
    alternatives: Sequence[int],
) -> Curve | None:
    review = material.reviews.get(take.id) if take else None
    calmness = review.series.get("calmness") if review else None
    if calmness is None:
        return None
    start = max(0, at - back)
    values = tuple(float(value) for value in calmness[start : at + ahead + 1])
    return Curve(start, values, at, tuple(alternatives))


def _seam(material: Material, take: Take | None, out: int, into: int) -> str:
    review = material.reviews.get(take.id) if take else None
    overlap = review.overlap if review else None
    if overlap is None:
        return ""
    if not overlap.frames:
        if review and review.shows_no_parent:
            return (
                "No frame of its parent was found in the answer. Look here: if a moment plays "
                "twice, shoot this hop again."
            )
        return "The answer holds only new frames; nothing repeats."
    told = f"The answer repeats {count(overlap.frames, 'frame')} of its parent, "
    if into >= overlap.frames:
        told += "seen in the parent."
    elif overlap.parent_start is not None and out < overlap.parent_start:
        told += "seen in the answer."
    else:
        told += "and takes over amid them."
    if overlap.confidence < SURE:
        return f"{told} The place is a guess: {overlap.confidence:.0%} sure."
    return f"{told} The place is {overlap.confidence:.0%} sure."


def _overlay(
    material: Material, parent: Take | None, answer: Take | None, out: int, into: int
) -> Overlay | None:
    review = material.reviews.get(answer.id) if answer else None
    overlap = review.overlap if review else None
    if parent is None or answer is None or parent.clip is None or answer.clip is None:
        return None
    if overlap is None:
        return None
    at = parent.clip.frames if overlap.parent_start is None else overlap.parent_start
    return Overlay(parent.clip.frames, answer.clip.frames, at, overlap.frames, out, into)
