"""Clips that were never drawn: a calmness and prints that wander, by a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scenegraph.cut import ReelClip


@pytest.fixture
def random_clip() -> Callable[..., ReelClip]:
    """Makes `random_clip(seed, frames=97, …)`: a clip that is nobody's, the same every time."""

    def make(seed: int, frames: int = 97, **more: object) -> ReelClip:
        rng = np.random.default_rng(seed)
        calm = np.convolve(rng.random(frames + 4), np.ones(5) / 5, "valid") * 2
        walk = rng.standard_normal(16) + 0.3 * np.cumsum(rng.standard_normal((frames, 16)), axis=0)
        prints = walk / np.linalg.norm(walk, axis=1, keepdims=True)
        return ReelClip(
            name=f"clip-{seed}",
            calmness=calm.astype(np.float32),
            prints=prints.astype(np.float16),
            **more,  # type: ignore[arg-type]
        )

    return make
