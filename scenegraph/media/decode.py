"""Pictures of a clip as arrays, frame by frame, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from scenegraph.media.container import Deadline, check_size, decode_frames, open_video
from scenegraph.media.planes import Planes, borrowed_planes, planes_of, rgb_of
from scenegraph.units import Size


def read_frames(
    path: Path | str,
    *,
    short: int | None = None,
    start: int = 0,
    stop: int | None = None,
    limit_s: float = 600.0,
) -> Iterator[Planes]:
    """Frames `start` up to `stop` (half-open) as 4:2:0 planes, upright, one thread.

    Args:
        short: pixels of the short side after scaling; both sides become multiples of 4.
            None keeps the size, but for that rounding. Never enlarged.

    Yields:
        Planes in the order of showing, numbered as `probe` counts. Full range, 10 bit and other
        chroma samplings are converted to 8-bit limited 4:2:0.

    Raises:
        BrokenMedia: it cannot be opened as a clip, or takes longer than `limit_s`.
    """
    for index, frame in _frames(Path(path), start, stop, limit_s):
        yield planes_of(index, frame, short)


def borrow_frames(path: Path | str, *, limit_s: float = 600.0) -> Iterator[Planes]:
    """Every frame at full size, upright, mostly without a copy: just what `probe(see=)` shows.

    The planes are borrowed: look at them before the next one, and do not keep them.

    Raises:
        BrokenMedia: it cannot be opened as a clip, or takes longer than `limit_s`.
    """
    for index, frame in _frames(Path(path), 0, None, limit_s):
        check_size(Path(path), frame.width, frame.height)
        yield borrowed_planes(index, frame)


def read_rgb(
    path: Path | str,
    *,
    size: Size | None = None,
    start: int = 0,
    stop: int | None = None,
    limit_s: float = 600.0,
) -> Iterator[NDArray[np.uint8]]:
    """Frames `start` up to `stop` (half-open) as RGB, uint8 (height, width, 3), upright.

    Args:
        size: scale to this size (of the upright picture). None keeps the clip's own.

    The stream's own colour matrix is used; one that names none is read as BT.601, as FFmpeg does,
    which is also what the usual exporters of generated video write.

    Raises:
        BrokenMedia: it cannot be opened as a clip, or takes longer than `limit_s`.
    """
    for _, frame in _frames(Path(path), start, stop, limit_s):
        yield rgb_of(frame, size)


def _frames(
    path: Path, start: int, stop: int | None, limit_s: float
) -> Iterator[tuple[int, VideoFrame]]:
    if start < 0 or (stop is not None and stop < start):
        raise ValueError(f"a span runs forward from frame 0 on, not {start}..{stop}")
    if stop == start:
        return
    deadline = Deadline.of(path, limit_s)
    with open_video(path, limit_s=limit_s) as (container, stream):
        for index, frame in enumerate(decode_frames(container, stream, deadline)):
            if index >= start:
                yield index, frame
            if stop is not None and index + 1 >= stop:
                return
