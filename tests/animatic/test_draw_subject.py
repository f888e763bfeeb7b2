"""The person in a still is found alike, whoever else is being looked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from scenegraph.animatic.draw.subject import find_subject

STILLS = sorted((Path(__file__).parents[2] / "samples").glob("*/stills/*.jpg"))


def test_shots_that_are_drawn_at_once_find_their_own_faces() -> None:
    """One request must give one picture: children of a take hang on its bytes."""
    pictures = [
        np.ascontiguousarray(np.roll(np.asarray(Image.open(still).convert("RGB")), shift, 1))
        for still in STILLS
        for shift in (0, 5)
    ]
    alone = [find_subject(picture) for picture in pictures]
    assert sum(subject.found for subject in alone) > len(alone) // 2
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(find_subject, pictures * 3))
    assert together == alone * 3
