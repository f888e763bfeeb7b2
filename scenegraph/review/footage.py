"""Footage: one clip, decoded once, and everything that later looks need of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenegraph.ledger.reviews import Series
from scenegraph.media import Clip, borrow_frames, probe
from scenegraph.review.identity.faces import FrameKeeper, Kept
from scenegraph.review.prints import SIDE, Prints, frame_print
from scenegraph.review.series import SeriesMaker
from scenegraph.review.threads import one_thread
from scenegraph.review.views import Glance, Planes, View, analysis_size, glance_at

#: Short side of the analysis picture, pixels.
SHORT = 270
#: Views kept of a clip of any length: at least half as many, evenly spread …
CANDIDATES = 32
#: … and this many of its end, every third frame: the last second at 24 fps.
TAIL, TAIL_STEP = 8, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footage:
    """A clip that has been watched.

    Attributes:
        clip: what probing said; None for frames that came from no file.
        series: per-frame values by name (see `SeriesMaker`).
        prints: float16 (frames, 1024) unit rows.
        windows: float32 (windows, 1536): mean root histograms of 12 frames each, unit rows.
        views: evenly spread candidate frames, first and last among them, in order; memory does
            not grow with the clip.
        pictures: a few frames at full size, for faces; kept only when they were asked for.
    """

    clip: Clip | None
    series: Mapping[str, Series] = field(repr=False)
    prints: Prints = field(repr=False)
    windows: NDArray[np.float32] = field(repr=False)
    views: tuple[View, ...] = field(repr=False)
    pictures: tuple[Kept, ...] = field(default=(), repr=False)

    @property
    def frames(self) -> int:
        return len(self.prints)

    def shelved(self) -> Footage:
        """As small as it can be held until children ask for it: no pictures, all views scaled."""
        for view in self.views:
            view.scaled()
        return replace(self, pictures=())

    def sampled(self, start: int = 0, stop: int | None = None, count: int = 8) -> tuple[View, ...]:
        """Up to `count` views spread evenly over frames `start` to `stop`, both ends if held."""
        stop = self.frames if stop is None else stop
        held = [view for view in self.views if start <= view.index < stop]
        if not held:
            return ()
        at = np.asarray([view.index for view in held])
        wanted = np.linspace(start, stop - 1, count)
        nearest = sorted({int(np.abs(at - frame).argmin()) for frame in wanted})
        return tuple(held[i] for i in nearest)


class Spread:
    """Keeps evenly spaced frames of a stream of unknown length in bounded memory, and the last.

    Their views are made when the stream has ended: most frames that are kept for a while go again.
    """

    def __init__(self, most: int) -> None:
        self._most, self._stride = most, 1
        self._kept: list[Glance] = []
        self._last: list[Glance] = []

    def offer(self, frame: Glance) -> None:
        self._last = [frame]
        if frame.index % self._stride == 0 and len(self._kept) == self._most:
            self._stride *= 2
            self._kept = [kept for kept in self._kept if kept.index % self._stride == 0]
        if frame.index % self._stride == 0:
            self._kept.append(frame)

    def items(self) -> list[Glance]:
        return self._kept + [frame for frame in self._last if frame not in self._kept[-1:]]


def _index(frame: Glance) -> int:
    return frame.index


class Watcher:
    """Feed it the frames of one clip in order, then ask for the footage.

    Memory is flat but for series, prints and windows.

    Args:
        in_full: keep a few frames at full size besides.
    """

    def __init__(self, *, in_full: bool = False) -> None:
        self._keeper = FrameKeeper() if in_full else None
        self._size: tuple[int, int] | None = None
        self._series = SeriesMaker()
        self._prints: list[Prints] = []
        self._spread = Spread(CANDIDATES)
        self._tail: deque[Glance] = deque(maxlen=TAIL)

    def add(self, planes: Planes) -> None:
        if self._size is None:  # a later frame of another size is brought to that of the first
            height, width = planes.y.shape
            self._size = analysis_size(width, height, SHORT)
        frame = glance_at(planes, self._size)
        self._series.add(frame)
        self._prints.append(frame_print(frame.luma).astype(np.float16))
        self._spread.offer(frame)
        if frame.index % TAIL_STEP == 0:
            self._tail.append(frame)
        if self._keeper is not None:
            self._keeper.offer(planes)

    def footage(self, clip: Clip | None = None) -> Footage:
        kept = {frame.index: frame for frame in (*self._spread.items(), *self._tail)}
        return Footage(
            clip=clip,
            series=self._series.series(),
            prints=np.asarray(self._prints, dtype=np.float16).reshape(-1, SIDE * SIDE),
            windows=self._series.windows(),
            views=tuple(frame.view() for frame in sorted(kept.values(), key=_index)),
            pictures=self._keeper.frames() if self._keeper is not None else (),
        )


def watch_frames(
    frames: Iterable[Planes], clip: Clip | None = None, *, in_full: bool = False
) -> Footage:
    """Look at each frame once. Frames may be of any size; they are brought to the analysis size."""
    watcher = Watcher(in_full=in_full)
    with one_thread():
        for planes in frames:
            watcher.add(planes)
    return watcher.footage(clip)


def watch(path: str | Path, clip: Clip | None = None, *, in_full: bool = False) -> Footage:
    """Decode a clip once, on one thread, and keep what every later look needs of it.

    Probed before or not, it is shown the same planes, so that the terminal's review of a clip and
    a run's are the same.

    Args:
        clip: what probing said, when that was done before; else it is found on the way.
        in_full: keep a few frames at full size besides, for faces.

    Raises:
        BrokenMedia: it cannot be opened as a clip.
    """
    path = Path(path)
    if clip is not None:
        return watch_frames(borrow_frames(path), clip, in_full=in_full)
    watcher = Watcher(in_full=in_full)
    with one_thread():
        clip = probe(path, see=watcher.add)
    return watcher.footage(clip)
