"""A print: the name of one frame's picture, by which it is found again in another file."""

from __future__ import annotations

from functools import lru_cache

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
    fine, wide = _kernels(side)
    small = shrink(luma, side, side).astype(np.float32)
    a = np.asarray(cv2.sepFilter2D(small, -1, fine, fine), dtype=np.float32)
    a -= cv2.sepFilter2D(a, -1, wide, wide)
    deviation = np.asarray(cv2.sqrt(cv2.sepFilter2D(a * a, -1, wide, wide)), dtype=np.float32)
    deviation += 3.0
    a /= deviation
    a -= cv2.mean(a)[0]
    a *= 1.0 / (cv2.norm(a) + 1e-3)
    return a.ravel()


@lru_cache(maxsize=4)
def _kernels(side: int) -> tuple[Floats, Floats]:
    """Gaussians as OpenCV would make them for each picture anew: 4 sigmas to either side."""
    made = (
        cv2.getGaussianKernel(2 * round(4 * sigma) + 1, sigma, cv2.CV_32F)
        for sigma in (side / 60, side / 8)
    )
    fine, wide = (np.asarray(kernel, dtype=np.float32) for kernel in made)
    return fine, wide


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
