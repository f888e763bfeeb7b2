"""Drift along each chain: one line for each measure, and the two frames that look least alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenegraph.ledger import Review, Take
from scenegraph.report.between import Apart, Aspect, ChainView, DriftLine
from scenegraph.report.material import Material
from scenegraph.report.wanted import FRAME_W, SMALL_W, Picture
from scenegraph.report.words import amount, measure_name, share
from scenegraph.scene import ShotGraph

#: A measure is drawn from this part of its budget on; flat lines would hide the one that rises.
WORTH_A_LINE = 0.25
#: Every so many frames of a clip are held against those of the others.
STRIDE = 4
#: What a frame looks like, from the per-frame series of a review: how a series becomes a number
#: of the unit in the second place, and how much of it is much. The limits are those of the drift
#: budgets along a chain; the words are for people.
LOOKS: tuple[tuple[str, str, float, str], ...] = (
    ("luma", "ln", 0.16, "brightness"),
    ("spread", "ln", 0.18, "contrast"),
    ("chroma", "ln", 0.27, "saturation"),
    ("cb", "levels", 5.5, "blue cast"),
    ("cr", "levels", 5.5, "red cast"),
)


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
    others = [_others(material, id) for id in ids]
    lines = [line for name in names if (line := _line(name, reviews, others)) is not None]
    aspects = _aspects(lines)
    measured = {aspect.name for aspect in aspects}
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
        rerolls=tuple(len(reviews) for reviews in others),
        anchor=material.still(ids[0], FRAME_W, f"keyframe of {ids[0]}"),
        apart=least_alike(material, ids),
        pictures=tuple(pictures),
        aspects=tuple(one for one in aspects if one.lines[0].furthest >= WORTH_A_LINE),
        calm=tuple(one.name for one in aspects if one.lines[0].furthest < WORTH_A_LINE),
        not_measured=tuple(silent.items()),
        budget=tuple(
            str(one) for one in material.plan.chains if {one.chain, f"{one.chain}.1"} & set(ids)
        ),
    )


def _against(name: str) -> tuple[str, Literal["parent", "keyframe", "chain"]]:
    """
    >>> _against("saturation_vs_keyframe"), _against("hue")
    (('saturation', 'keyframe'), ('hue', 'parent'))
    """
    if name.endswith("_vs_keyframe"):
        return name.removesuffix("_vs_keyframe"), "keyframe"
    if name.endswith("_along_chain"):
        return name.removesuffix("_along_chain"), "chain"
    return name, "parent"


def _line(
    name: str, reviews: Sequence[Review | None], others: Sequence[Sequence[Review]]
) -> DriftLine | None:
    measures = [review.measures.get(name) if review else None for review in reviews]
    shares = tuple(share(measure) if measure else None for measure in measures)
    if all(part is None for part in shares):
        return None
    worst = max((m for m in measures if m and share(m) is not None), key=lambda m: m.score)
    tried = (
        (share(one.measures[name]) for one in rejected if name in one.measures)
        for rejected in others
    )
    base, against = _against(name)
    return DriftLine(
        name=measure_name(base),
        against=against,
        shares=shares,
        tries=tuple(tuple(part for part in parts if part is not None) for parts in tried),
        worst=amount(worst.value, worst.unit),
        budget=amount(worst.budget, worst.unit),
        over=any(measure.over for measure in measures if measure),
    )


def _aspects(lines: Sequence[DriftLine]) -> list[Aspect]:
    """Lines by what they are about, worst first in each and over all."""
    by_name: dict[str, list[DriftLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (-line.furthest, line.against)):
        by_name[line.name].append(line)
    aspects = [Aspect(name, tuple(found)) for name, found in by_name.items()]
    return sorted(aspects, key=lambda aspect: (-aspect.lines[0].furthest, aspect.name))


def _review(material: Material, shot: str) -> Review | None:
    take = material.kept(shot)
    return material.reviews.get(take.id) if take else None


def _others(material: Material, shot: str) -> tuple[Review, ...]:
    """Reviews of the takes of a shot that were not kept."""
    kept = material.kept(shot)
    rows = (take for take in material.takes(shot) if kept is None or take.id != kept.id)
    found = (material.reviews.get(take.id) for take in rows)
    return tuple(review for review in found if review is not None)


@dataclass(frozen=True, slots=True)
class _Frames:
    take: Take
    at: NDArray[np.intp]
    looks: NDArray[np.float64]  # (frames, LOOKS)


def least_alike(material: Material, ids: Sequence[str]) -> Apart | None:
    """The two frames of a chain that look least alike, each look in its own budget.

    Brightness, contrast, saturation and cast are compared, not what is where in the picture: a
    head that turns is no drift.
    """
    rows = [frames for id in ids if (frames := _frames(material, id)) is not None]
    if not rows:
        return None
    looks = np.concatenate([row.looks for row in rows])
    owner = np.concatenate([np.full(len(row.at), n) for n, row in enumerate(rows)])
    place = np.concatenate([row.at for row in rows])
    apart = np.abs(looks[:, None, :] - looks[None, :, :])
    first, second = np.unravel_index(int(apart.max(axis=2).argmax()), apart.shape[:2])
    one, other = sorted((int(first), int(second)))
    if one == other:
        return None
    which = int(apart[one, other].argmax())
    _, unit, limit, name = LOOKS[which]
    much = float(apart[one, other, which])
    pictures = [
        _picture(material, rows[int(owner[at])].take, int(place[at])) for at in (one, other)
    ]
    if pictures[0] is None or pictures[1] is None:
        return None
    words = f"{name} by {amount(much * limit, unit)}"
    return Apart(pictures[0], pictures[1], words)


def _picture(material: Material, take: Take, at: int) -> Picture | None:
    return material.frame(
        take, at, FRAME_W, f"frame {at} of {take.shot}", f"{take.shot}, frame {at}"
    )


def _frames(material: Material, shot: str) -> _Frames | None:
    take, review = material.kept(shot), _review(material, shot)
    if take is None or take.clip is None or review is None or take.id not in material.media:
        return None
    if any(series not in review.series for series, *_ in LOOKS):
        return None
    first, last = material.played(shot, take)
    at = np.arange(first, last + 1, STRIDE)
    columns = []
    for series, unit, limit, _ in LOOKS:
        values = np.asarray(review.series[series], np.float64)[at]
        columns.append((np.log(np.maximum(values, 1e-3)) if unit == "ln" else values) / limit)
    looks = np.stack(columns, axis=1)
    fine = np.isfinite(looks).all(axis=1)
    return _Frames(take, at[fine], looks[fine]) if fine.any() else None
