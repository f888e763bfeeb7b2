"""Looking at clips and cutting them, with or without a scene: what the clip commands call."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from scenegraph.cut import (
    CutChoice,
    Kept,
    ReelCheck,
    Segment,
    check_segments,
    clip_of_review,
    cutpoints,
    make_timeline,
    pieces_of,
    reel_format,
    stitch,
)
from scenegraph.errors import BrokenMedia, SceneError
from scenegraph.ledger import Review
from scenegraph.media import probe
from scenegraph.review import Footage, find_identity, look, look_at, watch
from scenegraph.run.events import Listener, ReelEvent, silent
from scenegraph.run.reel import Reel
from scenegraph.scene import fixes_for
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
        SceneError: a file is not there, a face model's file is not what it must be, or a budget
            has no such measure.
        BrokenMedia: the keyframe or the parent cannot be opened. (A broken clip is a verdict.)
    """
    for what, path in (("clip", clip), ("keyframe", keyframe), ("parent", parent)):
        if path is not None:
            _must_be_there(what, path)
    return look(
        clip,
        keyframe=keyframe,
        parent=PARENTS.footage(Path(parent)) if parent is not None else None,
        budgets=budgets,
        identity=find_identity(Settings()),
    )


def review_json(review: Review, clip: str | Path) -> dict[str, Any]:
    """The `review` answer of the terminal; a broken clip's has an `error` besides."""
    answer = review.to_json()
    answer["fixes"] = list(fixes_for(review.over))
    if review.verdict == "broken":
        reason = review.reasons[0] if review.reasons else "it shows nothing"
        reason = reason.removeprefix("cannot be used as a clip: ").rstrip(".")
        answer["error"] = BrokenMedia(clip, reason).to_json()
    return answer


def review_line(
    clip: str, *, keyframe: str | None = None, parent: str | None = None
) -> dict[str, Any]:
    """One answer of `review --batch`: a clip that is not there is broken, and no end of the batch.

    Raises:
        SceneError, BrokenMedia: the keyframe or the parent is to blame.
    """
    if not _is_there(clip):
        missing = Review(verdict="broken", reasons=("there is no such file",))
        return review_json(missing, clip)
    return review_json(review_clip(clip, keyframe=keyframe, parent=parent), clip)


def _is_there(path: str | Path) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, or with a zero byte: no file has such a name
        return False


def _must_be_there(what: str, path: str | Path) -> None:
    if not _is_there(path):
        raise SceneError(f"There is no {what} {path}.", next="Check the path.")


class _Once:
    """Footage that several threads want: the first one watches, the others wait for it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.footage: Footage | None = None


class _Parents:
    """Parents that were watched lately: one is often the parent of many clips in a row."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._held: dict[tuple[str, int, int], _Once] = {}

    def footage(self, path: Path) -> Footage:
        seen = path.stat()
        key = (str(path.absolute()), seen.st_mtime_ns, seen.st_size)
        with self._lock:
            once = self._held.pop(key) if key in self._held else _Once()
            self._held[key] = once
            while len(self._held) > self._most:
                del self._held[next(iter(self._held))]
        with once.lock:
            if once.footage is None:
                once.footage = watch(path).shelved()
            return once.footage


PARENTS = _Parents(most=8)


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
    """Cut plain clips, in this order, into one reel at low-motion points, and look at it.

    Raises:
        SceneError: a clip is not there, or the reel would overwrite one of them.
        BrokenMedia: a clip cannot be opened.
        CutError: lengths that cannot be met.
    """
    if any(_is_there(path) and Path(path).resolve() == out.resolve() for path in clips):
        raise SceneError(
            f"The reel would overwrite the clip {out}.", next="Name another file with --out."
        )
    kept = []
    for path in clips:
        review = _seen(path)
        name = Path(path).stem
        kept.append(Kept(shot=name, take=str(path), clip=probe(path), review=review, kind="i2v"))
    format = reel_format([one.clip for one in kept], rate)
    timeline = make_timeline(kept, format, title=out.stem, target=target)
    out.parent.mkdir(parents=True, exist_ok=True)

    async def made() -> ReelCheck:
        parts: list[Segment] = []
        await stitch(
            timeline,
            segments,
            out,
            settings=settings,
            on_progress=lambda p: listener(ReelEvent(done=p.frames, total=p.of)),
            on_segments=parts.extend,
        )
        shots = [piece.shot for piece in pieces_of(timeline)]
        return await check_segments(timeline, list(zip(shots, parts, strict=True)))

    return Reel(path=out, timeline=timeline, check=asyncio.run(made()))


def _seen(path: str | Path) -> Review:
    _must_be_there("clip", path)
    review = look_at(watch(path))
    if review.series.get("calmness") is None:
        raise BrokenMedia(path, review.reasons[0] if review.reasons else "it shows nothing")
    return review


def write_series(review: Review, to: Path) -> None:
    """Every per-frame series of a review as CSV: one row a frame, one column a series.

    Raises:
        OSError: it cannot be written there.
    """
    names = sorted(review.series)
    rows = max((len(review.series[name]) for name in names), default=0)
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", *names])
        for frame in range(rows):
            writer.writerow([frame, *(_cell(review.series[name], frame) for name in names)])


def _cell(series: Any, frame: int) -> str:
    return f"{float(series[frame]):.6g}" if frame < len(series) else ""
