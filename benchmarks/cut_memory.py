"""The most memory that choosing and joining take, from short reels to long ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

#: A reel of so many clips in a process of its own.
ALONE = """
import asyncio, json, resource, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from scenegraph.cut import Kept, check_segments, make_timeline, pieces_of, stitch
from scenegraph.ledger.reviews import Review
from scenegraph.ledger.timeline import ReelFormat
from scenegraph.media import probe
from scenegraph.units import Size
folder, count = Path(sys.argv[1]), int(sys.argv[2])
sources = [probe(path) for path in sorted(folder.glob("small-*.mp4"))]
rng = np.random.default_rng(1)

class Takes:
    "As the ledger gives them: each read when its turn comes."
    def __iter__(self):
        for k in range(count):
            clip = sources[k % len(sources)]
            walk = np.cumsum(rng.standard_normal((clip.frames, 1024)), axis=0, dtype=np.float32)
            walk /= np.linalg.norm(walk, axis=1, keepdims=True)
            calm = rng.random(clip.frames).astype(np.float32) + 0.5
            prints = walk.astype(np.float16)
            review = Review(verdict="good", series={"calmness": calm}, prints=prints)
            yield Kept(shot=f"s{k}", take=f"s{k}/t1", clip=clip, review=review, kind="t2v")

async def main():
    timeline = make_timeline(Takes(), ReelFormat(size=Size(320, 180), rate=Fraction(24)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = []
    await stitch(timeline, folder / "segments", folder / "reel.mp4", on_segments=found.extend)
    await check_segments(timeline, [(p.shot, s) for p, s in zip(pieces_of(timeline), found)])
    return timeline.duration_s, before

seconds, before = asyncio.run(main())
print(json.dumps({
    "s": seconds,
    "chosen": before,
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    "ffmpeg": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
}))
"""


def print_memory(folder: Path, minutes: tuple[int, ...]) -> None:
    """`folder` holds clips of five seconds called `small-N.mp4`."""
    print("\n| reel, min | MB after choosing | MB at the peak | MB of the largest FFmpeg |")
    print("|---|---|---|---|")
    for length in minutes:
        done = subprocess.run(
            [sys.executable, "-c", ALONE, str(folder), str(length * 60 // 4)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(f"| {length} | {done.stderr.strip().splitlines()[-1]} | | |")
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        print(f"| {row['s'] / 60:.1f} | {row['chosen']} | {row['mb']} | {row['ffmpeg']} |")
