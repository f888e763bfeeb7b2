"""Who decides at this machine."""

from __future__ import annotations

import getpass
from typing import Any


def person() -> dict[str, Any]:
    """The user's name as the system tells it, as {"by": name}; empty when it tells none."""
    try:
        return {"by": getpass.getuser()}
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return {}
