"""Places drawn from words: a set of layers, weather, and a camera that moves through it."""

from __future__ import annotations

from scenegraph.animatic.draw.places.film import film

__all__ = ["film"]
