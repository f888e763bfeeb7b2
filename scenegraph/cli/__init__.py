"""The terminal: arguments come in; one function of a lower room is called; its value is shown.

No logic lives here. With --json exactly one JSON document goes to stdout; logs and progress go to
stderr.
"""

from scenegraph.cli.main import main

__all__ = ["main"]
