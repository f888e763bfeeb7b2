"""Products and main directions on one thread agree with numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from scenegraph.review.linear import rows_by_rows, strongest


@pytest.mark.parametrize("n", [1, 5, 40, 300])
def test_the_strongest_directions_are_those_of_lapack(n: int) -> None:
    """Overlaps are found in them: a direction that is missed moves a cut."""
    rows = np.cumsum(np.random.default_rng(n).normal(size=(n, 64)), 0)
    gram = rows @ rows.T
    power, mix = strongest(gram, 8)
    expected = np.linalg.eigvalsh(gram)[::-1][: len(power)]
    assert np.allclose(power, expected, rtol=1e-4)
    assert np.allclose(mix.T @ mix, np.eye(len(power)), atol=1e-6)


def test_a_picture_that_never_changes_has_no_directions_and_no_error() -> None:
    """A frozen answer has a matrix of zeros."""
    power, mix = strongest(np.zeros((6, 6)), 4)
    assert not power.any()
    assert np.isfinite(mix).all()


def test_rows_by_rows_of_nothing_is_empty() -> None:
    """OpenCV refuses empty matrices; a clip without frames must not end in its error."""
    assert rows_by_rows(np.zeros((0, 3), np.float32), np.ones((2, 3), np.float32)).shape == (0, 2)
