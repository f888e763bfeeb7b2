"""Events of a library that nobody has asked for events."""

from __future__ import annotations

import logging
import sys

import structlog


def quiet_by_default() -> None:
    """Warnings alone, on stderr, unless the program has set up structlog its own way.

    Unconfigured, structlog prints every event to stdout, where a program's own answer belongs.
    """
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
            cache_logger_on_first_use=False,
        )
