"""Loading and planning one scene file, before anything was shot.

python planning.py CHAINS SHOTS FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from reels import write_scene

from scenegraph import plan
from scenegraph.scene import Scene


def main(folder: Path, chains: int, shots: int) -> dict[str, float]:
    """Seconds; the fastest of five."""
    plan(write_scene(folder / "first", [2]))  # what is loaded once in a process is loaded
    file, rounds = write_scene(folder, [shots] * chains), []
    for _ in range(5):
        began = time.perf_counter()
        scene = Scene.load(file)
        loaded = time.perf_counter()
        assert plan(scene).to_shoot == chains * shots
        rounds.append((loaded - began, time.perf_counter() - loaded))
    load, planned = min(rounds, key=sum)
    return {"load": load, "plan": planned, "load and plan": load + planned}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[3]), int(sys.argv[1]), int(sys.argv[2]))))
