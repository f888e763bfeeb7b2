"""redun on its SQLite backend: one task a shot, called by value, on its default thread executor.

    python redun_chains.py CHAINS SHOTS FOLDER

Cold: an empty database. Warm: the same call again; redun finds every call by its hash. Branch: one
chain is given another argument. Prints JSON seconds.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from importlib.metadata import version

from redun import Scheduler, task
from redun.config import Config

redun_namespace = "chains"


@task()
def shoot(parent: str, shot: int) -> str:
    return f"{parent[-20:]}/{shot}"


@task()
def reel(starts: list[str], shots: int) -> list:
    takes = list(starts)
    for shot in range(shots):
        takes = [shoot(take, shot) for take in takes]
    return takes


def run(scheduler: Scheduler, starts: list[str], shots: int) -> float:
    began = time.perf_counter()
    scheduler.run(reel(starts, shots))
    return time.perf_counter() - began


if __name__ == "__main__":
    chains, shots, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    logging.disable(logging.WARNING)
    sections = {
        "backend": {"db_uri": f"sqlite:///{folder}/redun.db"},
        "executors.default": {"type": "local", "max_workers": "40"},
    }
    scheduler = Scheduler(config=Config(sections))
    scheduler.load()
    starts = [str(number) for number in range(chains)]
    found = {
        "cold": run(scheduler, starts, shots),
        "warm": run(scheduler, starts, shots),
        "branch": run(scheduler, ["again", *starts[1:]], shots),
        "version": version("redun"),
    }
    print(json.dumps(found))
