"""scenegraph itself: cold, warm and one branch, with every state of every take in a ledger.

    python ours.py CHAINS SHOTS FOLDER

Each act is a whole `run_async`, from a scene that was just loaded (its loading is measured by
`planning.py`): the ledger opened, held and swept, planned, every shot carried out, the outcome
written down. Prints JSON seconds.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import structlog
from reels import name, write_scene
from stand_ins import Queue, no_media

from scenegraph import Selection, run_async
from scenegraph.scene import Scene

#: Commits of one take that come one after the other: its six states, the last two in one.
COMMITS = 5


def main(folder: Path, chains: int, shots: int) -> dict[str, float]:
    """Seconds of each act, in one process that has everything imported."""
    first = write_scene(folder / "first", [2])
    shoot(first, Queue(), folder / "first" / "store", jobs=1)  # what is loaded once is loaded
    file, store, queue = write_scene(folder, [shots] * chains), folder / "store", Queue()
    cold = shoot(file, queue, store, jobs=chains)
    assert queue.submits == chains * shots
    every_state_is_there(store, chains * shots)
    warm = min([shoot(file, queue, store, jobs=chains) for _ in range(3)])
    assert queue.submits == chains * shots
    again = Selection.of(force_down=name(chains // 2, 0))
    branch = shoot(file, queue, store, jobs=chains, selection=again)
    assert queue.submits == (chains + 1) * shots
    acts = {"cold": cold, "warm": warm, "branch": branch}
    return {
        **{act: wall for act, (wall, _) in acts.items()},
        **{f"{act} cpu": cpu for act, (_, cpu) in acts.items()},
        "disk": commits_in_turn(folder / "disk.db", COMMITS * shots),
    }


def shoot(file: Path, queue: Any, store: Path, **options: Any) -> tuple[float, float]:
    """Seconds of one run, and the CPU seconds of this process in it."""
    scene = Scene.load(file)
    began, worked = time.perf_counter(), time.process_time()
    with no_media():
        result = asyncio.run(run_async(scene, store=store, cut=False, queue=queue, **options))
    took = time.perf_counter() - began, time.process_time() - worked
    assert result.exit_code == 0, result.to_json()
    return took


def commits_in_turn(file: Path, times: int) -> float:
    """Seconds of as many commits of a row as a branch makes one after the other, and nothing else.

    A take's states of a chain wait for each other, so this is what the disk alone asks of it.
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE steps (text)")
        began = time.perf_counter()
        for _ in range(times):
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO steps VALUES (?)", ("x" * 2000,))
            database.execute("COMMIT")
        return time.perf_counter() - began


def every_state_is_there(store: Path, takes: int) -> None:
    """The ledger tells the whole walk of every take."""
    with sqlite3.connect(store / "ledger.db") as ledger:
        counted = dict(ledger.execute("SELECT name, count(*) FROM events GROUP BY name").fetchall())
    steps = ("intended", "submitted", "answered", "fetched", "reviewed", "circled")
    assert all(counted[f"take.{step}"] == takes for step in steps), counted


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    print(json.dumps(main(Path(sys.argv[3]), int(sys.argv[1]), int(sys.argv[2]))))
