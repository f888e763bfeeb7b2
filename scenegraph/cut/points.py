"""Where one clip may be cut: its calm frames, within the limits of a film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenegraph.cut.footage import ReelClip
from scenegraph.errors import CutError

#: Candidates kept for each end of a clip.
CANDIDATES = 14
#: A re-joined clip may play as few frames as this: half a second at 24 frames a second.
REJOIN_LEAST = 12


def calmest(calmness: NDArray[np.floating[Any]], search: tuple[int, int]) -> int:
    """The calmest frame from `search[0]` to `search[1]`, both within; the first of equals.

    >>> calmest(np.array([1.0, 0.2, 0.9, 0.1]), (0, 2))
    1

    Raises:
        CutError: the clip has no frame there.
    """
    low, high = max(0, search[0]), min(len(calmness) - 1, search[1])
    if low > high:
        raise CutError(
            f"The search {search[0]}:{search[1]} holds no frame of a clip with frames 0 to"
            f" {len(calmness) - 1}.",
            next="Frames count from 0; give the first and the last frame to look at.",
        )
    return low + int(np.argmin(calmness[low : high + 1]))


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a clip may begin and end; all four are frames, and allowed themselves.

    The in point lies in the first third, the out point in the last half of the usable part:
    what was paid for is mostly seen. `least` is what may be asked of this clip at most. A clip
    whose length is given may be cut anywhere.
    """

    first_in: int
    last_in: int
    first_out: int
    last_out: int
    least: int


def limits_of(clip: ReelClip) -> Limits:
    """The limits of a clip, kept clear of any model-made cut.

    >>> limits_of(ReelClip(name="a", calmness=np.ones(97, np.float32)))
    Limits(first_in=0, last_in=32, first_out=48, last_out=96, least=36)
    >>> limits_of(ReelClip(name="one frame", calmness=np.ones(1, np.float32)))
    Limits(first_in=0, last_in=0, first_out=0, last_out=0, least=1)
    """
    if not clip.frames:
        raise CutError(
            f"{clip.name} has no frames.", next="Leave this clip out, or shoot it again."
        )
    usable = clip.usable
    count = len(usable)
    if clip.wanted is not None:
        return Limits(usable.start, usable.stop - 1, usable.start, usable.stop - 1, least=1)
    # A re-joined clip goes on with the same framing, so that even a few frames are no flash.
    least = min(clip.least, REJOIN_LEAST) if clip.join == "rejoin" else clip.least
    return Limits(
        first_in=usable.start,
        last_in=usable.start + max(0, (count - 1) // 3),
        first_out=usable.start + count // 2,
        last_out=usable.stop - 1,
        least=max(1, min(least, (count + 1) // 2)),
    )


def local_minima(cost: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """Indices no dearer than both neighbours; of a flat stretch its middle.

    >>> local_minima(np.array([3.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0])).tolist()
    [1, 4]
    """
    found = []
    start = 0
    for stop in range(1, len(cost) + 1):
        if stop < len(cost) and cost[stop] == cost[start]:
            continue
        falls = start == 0 or cost[start - 1] > cost[start]
        rises = stop == len(cost) or cost[stop] > cost[start]
        if falls and rises:
            found.append((start + stop - 1) // 2)
        start = stop
    return np.array(found, np.intp)


def cheapest_points(
    cost: NDArray[np.floating[Any]], low: int, high: int, count: int | None = CANDIDATES
) -> NDArray[np.intp]:
    """Frames from `low` to `high` worth trying: the cheapest local minima, both ends, and then
    the cheapest of the rest, so that a length can be met to the frame.

    Args:
        cost: one value per frame of the clip.
        count: how many at most (the ends come on top); None means every frame.
    """
    within = np.arange(low, high + 1, dtype=np.intp)
    if count is None or len(within) <= count + 2:
        return within
    part = cost[low : high + 1]
    minima = local_minima(part)
    best = minima[np.argsort(part[minima], kind="stable")][: count // 2]
    rest = np.setdiff1d(np.argsort(part, kind="stable"), best, assume_unique=True)
    chosen = {*best.tolist(), *rest[: count - len(best)].tolist(), 0, len(part) - 1}
    return low + np.array(sorted(chosen), np.intp)
