"""What a review costs: seconds beside plain decoding and PySceneDetect's detectors, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scenegraph.media.ffmpeg import ffmpeg_exe

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
