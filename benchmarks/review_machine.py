"""What a review costs: seconds beside plain decoding and PySceneDetect's detectors, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import av
from review_cases import Case
from review_goals import Goals

from scenegraph.errors import BrokenMedia
from scenegraph.media import open_still, probe, read_frames
from scenegraph.media.ffmpeg import ffmpeg_exe
from scenegraph.review import (
    find_identity,
    likeness_of,
    look_at,
    measure_identity,
    watch,
    watch_frames,
)
from scenegraph.review.threads import one_thread
from scenegraph.settings import Settings

#: Run by the Python that has PySceneDetect: it brings an OpenCV of its own.
PEER = """
import json, sys, time
import cv2
import scenedetect
cv2.setNumThreads(1)
seconds, frames = {}, 0
for name in ("AdaptiveDetector", "ContentDetector"):
    frames, began = 0, time.process_time()
    for path in json.loads(sys.argv[1]):
        manager = scenedetect.SceneManager()
        manager.add_detector(getattr(scenedetect, name)())
        frames += manager.detect_scenes(scenedetect.open_video(path))
    seconds[name] = time.process_time() - began
print(json.dumps({"version": scenedetect.__version__, "frames": frames, "seconds": seconds}))
"""
#: One review in a process of its own, and the most memory that the process ever had.
ALONE = """
import resource, sys
from scenegraph.review import look
review = look(sys.argv[1], parent=sys.argv[2])
print(review.clip["frames"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
#: Times 24 fps at which one idle core of the machine that the goals are from decodes 720p.
PLAIN_DECODE = 29


def print_speed(folder: Path, drift: list[Case], goals: Goals) -> None:
    """On one core, beside plain decoding of the same clips in the same run."""
    largest = [c for c in drift if c["mode"] == "res720"] or drift[:6]
    os.environ.update(ONE)  # read by the fresh interpreter that is started below
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        rounds = [pool.submit(_clock, folder, largest).result() for _ in range(3)]
    _, frames, sizes = rounds[0]
    # other programs on the machine only ever make it slower
    seconds = {name: min(one[0][name] for one in rounds) for name in rounds[0][0]}

    def times(s: float) -> str:
        return f"{frames / s / 24:.1f}x"

    everything = seconds["watch"] + seconds["look"]
    alone = seconds["analysis"] + seconds["look"]
    goals.add("speed, all in, times 24 fps", frames / everything / 24, 12, ".1f")
    goals.add("speed, without decode, times 24 fps", frames / alone / 24, 30, ".1f")
    print(f"\nSpeed on one core, {frames} frames of {', '.join(sizes)}, times 24 fps:")
    print(f"  plain decode {times(seconds['decode'])}; probe {times(seconds['probe'])}")
    # a loaded machine slows decoding as it does the rest
    pace = PLAIN_DECODE / (frames / seconds["decode"] / 24)
    print(
        f"  where plain decode runs at {PLAIN_DECODE}x: "
        f"all in {frames * pace / everything / 24:.1f}x, "
        f"without decode {frames * pace / alone / 24:.1f}x"
    )
    print(f"  watch (decode included) {times(seconds['watch'])}, look {times(seconds['look'])}")
    print(
        f"  all in {times(everything)}; without decode "
        f"{times(alone)}; "
        f"all in costs {everything / seconds['decode']:.2f} plain decodes"
    )
    print(
        f"  identity besides ({seconds['faces'] / frames * 1000:.2f} ms a frame of the clip): "
        f"all in {times(everything + seconds['faces'])}"
    )


def _clock(folder: Path, cases: list[Case]) -> tuple[dict[str, float], int, list[str]]:
    parents = {case["parent"]: watch(folder / case["parent"]) for case in cases}
    model = find_identity(Settings())
    likenesses = {
        name: likeness_of(model, [open_still(folder / name)], limit=1.0)
        for name in {case["keyframe"] for case in cases}
    }
    seconds: dict[str, float] = defaultdict(float)
    frames = 0
    sizes: set[str] = set()

    @contextmanager
    def clock(name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        seconds[name] += time.process_time() - began

    for case in cases:
        path = folder / case["clip"]
        with clock("decode"):
            frames += sum(1 for _ in _plain_decode(path))
        with clock("probe"):
            probe(path)
        with clock("watch"):
            footage = watch(path)
        full = watch(path, in_full=True)
        with clock("look"):
            look_at(footage, parent=parents[case["parent"]])
        with clock("faces"), one_thread():
            pictures = ((kept.index, kept.rgb()) for kept in full.pictures)
            measure_identity(likenesses[case["keyframe"]], pictures)
        decoded = list(read_frames(path))
        with clock("analysis"):
            watch_frames(decoded)
        if footage.clip is not None:
            sizes.add(str(footage.clip.size))
    return dict(seconds), frames, sorted(sizes)


def _plain_decode(path: Path) -> Iterable[object]:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            yield from container.decode(stream)
    except av.FFmpegError as error:
        raise BrokenMedia(path, str(error)) from error


def print_peers(python: Path | None, clips: Sequence[Path]) -> None:
    """CPU seconds of PySceneDetect's detectors on the same clips, decoding included."""
    if python is None or not python.exists():
        print("  PySceneDetect: not measured, --scenedetect names no Python that has it")
        return
    names = json.dumps([str(clip.absolute()) for clip in clips])
    done = subprocess.run(
        [python, "-c", PEER, names], env=os.environ | ONE, capture_output=True, text=True
    )
    if done.returncode:
        print(f"  PySceneDetect: not measured, {done.stderr.strip().splitlines()[-1]}")
        return
    found = json.loads(done.stdout.splitlines()[-1])
    for name, seconds in found["seconds"].items():
        print(
            f"  PySceneDetect {found['version']} {name}, decode included "
            f"{found['frames'] / seconds / 24:.1f}x"
        )


def print_memory(clip: Path, parent: Path) -> dict[int, int]:
    """MB at the most while a clip of 10 s and of 120 s is reviewed, by seconds."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for seconds in (10, 120):
            long = Path(place) / f"{seconds}.mp4"
            subprocess.run(
                [
                    ffmpeg_exe(),
                    *("-v", "error", "-stream_loop", "-1", "-i", str(clip)),
                    *("-t", str(seconds), "-c", "copy", str(long)),
                ],
                check=True,
            )
            done = subprocess.run(
                [sys.executable, "-c", ALONE, str(long), str(parent)],
                env=os.environ | ONE,
                capture_output=True,
                text=True,
                check=True,
            )
            frames, megabytes = (int(word) for word in done.stdout.split())
            found[seconds] = megabytes
            print(f"  at most {megabytes} MB for a clip of {seconds} s ({frames} frames)")
    return found
