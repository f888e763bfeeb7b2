"""Runs a scene in a process of its own, to be killed: `player.py SCENE [write N | after S]`.

`write N` ends it by SIGKILL before its N-th write to the ledger, `write -N` right after it;
`after S` S seconds after the run began.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

from scenegraph.ledger import Journal
from scenegraph.run import run

written = [0]
_write = Journal.write


def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _counted(self: Journal, method: Any, /, *args: Any, **more: Any) -> Any:
    written[0] += 1
    number = written[0]
    if number == at:
        end()
    result = await _write(self, method, *args, **more)
    if number == -at:
        end()
    return result


if __name__ == "__main__":
    how, amount = (sys.argv[2], float(sys.argv[3])) if len(sys.argv) > 3 else ("", 0.0)
    at = int(amount) if how == "write" else 0
    if how == "write":
        Journal.write = _counted  # type: ignore[method-assign]
    elif how == "after":
        timer = threading.Timer(amount, end)
        timer.daemon = True
        timer.start()
    sys.exit(run(sys.argv[1], backend="fal", jobs=3).exit_code)
