"""The embedded default: a queue with the service's own manners that draws real clips for free.

Requests come in by the service's protocol; clips it drew itself go out. It never fetches a file
from elsewhere, never spends anything, and misbehaves only when a fault plan says so.
"""

from scenegraph.animatic.app import create_app
from scenegraph.animatic.faults import FaultPlan, Faults, Rule
from scenegraph.animatic.jobs import Job
from scenegraph.animatic.queue import Queue
from scenegraph.animatic.serve import ANIMATIC_URL, animatic_transport, serve

__all__ = [
    "ANIMATIC_URL",
    "FaultPlan",
    "Faults",
    "Job",
    "Queue",
    "Rule",
    "animatic_transport",
    "create_app",
    "serve",
]
