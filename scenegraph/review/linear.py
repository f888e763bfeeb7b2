"""Products of matrices that keep to one thread.

`@` and OpenCV's product go to BLAS, which wakes a thread for each core at sizes as small as these.
Beside other reviews the threads wait for each other, and burn time while they wait: placing one
answer then took a second of CPU, not 20 ms. numpy's einsum multiplies by itself.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)
Doubles = NDArray[np.float64]

#: Rounds of the iteration; the directions of a clip's changes fall off quickly in strength.
ROUNDS, MORE = 3, 8


def rows_by_rows(a: NDArray[Real], b: NDArray[Real]) -> NDArray[Real]:
    """(len(a), len(b)): `a @ b.T`, every row of `a` times every row of `b`."""
    found = np.einsum("ik,jk->ij", np.ascontiguousarray(a), np.ascontiguousarray(b))
    return np.asarray(found, dtype=a.dtype)


def strongest(gram: Doubles, count: int) -> tuple[Doubles, Doubles]:
    """The largest eigenvalues of a symmetric matrix (n, n), and their vectors as columns.

    Returns:
        (k,) and (n, k), strongest first; k is `count`, or n when that is less.

    Source:
        Subspace iteration with Rayleigh-Ritz (Golub & Van Loan, Matrix Computations, 8.2.4) on
        a few more columns than are asked for, from evenly spaced columns of the matrix.
    """
    n = len(gram)
    few = np.linspace(0, n - 1, min(n, count + MORE)).round().astype(int)
    basis = _upright(np.ascontiguousarray(gram[few]))
    for _ in range(ROUNDS):
        basis = _upright(rows_by_rows(basis, gram))
    power, turn = _eigen(rows_by_rows(rows_by_rows(basis, gram), basis))
    vectors = rows_by_rows(turn, basis.T)
    return power[:count], vectors[:count].T


def _upright(rows: Doubles) -> Doubles:
    """The same space spanned by rows of unit length at right angles; what adds nothing is zero."""
    power, turn = _eigen(rows_by_rows(rows, rows))
    worth = np.where(power > 1e-12 * max(float(power[0]), 1e-30), power, np.inf)
    return rows_by_rows(turn / np.sqrt(worth)[:, None], rows.T)


def _eigen(small: Doubles) -> tuple[Doubles, Doubles]:
    """Values, largest first, and vectors as rows. LAPACK's would start threads here, too."""
    _, power, turn = cv2.eigen(small)
    return np.asarray(power, dtype=np.float64).ravel(), np.asarray(turn, dtype=np.float64)
