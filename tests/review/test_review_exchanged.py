"""Colours that came where others went, seen without matching a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from scenegraph.review.exchanged import exchanged
from scenegraph.review.views import Floats

YELLOW, BLUE, RED = (-60.0, 10.0), (60.0, -10.0), (-20.0, 70.0)


def chroma(*patches: tuple[int, tuple[float, float]]) -> Floats:
    """A muted street with patches of (x, colour) in it, 24 × 30 of 120 × 68 pixels."""
    street = np.random.default_rng(5).normal(0, 2, (68, 120, 2)).astype(np.float32)
    for x, colour in patches:
        street[20:50, max(0, x) : max(0, x + 24)] = colour
    return street


def test_a_coat_that_became_another_colour_is_told_by_how_far_it_went() -> None:
    """What changes most loses its texture with its luma, and no pixel of it is matched."""
    there = chroma((40, YELLOW))
    far = exchanged(chroma((44, BLUE)), there, (0, 0))
    half = exchanged(chroma((44, (0.0, 0.0))), there, (0, 0))
    assert far > 50 > half
    assert exchanged(chroma((44, YELLOW)), there, (0, 0)) < 6


@pytest.mark.parametrize("way", ["in", "out", "along", "pan"])
def test_who_comes_goes_or_moves_exchanges_no_colour(way: str) -> None:
    """A person in a yellow coat walks; nobody has changed clothes."""
    here, there, moved = {
        "in": (chroma((40, YELLOW)), chroma(), (0, 0)),
        "out": (chroma(), chroma((40, YELLOW)), (0, 0)),
        "along": (chroma((60, YELLOW)), chroma((40, YELLOW)), (0, 0)),
        "pan": (chroma((60, YELLOW), (10, RED)), chroma((90, YELLOW), (40, RED)), (30, 0)),
    }[way]
    assert exchanged(here, there, moved) < 6
