"""A program that only wants a reel gets no events on its stdout."""

from __future__ import annotations

import subprocess
import sys

TALK = """
import structlog
from scenegraph.run.logs import quiet_by_default
{before}
quiet_by_default()
log = structlog.get_logger()
log.info("take.fetched")
log.warning("take.drifted")
"""


def said(before: str) -> subprocess.CompletedProcess[str]:
    code = TALK.format(before=before)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_unconfigured_only_warnings_are_heard_and_on_stderr() -> None:
    heard = said("")
    assert heard.stdout == ""
    assert "take.drifted" in heard.stderr
    assert "take.fetched" not in heard.stderr


def test_a_program_that_set_up_its_own_events_keeps_them() -> None:
    heard = said("structlog.configure()")
    assert "take.fetched" in heard.stdout
