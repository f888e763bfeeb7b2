"""A small renderer that keeps the queue's promises: right length, rate, and heads of hops.

Also a program: `python stages.py FOLDER PORT [FAULTS]` serves an animatic queue that draws with it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenegraph.animatic import FaultPlan, create_app
from scenegraph.animatic.serve import serve
from scenegraph.media import Clip, encode_frames, open_still, read_rgb
from scenegraph.units import exact_rate

WIDTH, HEIGHT = 96, 64
Picture = NDArray[np.uint8]
#: While this file is there, a served queue answers no job; see `Service.holding`.
HOLD = Path("no such file")


def place(seed: int) -> Picture:
    """Waves of light over one warm colour, of its own for each seed; it repeats at its edges."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = np.zeros((HEIGHT, WIDTH))
    for across, down in ((4, 1), (6, 2), (7, 3)):  # no common part: a pan repeats after 96
        turn = chance.uniform(0, 2 * np.pi)
        light += np.sin(2 * np.pi * (across * x / WIDTH + down * y / HEIGHT) + turn)
    colour = np.array([150.0, 120.0, 100.0])
    return (colour * (1 + 0.12 * light[..., None])).clip(0, 255).astype(np.uint8)


def small_render(
    kind: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    *,
    drift: float = 0.0,
) -> Clip:
    """A slow pan over a still, over the end of a clip, or over a place that words drew."""
    frames = list(read_rgb(inputs["video"])) if "video" in inputs else []
    if frames and kind != "multicondition":  # that one shows a tail again and goes to its still
        picture = frames[-1]
    elif "image" in inputs:
        still = Image.fromarray(open_still(inputs["image"])).convert("RGB")
        # Another seed, another place to start from: no two takes have the same bytes.
        shift = int(params.get("seed") or 0) % WIDTH
        picture = np.roll(np.asarray(still.resize((WIDTH, HEIGHT))), shift, axis=1)
    else:
        picture = place(int(params.get("seed") or 0))
    total = int(params["num_frames"])

    def pictures() -> Iterator[Picture]:
        yield from frames[:total]
        for number in range(total - len(frames)):
            moved = np.roll(picture, number + (1 if frames else 0), axis=1)
            if drift:
                grey = moved.mean(axis=2, keepdims=True)
                fade = min(1.0, drift * 2 * (number + 1) / max(1, total))
                moved = (moved * (1 - fade) + grey * fade).astype(np.uint8)
            if frames and kind == "multicondition" and number < 6:  # no jump from tail to still
                share = (number + 1) / 7
                moved = (moved * share + frames[-1] * (1 - share)).astype(np.uint8)
            yield moved

    rate = exact_rate(params.get("frame_rate") or 24)
    return encode_frames(pictures(), out, rate=rate, preset="ultrafast")


def slow_render(
    kind: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    *,
    drift: float = 0.0,
) -> Clip:
    """As `small_render`, at a pace that can be interrupted, or held for as long as a test wants."""
    time.sleep(0.15)
    while HOLD.exists():
        time.sleep(0.01)
    return small_render(kind, params, inputs, out, drift=drift)


if __name__ == "__main__":
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    HOLD = folder.with_name("hold")
    faults = FaultPlan.load(sys.argv[3]) if len(sys.argv) > 3 else None
    serve(create_app(render=slow_render, folder=folder, faults=faults, workers=2), port)
