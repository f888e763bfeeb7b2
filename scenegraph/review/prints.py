"""A print: the name of one frame's picture, by which it is found again in another file."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.review.linear import rows_by_rows
from scenegraph.review.views import Floats, Plane, shrink

Prints = NDArray[np.float16]

SIDE = 32
BLOCK = 256


def frame_print(luma: Plane, side: int = SIDE) -> Floats:
    """Local contrast of the luma, `side` × `side`, zero mean, unit length.

    Grade, gain, size and softening mostly drop out; where edges lie stays. The squared distance of
    two prints is 2 - 2 p·q: 0 for the same picture, about 2 for unrelated ones.

    Source:
        Reference algorithm of this project (48 × 48, sigma 6). It is blind to colour, and to
        motion smaller than about a fiftieth of a cell.
    """
    a = shrink(luma, side, side).astype(np.float32)
    a = np.asarray(cv2.GaussianBlur(a, (0, 0), side / 60), dtype=np.float32)
    a -= cv2.GaussianBlur(a, (0, 0), side / 8)
    a /= np.sqrt(cv2.GaussianBlur(a * a, (0, 0), side / 8)) + 3.0
    a -= a.mean()
    return np.asarray(a.ravel() / (np.linalg.norm(a) + 1e-3), dtype=np.float32)


def squared_distances(p: Prints | Floats, q: Prints | Floats) -> Floats:
    """(len(p), len(q)): the squared distance of every print of `p` to every one of `q`."""
    product = rows_by_rows(p.astype(np.float32), q.astype(np.float32))
    return np.asarray(np.maximum(0.0, 2.0 - 2.0 * product), dtype=np.float32)


def neighbour_distances(p: Prints | Floats) -> Floats:
    """(len(p) - 1,): the squared distance of every print to the next one."""
    found = np.zeros(max(0, len(p) - 1), dtype=np.float32)
    for start in range(0, len(found), BLOCK):  # a long clip's prints all at once are megabytes
        q = p[start : start + BLOCK + 1].astype(np.float32)
        found[start : start + BLOCK] = 2.0 - 2.0 * np.einsum("ij,ij->i", q[1:], q[:-1])
    return np.maximum(found, np.float32(0.0))
