"""dask.distributed: one future a shot, four workers in this process. Nothing outlives the process.

    python dask_chains.py CHAINS SHOTS FOLDER

Cold: every shot is submitted and the last ones gathered. Warm: the same submits while the futures
are still held; dask knows them by their keys. Branch: one chain is given another argument.
Prints JSON seconds.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

from distributed import Client, Future


def shoot(parent: str, shot: int) -> str:
    return f"{parent[-20:]}/{shot}"


def run(client: Client, starts: list[str], shots: int, held: list[Future]) -> float:
    began = time.perf_counter()
    takes: list = list(starts)
    for shot in range(shots):
        takes = [client.submit(shoot, take, shot) for take in takes]
        held += takes
    client.gather(takes)
    return time.perf_counter() - began


if __name__ == "__main__":
    chains, shots, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    held: list[Future] = []
    with Client(
        n_workers=4,
        threads_per_worker=1,
        processes=False,
        dashboard_address=None,
        local_directory=folder,
    ) as client:
        starts = [str(number) for number in range(chains)]
        found = {
            "cold": run(client, starts, shots, held),
            "warm": run(client, starts, shots, held),
            "branch": run(client, ["again", *starts[1:]], shots, held),
            "version": version("distributed"),
        }
    print(json.dumps(found))
