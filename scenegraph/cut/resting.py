"""Where a parent's tail may end so that the next shot begins from a picture at rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenegraph.cut.joins import EDGE, EDGE_FRAMES, UNUSED, rest_cost
from scenegraph.scene.shots import REST_FRAMES

#: New frames of the parent that are seen at least, however calm an earlier one is.
LEAST_SEEN = 9


def resting_end(
    calmness: NDArray[np.floating[Any]], *, tail: int, repeated: int = 0, within: int = REST_FRAMES
) -> int:
    """The frame before which a tail of `tail` frames ends: just behind a calm frame near the end.

    Args:
        calmness: one value per frame of the parent (`Review.series`).
        tail: frames that are shown; the end lies so late that the parent has them.
        repeated: frames at the parent's head that repeat its own parent.
        within: how far from its last frame the calm one may lie.

    Returns:
        1 to len(calmness); the clip's own end where there is no choice.

    >>> calm = np.ones(60, np.float32)
    >>> calm[45:49] = 0.1
    >>> resting_end(calm, tail=25), resting_end(calm, tail=60)
    (49, 60)
    """
    count = len(calmness)
    low = max(count - 1 - within, tail - 1, repeated + LEAST_SEEN - 1)
    if low >= count - 1:
        return count
    frame = np.arange(low, count)
    cost = rest_cost(np.nan_to_num(calmness[low:], nan=1.0))
    cost = cost + UNUSED * (count - 1 - frame) / count + EDGE * (frame > count - 1 - EDGE_FRAMES)
    return low + int(np.argmin(cost)) + 1
