"""Another scene: the guard for what matching cannot tell, because nothing matches any more."""

from __future__ import annotations

import numpy as np

from scenegraph.review.linear import rows_by_rows
from scenegraph.review.measures.sight import Reading, Sight, not_measured
from scenegraph.review.series import WINDOW


def scene(sight: Sight) -> Reading:
    """Distance of the clip's colours to the parent's, its own spread taken off (0 to 1).

    Median over the new 12-frame histograms of the distance to the nearest one of the parent,
    minus the largest distance of a parent window to its nearest neighbour.

    Source: Hellinger distance of 6 × 16 × 16 YCbCr histograms.
    Blind to: where colours are; a long pan into another part of the set reads as a little of it.
    """
    if sight.parent is None:
        return not_measured("needs a parent")
    new = sight.clip.windows[-(-sight.first // WINDOW) :]
    new = new if len(new) else sight.clip.windows[-1:]
    known = sight.parent.windows
    if not len(new) or not len(known):
        return not_measured("too few frames")
    nearest = 1.0 - rows_by_rows(new, known).max(axis=1)
    spread = 0.0
    if len(known) > 1:
        apart = 1.0 - rows_by_rows(known, known)
        np.fill_diagonal(apart, np.inf)
        spread = float(apart.min(axis=1).max())
    amounts = np.maximum(0.0, nearest - spread)
    skipped = len(sight.clip.windows) - len(new)
    track = tuple(((skipped + i) * WINDOW, float(v)) for i, v in enumerate(amounts))
    return Reading(float(np.median(amounts)), None, track)
