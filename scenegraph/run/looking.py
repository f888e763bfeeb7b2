"""Looking at clips and cutting them, with or without a scene: what the clip commands call."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from scenegraph.cut import (
    CutChoice,
    Kept,
    clip_of_review,
    cutpoints,
    make_timeline,
    reel_format,
    stitch,
)
from scenegraph.errors import BrokenMedia, SceneError
from scenegraph.ledger import Review
from scenegraph.media import probe
from scenegraph.review import Footage, look, look_at, watch
from scenegraph.run.events import Listener, ReelEvent, silent
from scenegraph.run.reel import Reel
from scenegraph.settings import Settings


def review_clip(
    clip: str | Path,
    *,
    keyframe: str | Path | None = None,
    parent: str | Path | None = None,
    budgets: Mapping[str, float] | None = None,
) -> Review:
    """Measure one clip against a keyframe, a parent, both, or its own start.

    Raises:
        SceneError: the clip is not there, or a budget has no such measure.
        BrokenMedia: the keyframe or the parent cannot be opened. (A broken clip is a verdict.)
    """
    for what, path in (("clip", clip), ("keyframe", keyframe), ("parent", parent)):
        if path is not None and not Path(path).exists():
            raise SceneError(f"There is no {what} {path}.", next="Check the path.")
    return look(
        clip,
        keyframe=keyframe,
        parent=_watched(str(parent)) if parent is not None else None,
        budgets=budgets,
    )


@lru_cache(maxsize=4)
def _watched(path: str) -> Footage:
    """A parent is often the same for many clips in a row."""
    return watch(path)


def cutpoints_of(
    clips: Sequence[str | Path],
    *,
    target: int | None = None,
    join: Literal["cut", "rejoin"] = "cut",
    search: tuple[int, int] | None = None,
) -> CutChoice:
    """Out and in points for these clips in this order.

    Raises:
        BrokenMedia: a clip cannot be opened.
        CutError: lengths that cannot be met.
    """
    return cutpoints(
        [clip_of_review(str(path), _seen(path)) for path in clips],
        target=target,
        join=join,
        search=search,
    )


def cut_clips(
    clips: Sequence[str | Path],
    out: Path,
    *,
    target: int | None = None,
    rate: Fraction | None = None,
    segments: Path,
    settings: Settings | None = None,
    listener: Listener = silent,
) -> Reel:
    """Cut plain clips, in this order, into one reel at low-motion points."""
    kept = []
    for path in clips:
        review = _seen(path)
        name = Path(path).stem
        kept.append(Kept(shot=name, take=str(path), clip=probe(path), review=review, kind="i2v"))
    format = reel_format([one.clip for one in kept], rate)
    timeline = make_timeline(kept, format, title=out.stem, target=target)
    out.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(
        stitch(
            timeline,
            segments,
            out,
            settings=settings,
            on_progress=lambda p: listener(ReelEvent(done=p.frames, total=p.of)),
        )
    )
    return Reel(path=out, timeline=timeline)


def _seen(path: str | Path) -> Review:
    if not Path(path).exists():
        raise SceneError(f"There is no clip {path}.", next="Check the path.")
    review = look_at(watch(path))
    if review.series.get("calmness") is None:
        raise BrokenMedia(path, review.reasons[0] if review.reasons else "it shows nothing")
    return review


def write_series(review: Review, to: Path) -> None:
    """Every per-frame series of a review as CSV: one row a frame, one column a series."""
    names = sorted(review.series)
    rows = max((len(review.series[name]) for name in names), default=0)
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", *names])
        for frame in range(rows):
            writer.writerow([frame, *(_cell(review.series[name], frame) for name in names)])


def _cell(series: Any, frame: int) -> str:
    return f"{float(series[frame]):.6g}" if frame < len(series) else ""
