"""DBOS on SQLite: one workflow a chain, one step a shot, as its programming guide has it.

    python dbos_chains.py CHAINS SHOTS FOLDER

Cold: every chain is started with an id of its own; each step's answer is checkpointed. Warm: the
same workflow ids are started again; DBOS answers with what it has kept. Branch: one chain under a
new id, which is how DBOS does something again. Prints JSON seconds.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from importlib.metadata import version

from dbos import DBOS, SetWorkflowID


@DBOS.step()
def shoot(parent: str, shot: int) -> str:
    return f"{parent[-20:]}/{shot}"


@DBOS.workflow()
def chain(number: int, shots: int) -> str:
    take = str(number)
    for shot in range(shots):
        take = shoot(take, shot)
    return take


def run(names: list[tuple[str, int]], shots: int) -> float:
    began = time.perf_counter()
    handles = []
    for id, number in names:
        with SetWorkflowID(id):
            handles.append(DBOS.start_workflow(chain, number, shots))
    for handle in handles:
        handle.get_result()
    return time.perf_counter() - began


if __name__ == "__main__":
    chains, shots, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    config = {
        "name": "chains",
        "system_database_url": f"sqlite:///{folder}/dbos.sqlite",
        "log_level": "ERROR",
        "run_admin_server": False,
        "enable_otlp": False,
    }
    logging.disable(logging.INFO)
    DBOS(config=config)
    DBOS.launch()
    every = [(f"chain-{number}", number) for number in range(chains)]
    found = {
        "cold": run(every, shots),
        "warm": run(every, shots),
        "branch": run([*every[1:], ("chain-0-again", 0)], shots),
        "version": version("dbos"),
    }
    DBOS.destroy()
    print(json.dumps(found))
