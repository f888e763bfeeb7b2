"""What orchestration itself costs: scenegraph beside durable and volatile engines, as tables.

    python benchmarks/orchestration [--shots 1000] [--peers PYTHON] [--times 3]

1. Chains of ten shots that cost no time, every state in a durable ledger: cold, warm (nothing to
   do), and one branch shot again. `--peers` is a Python that has `dbos`, `redun` and `distributed`;
   the same chains of trivial tasks are then run by them too, in the same minutes.
2. Loading and planning a scene file of so many shots.
3. The makespan on drawn latencies beside the best possible one, for 2, 8 and 40 jobs in flight, and
   beside what the best schedule can expect that does not know a latency before the job has ended.
4. The peak memory of a run with its cut, by the length of the reel.

Every measurement has a process of its own with all modules loaded and a fresh folder; the fastest
of `--times` counts. Seconds depend on the machine and on who else uses it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog

HERE = Path(__file__).parent
PEERS = {"dbos": "DBOS on SQLite", "redun": "redun on SQLite", "distributed": "dask.distributed"}
PROGRAMS = {"dbos": "dbos_chains.py", "redun": "redun_chains.py", "distributed": "dask_chains.py"}
ACTS = ("cold", "warm", "branch")
#: Shots of one chain.
CHAIN = 10


def program(python: str, file: Path, *arguments: object) -> dict[str, Any]:
    """Run one measuring program in a fresh folder; what it printed last."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python, str(file), *map(str, arguments), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{file.name} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def fastest(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The least of each figure."""
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def engines(shots: int, times: int, peers: str | None) -> Iterator[list[object]]:
    """Rows of the first table."""
    chains = max(1, shots // CHAIN)
    ours = fastest([program(sys.executable, HERE / "ours.py", chains, CHAIN) for _ in range(times)])
    yield ["scenegraph", "yes", *(f"{ours[act]:.3f}" for act in ACTS), "×1"]
    yield ["scenegraph, CPU alone", "", *(f"{ours[f'{act} cpu']:.3f}" for act in ACTS), ""]
    yield ["a branch's commits alone, by sqlite3", "yes", "", "", f"{ours['disk']:.3f}", ""]
    for module, title in PEERS.items():
        reason = "give --peers PYTHON" if peers is None else why_not(peers, module)
        durable = "no" if module == "distributed" else "yes"
        if reason:
            yield [f"{title}: left out, {reason}", durable, "", "", "", ""]
            continue
        assert peers is not None
        file = HERE / "peers" / PROGRAMS[module]
        found = fastest([program(peers, file, chains, CHAIN) for _ in range(times)])
        ratio = f"×{found['cold'] / ours['cold']:.1f}"
        yield [
            f"{title} {found['version']}",
            durable,
            *(f"{found[act]:.3f}" for act in ACTS),
            ratio,
        ]


def why_not(python: str, module: str) -> str:
    """Why a peer cannot be run; nothing when it can."""
    try:
        done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True)
    except OSError as error:
        return f"{python} cannot be started ({error.strerror})"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines() or ["it says nothing"]
    return f"{python} cannot import it ({said[-1]})"


def planning(shots: int, times: int) -> Iterator[list[object]]:
    """Rows of the second table."""
    chains = max(1, shots // CHAIN)
    found = fastest(
        [program(sys.executable, HERE / "planning.py", chains, CHAIN) for _ in range(times)]
    )
    for what, seconds in found.items():
        yield [what, f"{seconds:.3f}"]


def schedules(shots: int) -> Iterator[list[object]]:
    """Rows of the third table."""
    from makespan import SPREADS, Latencies, main

    drawn = [Latencies(spread, by_length) for by_length in (False, True) for spread in SPREADS]
    with tempfile.TemporaryDirectory() as folder:
        for latencies in drawn:
            for one in main(Path(folder) / latencies.title, shots, latencies):
                seconds = (one.work, one.critical, one.bound, one.took)
                blind = "" if latencies.by_length else f"{one.blind / one.bound:.3f}"
                ratio = f"{one.took / one.bound:.3f}"
                whole = (f"{value:.0f}" for value in seconds)
                yield [latencies.title, one.slots, *whole, ratio, blind]


def peaks(lengths: Sequence[int]) -> Iterator[list[object]]:
    """Rows of the fourth table."""
    for length in lengths:
        found = program(sys.executable, HERE / "peaks.py", length)
        yield [length, found["before_mb"], found["peak_mb"]]


def table(columns: str, rows: Iterator[list[object]]) -> None:
    """Print a table, each row as soon as it is measured."""
    names = columns.split(", ")
    print(f"| {' | '.join(names)} |")
    print("|---" * len(names) + "|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shots", type=int, default=1000, help="of every reel but the last ones")
    parser.add_argument("--times", type=int, default=3, help="rounds; the fastest counts")
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has the peers")
    parser.add_argument(
        "--lengths", type=int, nargs="*", default=[10, 60, 200], help="shots of the last table"
    )
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    shots, load = options.shots, os.getloadavg()
    print(f"{os.cpu_count()} cores, load {load[0]:.1f} {load[1]:.1f} {load[2]:.1f}\n")
    print(f"{shots} shots in chains of {CHAIN}, jobs that cost no time:\n")
    table("engine, durable, cold s, warm s, branch s, cold", engines(shots, *_rest(options)))
    table(f"scene file of {shots} shots, s", planning(shots, options.times))
    columns = "work s, longest chain s, bound s, makespan s, ÷ bound, blind ÷ bound"
    table(f"spread, in flight, {columns}", schedules(shots))
    table("shots of the reel, MB before, MB at the peak", peaks(options.lengths))


def _rest(options: argparse.Namespace) -> tuple[int, str | None]:
    return options.times, options.peers


if __name__ == "__main__":
    main()
