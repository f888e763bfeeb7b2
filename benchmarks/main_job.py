"""The main job, and what each of its stages costs beside plain FFmpeg: one table.

    python benchmarks/main_job.py [SCENE] [--times 3]

1. The folder of SCENE (samples/night-train by default) is copied to a temporary place, and
   `scenegraph run` is called there with a fresh store: scene file → reel and dailies, wall time.
   A second call finds everything done and asks for nothing.
2. Every take of that run is drawn again, reviewed again and stitched again, alone, one after the
   other; beside each stage plain FFmpeg decodes or encodes the same clips in the same minutes. The
   fastest of `--times` rounds counts.

Seconds depend on the machine and on who else uses it. The ratios to plain FFmpeg are what counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import ffmpeg
import structlog
from cut import plain_command  # benchmarks/cut.py, beside this file

from scenegraph import cut_again, plan
from scenegraph.animatic.draw import render
from scenegraph.cut import stitch
from scenegraph.ledger import Timeline
from scenegraph.media import Clip, cut_tail, ffmpeg_exe, open_still, run_ffmpeg_sync
from scenegraph.plan import ShotPlan
from scenegraph.review import Footage, look_at, watch
from scenegraph.scene import Scene
from scenegraph.units import exact_rate

SAMPLE = Path(__file__).parent.parent / "samples" / "night-train" / "scene.yaml"
SCENEGRAPH = [sys.executable, "-c", "from scenegraph.cli import main; main()"]


@dataclass(frozen=True)
class Row:
    """One line of the table; `plain` is the time that FFmpeg takes for the same frames."""

    what: str
    frames: int
    seconds: float
    plain: float | None = None
    beside: str = ""

    def __str__(self) -> str:
        ratio = f"{self.seconds / self.plain:.2f}" if self.plain else ""
        rate, plain = self.frames / self.seconds, f"{self.plain:.2f}" if self.plain else ""
        cells = (self.what, self.frames, f"{self.seconds:.2f}", f"{rate:.0f}", plain, ratio)
        return f"| {' | '.join(map(str, cells))} | {self.beside} |"


def best_of(times: int, work: Callable[[], object]) -> float:
    """Wall-clock seconds of the fastest of so many rounds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


# ------------------------------------------------------------------------------ the whole job
def copy_scene(file: Path, to: Path) -> Path:
    """The scene's folder without what earlier runs left in it; returns the copied file."""
    made = shutil.ignore_patterns(".scenegraph", "*.reel.mp4", "*.preview.*", "*.dailies.html")
    return Path(shutil.copytree(file.parent, to / "scene", ignore=made)) / file.name


