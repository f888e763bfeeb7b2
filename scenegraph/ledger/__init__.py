"""What happened: takes, attempts, money, decisions, and the media they left.

In come intents, answers, reviews; out come snapshots (`Memory`) to plan from. Nothing is asked
of a service here, nothing is looked at or judged, and no take is ever overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.ledger.claims import JobClaimed
    from scenegraph.ledger.hold import Hold, SceneHeld
    from scenegraph.ledger.journal import Journal
    from scenegraph.ledger.ledger import Ledger
    from scenegraph.ledger.memory import Memory
    from scenegraph.ledger.moves import is_legal
    from scenegraph.ledger.recall import is_there, memory_of
    from scenegraph.ledger.reviews import BestFrame, Chain, Measure, Overlap, Review, VerdictWord
    from scenegraph.ledger.store import MediaStore, Stored
    from scenegraph.ledger.takes import (
        OPEN,
        Amendment,
        Engine,
        Intent,
        Money,
        QueueUrls,
        State,
        Take,
    )
    from scenegraph.ledger.timeline import Event, JoinKind, ReelFormat, Timeline
else:
    from scenegraph.late import come_late

    come_late(
        __name__,
        {
            "claims": ("JobClaimed",),
            "hold": ("Hold", "SceneHeld"),
            "journal": ("Journal",),
            "ledger": ("Ledger",),
            "memory": ("Memory",),
            "moves": ("is_legal",),
            "recall": ("is_there", "memory_of"),
            "reviews": ("BestFrame", "Chain", "Measure", "Overlap", "Review", "VerdictWord"),
            "store": ("MediaStore", "Stored"),
            "takes": (
                "OPEN",
                "Amendment",
                "Engine",
                "Intent",
                "Money",
                "QueueUrls",
                "State",
                "Take",
            ),
            "timeline": ("Event", "JoinKind", "ReelFormat", "Timeline"),
        },
    )

__all__ = [
    "OPEN",
    "Amendment",
    "BestFrame",
    "Chain",
    "Engine",
    "Event",
    "Hold",
    "Intent",
    "JobClaimed",
    "JoinKind",
    "Journal",
    "Ledger",
    "Measure",
    "MediaStore",
    "Memory",
    "Money",
    "Overlap",
    "QueueUrls",
    "ReelFormat",
    "Review",
    "SceneHeld",
    "State",
    "Stored",
    "Take",
    "Timeline",
    "VerdictWord",
    "is_legal",
    "is_there",
    "memory_of",
]
