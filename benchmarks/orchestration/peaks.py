"""Peak memory of a whole run by the length of the reel: real tails, downloads, reviews and cut.

    python peaks.py SHOTS FOLDER

The queue alone is a stand-in: it answers at once with small clips that were encoded before. One
process a length, so that each has a peak of its own; FFmpeg's processes are not in it.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from reels import write_scene
from stand_ins import Queue

from scenegraph import run_async
from scenegraph.fal.wire import Downloaded, Submitted, Uploaded
from scenegraph.media import encode_frames
from scenegraph.scene import Scene
from scenegraph.units import exact_rate

WIDTH, HEIGHT, FRAMES, TAIL = 320, 192, 49, 17
HOPS = 5


class ClipQueue(Queue):
    """Answers each hop of a chain with its stretch of one long pan, under bytes of its own."""

    def __init__(self, stretches: Sequence[Path]) -> None:
        super().__init__()
        self._stretches, self._hop_of = stretches, dict[str, int]()

    async def submit(self, endpoint: str, payload: Mapping[str, Any]) -> Submitted:
        submitted = await super().submit(endpoint, payload)
        counted = re.search(r"counts to (\d+)", payload["prompt"])
        assert counted is not None
        self._hop_of[f"{submitted.urls.response}.mp4"] = int(counted[1]) - 1
        return submitted

    async def upload(self, path: Path, *, sha256: str) -> Uploaded:  # noqa: ARG002
        return Uploaded(f"http://127.0.0.1/files/{sha256}")

    async def download(self, url: str, to: Path) -> Downloaded:
        shutil.copyfile(self._stretches[self._hop_of[url]], to)
        said = url.encode()
        with to.open("ab") as file:  # a box that every reader skips makes it a file of its own
            file.write((8 + len(said)).to_bytes(4) + b"free" + said)
        return Downloaded(to, "", to.stat().st_size)


def main(folder: Path, shots: int) -> dict[str, Any]:
    """Run and cut a reel of so many shots; MB of this process before and at the peak."""
    folder.mkdir(parents=True, exist_ok=True)
    stretches = [stretch(folder, hop * (FRAMES - TAIL)) for hop in range(HOPS)]
    full, rest = divmod(shots, HOPS)
    lengths = [HOPS] * full + [rest] * bool(rest)
    drift = {"on_drift": ["accept"], "rerolls": 0}
    scene = Scene.load(write_scene(folder, lengths, drift=drift, tail_frames=TAIL))
    before = peak_mb()
    queue: Any = ClipQueue(stretches)
    result = asyncio.run(run_async(scene, store=folder / "store", jobs=4, queue=queue))
    assert result.exit_code == 0 and result.reel is not None, result.to_json()
    return {"shots": shots, "before_mb": before, "peak_mb": peak_mb()}


def stretch(folder: Path, start: int) -> Path:
    """The pan's frames from `start` on, as the service would encode them."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture = np.stack([128 + 90 * np.sin((x + k * y) / (9 + k)) for k in range(3)], axis=-1)
    moving = (np.roll(picture, start + n, axis=1).astype(np.uint8) for n in range(FRAMES))
    path = folder / f"answer-{start}.mp4"
    encode_frames(moving, path, rate=exact_rate(24), preset="ultrafast")
    return path


def peak_mb() -> float:
    """The most memory that this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[2]), int(sys.argv[1]))))