def run_job(scene: Path, store: Path) -> tuple[float, dict[str, object]]:
    """`scenegraph run` as a person would call it, the start of Python and the dailies included."""
    began = time.perf_counter()
    command = [*SCENEGRAPH, "run", str(scene), "--store", str(store), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"`scenegraph run` ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return took, json.loads(done.stdout)


# ------------------------------------------------------------------------------ plain FFmpeg
def run_plain(made: object) -> None:
    command = list(ffmpeg.compile(made, cmd=ffmpeg_exe(), overwrite_output=True))
    run_ffmpeg_sync(command, timeout_s=600)


def plain_decode(path: Path) -> None:
    """Decode on one thread, keep nothing."""
    run_plain(ffmpeg.input(str(path), threads=1).output("-", format="null"))


def plain_encode(path: Path) -> None:
    """Decode, and encode with the animatic's own settings; one thread each, nothing is written."""
    coding = {"vcodec": "libx264", "preset": "veryfast", "crf": 16, "bf": 0, "g": 48, "threads": 1}
    run_plain(ffmpeg.input(str(path), threads=1).output("-", format="null", **coding))


# ------------------------------------------------------------------------------ the stages
def takes_of(shots: Sequence[ShotPlan]) -> dict[str, Clip]:
    """The circled take of each shot."""
    return {s.shot: s.gives.clip for s in shots if s.gives is not None and s.gives.clip is not None}


def drawing(shots: Sequence[ShotPlan], folder: Path, times: int) -> list[Row]:
    """Every request of the scene drawn again, by kind; drawing and its encoder run side by side."""
    takes = takes_of(shots)
    by_kind: dict[str, list[ShotPlan]] = defaultdict(list)
    for shot in shots:
        by_kind[shot.job.kind].append(shot)
    rows = []
    for kind, same in by_kind.items():
        inputs = {shot.shot: inputs_of(shot, takes, folder) for shot in same}

        def draw(same: list[ShotPlan] = same, kind: str = kind) -> None:
            for shot in same:
                render(kind, shot.job.params, inputs[shot.shot], folder / "drawn.mp4")  # noqa: B023

        def encode(same: list[ShotPlan] = same) -> None:
            for shot in same:
                plain_encode(takes[shot.shot].path)

        frames = sum(takes[shot.shot].frames for shot in same)
        plain = best_of(times, encode)
        rows.append(Row(f"draw {kind}", frames, best_of(times, draw), plain, "decode + encode"))
    return rows


def inputs_of(shot: ShotPlan, takes: dict[str, Clip], folder: Path) -> dict[str, Path]:
    """The files of a request by role; a parent's tail is cut as for the service."""
    found: dict[str, Path] = {}
    for one in shot.job.inputs:
        if one.file is not None:
            found[one.role] = one.file
        elif one.parent is not None and one.tail_frames is not None:
            tail = folder / f"tail-{shot.shot}.mp4"
            rate = exact_rate(shot.job.params.get("frame_rate") or takes[one.parent].rate)
            asyncio.run(cut_tail(takes[one.parent], one.tail_frames, tail, rate))
            found[one.role] = tail
    return found


def reviewing(scene: Scene, shots: Sequence[ShotPlan], times: int) -> list[Row]:
    """Every take watched (decoded once) and held against its keyframe or its parent."""
    takes, graph = takes_of(shots), scene.graph()
    stills = {
        id: open_still(scene.still_of(shot.picture_of))
        for id, shot in graph.shots.items()
        if isinstance(shot.picture_of, str)
    }
    seen: dict[str, Footage] = {}

    def watch_all() -> None:
        for id, clip in takes.items():
            seen[id] = watch(clip.path, clip)

    def look_all() -> None:
        for id in takes:
            parent = graph.shots[id].tail_of
            look_at(seen[id], keyframe=stills.get(id), parent=seen.get(parent or ""))

    def decode() -> None:
        for clip in takes.values():
            plain_decode(clip.path)

    frames = sum(clip.frames for clip in takes.values())
    plain = best_of(times, decode)
    watched, looked = best_of(times, watch_all), best_of(times, look_all)
    return [
        Row("review: watch", frames, watched, plain, "decode, one thread"),
        Row("review: look_at", frames, looked, plain, "decode, one thread"),
        Row("review: both", frames, watched + looked, plain, "decode, one thread"),
    ]


def stitching(timeline: Timeline, folder: Path, times: int) -> list[Row]:
    """The reel from its timeline: all segments encoded and joined; then joined alone."""
    segments, reel = folder / "segments", folder / "reel.mp4"

    def anew() -> None:
        shutil.rmtree(segments, ignore_errors=True)
        asyncio.run(stitch(timeline, segments, reel))

    def again() -> None:
        asyncio.run(stitch(timeline, segments, reel))

    command = plain_command(timeline, folder / "plain.mp4")
    plain = best_of(times, lambda: run_ffmpeg_sync(command, timeout_s=600))
    beside = "concat filter, one encode"
    return [
        Row("stitch: segments + concat", timeline.frames, best_of(times, anew), plain, beside),
        Row("stitch: nothing changed", timeline.frames, best_of(times, again), plain, beside),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scene", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--times", type=int, default=3, help="rounds; the fastest counts")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    print(f"{os.cpu_count()} cores, OpenCV on {cv2.getNumThreads()} threads (1 while reviewing)\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, store = copy_scene(options.scene, folder), folder / "store"
        first, made = run_job(file, store)
        second, kept = run_job(file, store)
        scene = Scene.load(file)
        timeline = cut_again(scene, store=store).timeline
        assert timeline is not None
        rows = [
            Row(f"main job, {made['submits']} asked for", timeline.frames, first),
            Row(f"second run, {kept['submits']} asked for", timeline.frames, second),
        ]
        shots = plan(scene, store=store).shots
        rows += drawing(shots, folder, options.times)
        rows += reviewing(scene, shots, options.times)
        rows += stitching(timeline, folder, options.times)
        print("| what | frames | s | frames/s | plain FFmpeg, s | × plain | plain FFmpeg does |")
        print("|---|---|---|---|---|---|---|")
        for row in rows:
            print(row)
        film = f"{timeline.frames} frames, {timeline.duration_s:.1f} s, {timeline.format.size}"
        print(f"\nreel: {film} at {timeline.format.rate} frames a second")


if __name__ == "__main__":
    main()
