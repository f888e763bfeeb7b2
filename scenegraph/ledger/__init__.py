"""What happened: takes, attempts, money, decisions, and the media they left.

In come intents, answers, reviews; out come snapshots (`Memory`) to plan from. Nothing is asked
of a service here, nothing is looked at or judged, and no take is ever overwritten.
"""

from scenegraph.ledger.hold import Hold
from scenegraph.ledger.journal import Journal
from scenegraph.ledger.ledger import Ledger, memory_of
from scenegraph.ledger.memory import Memory
from scenegraph.ledger.moves import is_legal
from scenegraph.ledger.reviews import Chain, Measure, Overlap, Review, VerdictWord
from scenegraph.ledger.store import MediaStore, Stored
from scenegraph.ledger.takes import (
    Amendment,
    Engine,
    Intent,
    Money,
    QueueUrls,
    State,
    Take,
)
from scenegraph.ledger.timeline import Event, JoinKind, ReelFormat, Timeline

__all__ = [
    "Amendment",
    "Chain",
    "Engine",
    "Event",
    "Hold",
    "Intent",
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
    "State",
    "Stored",
    "Take",
    "Timeline",
    "VerdictWord",
    "is_legal",
    "memory_of",
]
