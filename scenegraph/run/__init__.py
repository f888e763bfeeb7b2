"""Doing: a scene and a backend come in; shots are filmed, looked at, and cut into a reel.

What to do is asked of `plan`; what was done is told to the ledger. Money is spent in one call of
one file (`camera.py`), and nothing here knows the service's words or FFmpeg's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.run.api import run, run_async
    from scenegraph.run.cutting import cut_again
    from scenegraph.run.events import (
        Event,
        Listener,
        MoneyEvent,
        NoticeEvent,
        ReelEvent,
        ShotEvent,
        silent,
    )
    from scenegraph.run.project import graph_now, open_scene, plan, remember, store_of
    from scenegraph.run.reel import Reel, make_reel, reel_path
    from scenegraph.run.result import RunResult, ShotOutcome
else:
    from scenegraph.late import come_late

    come_late(
        __name__,
        {
            "api": ("run", "run_async"),
            "cutting": ("cut_again",),
            "events": (
                "Event",
                "Listener",
                "MoneyEvent",
                "NoticeEvent",
                "ReelEvent",
                "ShotEvent",
                "silent",
            ),
            "project": ("graph_now", "open_scene", "plan", "remember", "store_of"),
            "reel": ("Reel", "make_reel", "reel_path"),
            "result": ("RunResult", "ShotOutcome"),
        },
    )

__all__ = [
    "Event",
    "Listener",
    "MoneyEvent",
    "NoticeEvent",
    "Reel",
    "ReelEvent",
    "RunResult",
    "ShotEvent",
    "ShotOutcome",
    "cut_again",
    "graph_now",
    "make_reel",
    "open_scene",
    "plan",
    "reel_path",
    "remember",
    "run",
    "run_async",
    "silent",
    "store_of",
]
