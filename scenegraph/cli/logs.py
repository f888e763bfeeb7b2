"""Events go to stderr, so that stdout holds one answer."""

from __future__ import annotations

import logging
import sys


def set_up_logs(verbose: bool) -> None:
    """Console lines for people, or one JSON object a line (`SCENEGRAPH_LOG=json`).

    People see warnings alone unless they ask for more: the progress shows the rest. Programs that
    ask for JSON get every event.
    """
    import structlog

    from scenegraph.settings import Settings

    as_json = Settings().log == "json"
    level = logging.INFO if verbose or as_json else logging.ERROR
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
