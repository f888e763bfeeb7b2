"""What is behind them: a place of the preview engine, out of focus, its lights as discs."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.animatic.draw.ask import Ask
from scenegraph.animatic.draw.places import film
from scenegraph.units import Size

SIZE = Size(1280, 720)


def behind(
    prompt: str,
    seed: int,
    *,
    focus: float,
    lights: Sequence[tuple[float, float, float]] = (),
    dim: float = 1.0,
) -> NDArray[np.uint8]:
    """One frame of a place through a long lens.

    Args:
        focus: how large a point of light becomes, pixels.
        lights: colours (RGB 0..1) of lamps far off, drawn as discs of that size.
    """
    ask = Ask.of({"prompt": prompt, "seed": seed, "num_frames": 9, "aspect_ratio": "16:9"})
    frame = next(film(ask, SIZE, drift=0.0))
    linear = (frame.astype(np.float32) / 255) ** 2.2
    size = int(focus) * 2 + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.float32)
    soft = cv2.filter2D(linear, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    soft = cv2.GaussianBlur(soft, (0, 0), focus * 0.22)
    rng = np.random.default_rng([seed, 7])
    for _ in range(26 if lights else 0):
        x, y = (
            float(rng.uniform(0, SIZE.width)),
            float(np.clip(rng.normal(0.36, 0.16), 0.05, 0.75)) * SIZE.height,
        )
        r, tint = focus * float(rng.uniform(0.55, 1.35)), lights[int(rng.integers(len(lights)))]
        disc = np.zeros(soft.shape[:2], np.float32)
        cv2.circle(disc, (round(x * 16), round(y * 16)), round(r * 16), 1.0, -1, cv2.LINE_8, 4)
        disc = cv2.GaussianBlur(disc, (0, 0), 1.6)
        ring = np.clip(disc - cv2.GaussianBlur(disc, (0, 0), r * 0.22), 0, 1)
        power = float(rng.uniform(0.05, 0.22))
        soft += (disc * power + ring * power * 0.8)[..., None] * np.asarray(tint, np.float32) ** 2.2
    shown = np.clip(soft * dim, 0, 1) ** (1 / 2.2)
    return np.rint(shown * 255).astype(np.uint8)
