"""What happens between shots: drift along each chain, every cut, the reel as a bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from scenegraph.ledger import Review, Take
from scenegraph.report.charts import Curve
from scenegraph.report.material import Material
from scenegraph.report.page import (
    CUT_W,
    FRAME_W,
    SMALL_W,
    ChainView,
    CutView,
    DriftLine,
    ReelView,
    Segment,
)
from scenegraph.report.words import amount, length, measure_name, share, timecode
from scenegraph.scene import ShotGraph
from scenegraph.units import exact_rate

JOINS = {
    "extend": "The camera keeps rolling",
    "cut": "Cut to another framing",
    "rejoin": "Rejoin of one framing",
    "start": "Start",
}
#: Frames shown of each side: what plays next to the cut, and the handle beyond it.
PLAYED, HANDLE = 60, 24
#: A measure is drawn from this part of its budget on; flat lines would hide the one that rises.
WORTH_A_LINE = 0.25


def chains(material: Material) -> tuple[ChainView, ...]:
    """Chains of at least two shots of which something was reviewed."""
    views = []
    for ids in _rolling(material.graph):
        reviews = [_review(material, id) for id in ids]
        if len(ids) > 1 and any(reviews):
            views.append(_chain(material, ids, reviews))
    return tuple(views)


def _rolling(graph: ShotGraph) -> tuple[tuple[str, ...], ...]:
    """Lanes joined where the camera rolls on through a re-anchor: one moment, one drift."""
    joined: list[list[str]] = []
    for lane in graph.chains():
        before = graph.shots[lane[0]].tail_of
        chain = next((chain for chain in joined if chain[-1] == before), None)
        if chain is None:
            joined.append(list(lane))
        else:
            chain += lane
    return tuple(tuple(chain) for chain in joined)


def _chain(material: Material, ids: Sequence[str], reviews: Sequence[Review | None]) -> ChainView:
    names = {name for review in reviews if review for name in review.measures}
    lines = [line for name in names if (line := _line(name, reviews)) is not None]
    lines.sort(key=lambda line: (-_worst(line.shares), line.name))
    measured = {line.name for line in lines}
    silent = {
        measure_name(name): review.measures[name].note.removeprefix("not measured: ")
        for name in sorted(names)
        for review in reviews
        if review and name in review.measures and measure_name(name) not in measured
        if review.measures[name].value is None
    }
    pictures = []
    for id in ids:
        take = material.kept(id)
        last = take.clip.frames - 1 if take and take.clip else 0
        alt = f"last frame of {id}"
        pictures.append(material.frame(take, last, SMALL_W, alt, id) if take else None)
    kinds = {shot.shot: shot.job.kind for shot in material.plan.shots}
    marks = [{"extend": "hop", "multicondition": "anchor"}.get(kinds[id], "start") for id in ids]
    return ChainView(
        shots=tuple(ids),
        marks=tuple(marks),
        anchor=material.still(ids[0], SMALL_W, f"keyframe of {ids[0]}"),
        pictures=tuple(pictures),
        lines=tuple(line for line in lines if _worst(line.shares) >= WORTH_A_LINE),
        calm=tuple(line.name for line in lines if _worst(line.shares) < WORTH_A_LINE),
        not_measured=tuple(silent.items()),
        budget=tuple(
            str(one) for one in material.plan.chains if {one.chain, f"{one.chain}.1"} & set(ids)
        ),
    )


def _line(name: str, reviews: Sequence[Review | None]) -> DriftLine | None:
    measures = [review.measures.get(name) if review else None for review in reviews]
    shares = tuple(share(measure) if measure else None for measure in measures)
    if all(part is None for part in shares):
        return None
    worst = max((m for m in measures if m and share(m) is not None), key=lambda m: m.score)
    return DriftLine(
        name=measure_name(name),
        shares=shares,
        worst=amount(worst.value, worst.unit),
        budget=amount(worst.budget, worst.unit),
        over=any(measure.over for measure in measures if measure),
    )


def _worst(shares: Sequence[float | None]) -> float:
    return max((part for part in shares if part is not None), default=0.0)


def _review(material: Material, shot: str) -> Review | None:
    take = material.kept(shot)
    return material.reviews.get(take.id) if take else None


def reel(material: Material) -> ReelView | None:
    """The film and the bar under it; None before the first reel."""
    timeline = material.timeline
    if timeline is None:
        return None
    events: Sequence[Mapping[str, Any]] = timeline["events"]
    total = max(1, int(timeline["frames"]))
    segments, poster = [], None
    for event in events:
        take = material.of_slate(event["take"])
        middle = (event["in_frame"] + event["out_frame"]) // 2
        picture = material.frame(take, middle, SMALL_W, "") if take else None
        seconds = length(event["reel_frames"] / _rate(timeline))
        part = event["reel_frames"] / total
        segments.append(Segment(event["shot"], part, picture, f"{event['shot']}, {seconds}"))
        if poster is None and take is not None:
            poster = material.frame(take, event["in_frame"], FRAME_W * 2, "")
    return ReelView(
        path=material.reel,
        frames=total,
        length=length(float(timeline["duration_s"])),
        format=str(timeline["format"]).replace("@", ", ") + " frames a second",
        poster=poster,
        segments=tuple(segments),
        left_out=tuple(timeline.get("left_out", ())),
    )


def cuts(material: Material) -> tuple[CutView, ...]:
    """Every join of the last reel, in playing order."""
    if material.timeline is None:
        return ()
    events = material.timeline["events"]
    rate = _rate(material.timeline)
    pairs = pairwise(events)
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
    return CutView(
        number=number,
        before=a["shot"],
        after=b["shot"],
        words=JOINS.get(b["join"], str(b["join"])),
        at=timecode(int(b["reel_start"]), rate),
        last=last,
        first=first,
        out_frame=out,
        in_frame=into,
        curve_before=_curve(material, before, out, PLAYED, HANDLE, a["alternatives"], 1),
        curve_after=_curve(material, after, into, HANDLE, PLAYED, b["alternatives"], 0),
        tail_handle=before.clip.frames - out - 1 if before and before.clip else None,
        head_handle=into,
        seam=_seam(material, after) if b["join"] == "extend" else "",
    )


def _curve(
    material: Material,
    take: Take | None,
    at: int,
    back: int,
    ahead: int,
    alternatives: Sequence[Sequence[int]],
    side: int,
) -> Curve | None:
    review = material.reviews.get(take.id) if take else None
    calmness = review.series.get("calmness") if review else None
    if calmness is None:
        return None
    start = max(0, at - back)
    values = tuple(float(value) for value in calmness[start : at + ahead + 1])
    others = tuple(int(pair[side]) for pair in alternatives if int(pair[side]) != at)
    return Curve(start, values, at, others)


def _seam(material: Material, take: Take | None) -> str:
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
        return "The answer holds only new frames."
    told = f"The answer repeats {overlap.frames} frames of its parent; they are dropped."
    if overlap.confidence < 0.5:
        told += f" This place is a guess (confidence {overlap.confidence:.2f})."
    return told


def _rate(timeline: Mapping[str, Any]) -> float:
    return float(exact_rate(str(timeline["format"]).rpartition("@")[2]))
