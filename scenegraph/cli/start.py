"""Where `scenegraph` begins. From its first line on Ctrl-C is a word and exit code 130."""

from __future__ import annotations

import _thread
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

INTERRUPTED = 130
#: What a program that asked for JSON reads when Ctrl-C comes before its answer.
NO_ANSWER = """\
{
  "error": {
    "kind": "interrupted",
    "message": "Interrupted. All state is kept.",
    "next": "Run the same command again to go on.",
    "where": {
      "file": null,
      "line": null,
      "column": null
    }
  }
}
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run `scenegraph ARGV` and exit with its code.

    While the commands are loaded, and again at the end, Ctrl-C leaves at once: nothing is begun
    that could be kept. In between it is a `KeyboardInterrupt`, which a command may answer.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    document.is_owed = "--json" in args
    # A shell starts what runs in its background with Ctrl-C ignored; so it stays then.
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGTERM, _as_ctrl_c)
        sys.unraisablehook = _type_again
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that it lacks is a `?`, not the end
    sys.stderr = _Unread(sys.stderr)
    from scenegraph.cli.main import run_command

    try:
        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run_command(args)
    except KeyboardInterrupt:
        code = INTERRUPTED
        if document.is_owed:
            os.write(1, NO_ANSWER.encode())
    finally:
        if heard:
            signal.signal(signal.SIGINT, _leave)
    flush_out()
    sys.exit(code)


class _Document:
    """Whether a program still waits for the JSON document that it asked for; it gets one."""

    is_owed = False


document = _Document()


def _leave(_number: int, _frame: object) -> None:
    if document.is_owed:
        os.write(1, NO_ANSWER.encode())
    os.write(2, b"\nInterrupted.\n")
    os._exit(INTERRUPTED)  # an exception would be shown, or swallowed, by what is being imported


def _as_ctrl_c(_number: int, _frame: object) -> None:
    """Whoever stops the process from outside, as `kill` does, loses no more than Ctrl-C would."""
    signal.raise_signal(signal.SIGINT)


def _type_again(lost: sys.UnraisableHookArgs) -> None:
    """A Ctrl-C within a callback that may raise nothing was dropped: it comes once more."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        threading.Timer(0.01, _type).start()  # in here it would be dropped too
    else:
        sys.__unraisablehook__(lost)


def _type() -> None:
    """Ctrl-C for the main thread, also when it sleeps in a call of the system."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        os.kill(os.getpid(), signal.SIGINT)


def flush_out() -> None:
    """Send what was printed. A reader that left, as `head` does, is no error of ours."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        write_nowhere(1)


def write_nowhere(stream: int) -> None:
    """From now on what goes to file descriptor `stream` is thrown away; the command goes on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)


class _Unread:
    """Standard error whose reader may leave (`2>&1 | head`): a run is worth more than its log."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except BrokenPipeError:
            write_nowhere(2)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            write_nowhere(2)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
