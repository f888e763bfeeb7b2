"""The core of the `cutpoints` command: out and in points for clips that were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from scenegraph.cut.choice import CutChoice, choose_cuts
from scenegraph.cut.film import TOLERANCE
from scenegraph.cut.footage import ReelClip
from scenegraph.errors import CutError


def cutpoints(
    clips: Sequence[ReelClip],
    *,
    target: int | None = None,
    join: Literal["cut", "rejoin"] = "cut",
    search: tuple[int, int] | None = None,
    tolerance: int = TOLERANCE,
) -> CutChoice:
    """Out and in points for these clips in this order; reads no file.

    Args:
        target: frames the film should have.
        join: how each clip but the first begins.
        search: first and last frame in which each clip's `calmest` is looked for.

    Raises:
        CutError: see `choose_cuts`; also a target below one frame or a search that runs backwards.
    """
    if target is not None and target < 1:
        raise CutError(f"A film of {target} frames cannot be made.", next="Ask for one or more.")
    if search is not None and search[0] > search[1]:
        raise CutError(
            f"The search {search[0]}:{search[1]} runs backwards.",
            next="Give the first frame, then the last, such as 48:96.",
        )
    joined = [replace(clip, join=join) for clip in clips]
    return choose_cuts(joined, target=target, tolerance=tolerance, search=search)
