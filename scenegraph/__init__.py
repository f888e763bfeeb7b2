"""scenegraph: a scene file becomes shots, checked takes and one reel."""

__version__ = "0.1.0"
