"""Colours that came where others went: a coat of another colour, whatever became of its texture.

A strong change of colour changes luma and texture with it, and pixels are matched by their
texture: the coat that changed most is not matched at all. Colour alone, in large cells, needs no
match: what has moved is found in a cell near by, what was exchanged is not.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from scenegraph.review.views import Floats, shrink_floats

#: Cells of a picture, and how far from its own place a colour is looked for (columns, rows).
CELLS = (32, 18)
NEAR = (8, 5)
#: The cells that changed most, of 576, are judged by their mean.
WORST = 24


def exchanged(here: Floats, then: Floats, moved: tuple[float, float]) -> float:
    """Levels of chroma by which the worst cells have another colour than anything near them had.

    A cell counts by the colour that came or by the one that went near it, whichever is less: who
    walks in or out of the picture brings a colour or takes one away, and does not exchange it.

    Args:
        here, then: chroma of both pictures (h, w, 2); global changes of colour taken out of `then`.
        moved: pixels by which the whole picture has moved from `here` to `then`.

    Source: own. Blind to: an exchange while another thing of another colour takes the place of
        one that leaves, which it counts; grey that stays grey; areas under 4 % of the picture.
    """
    h, w = here.shape[:2]
    back = np.asarray([[1, 0, -moved[0]], [0, 1, -moved[1]]], dtype=np.float32)
    then = np.asarray(
        cv2.warpAffine(then, back, (w, h), borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
    )
    # squared distances of all cells' colours now (down) to all cells' colours before (across)
    now, before = (shrink_floats(one, *CELLS).reshape(-1, 2) for one in (here, then))
    squares = _far().copy()
    for axis in range(2):
        off = now[:, None, axis] - before[:, axis]
        squares += np.square(off, out=off)
    came, went = (np.sqrt(squares.min(axis)).reshape(CELLS[::-1]) for axis in (1, 0))
    around = np.ones((2 * NEAR[1] + 1, 2 * NEAR[0] + 1), np.uint8)
    both = (np.minimum(came, cv2.dilate(went, around)), np.minimum(went, cv2.dilate(came, around)))
    return min(float(np.partition(one.ravel(), -WORST)[-WORST:].mean()) for one in both)


@lru_cache(maxsize=1)
def _far() -> Floats:
    """(cells, cells): 0 for cells that are near each other, beyond all colours for others."""
    at = np.arange(CELLS[0] * CELLS[1])
    x, y = at % CELLS[0], at // CELLS[0]
    near = (abs(x[:, None] - x) <= NEAR[0]) & (abs(y[:, None] - y) <= NEAR[1])
    return np.where(near, 0.0, 1e9).astype(np.float32)
