"""The pictures of the free preview engine.

Comes in: a request's parameters and its input files. Goes out: a real H.264 clip of the asked
size, rate and length. Never: a network, a clock, a global random number, the ledger.
"""

from __future__ import annotations

from scenegraph.animatic.draw.render import render

__all__ = ["render"]
