"""The terminal: arguments come in; one function of a lower room is called; its value is shown.

No logic lives here. With --json exactly one JSON document goes to stdout; logs and progress go to
stderr. A command imports the rooms it needs in its own function: `--help` waits for none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.cli.start import main
else:
    from scenegraph.late import come_late

    come_late(__name__, {"start": ("main",)})

__all__ = ["main"]
