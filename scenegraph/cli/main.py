"""The one place that turns an outcome into an exit code."""

from __future__ import annotations

import sys
from typing import Any

from scenegraph.cli.app import app
from scenegraph.cli.show import print_text, show_error
from scenegraph.cli.start import INTERRUPTED, NO_ANSWER, document, write_nowhere
from scenegraph.errors import Place, SceneError, SceneGraphError


def run_command(args: list[str]) -> int:
    """The exit code of one command line.

    A `SceneGraphError` becomes a sentence and its exit code; anything else is a bug and keeps its
    traceback.
    """
    as_json = document.is_owed = "--json" in args
    try:
        returned = app(args, prog_name="scenegraph", standalone_mode=False)
    except SceneGraphError as error:
        show_error(error, as_json)
        return error.exit_code
    except (KeyboardInterrupt, EOFError):
        return _interrupted()
    except BrokenPipeError:
        write_nowhere(1)
        return 0
    except Exception as error:
        if _hides_an_interrupt(error):
            return _interrupted()
        # pydantic is not loaded for its error's name: `--help` does without it.
        if type(error).__name__ == "ValidationError" and getattr(error, "title", "") == "Settings":
            show_error(_bad_setting(error), as_json)
            return SceneError.exit_code
        # typer keeps its own copy of click, or uses the installed one: told by what they offer.
        if type(error).__name__ == "Abort":
            return _interrupted("Nothing was asked for.")
        if not (hasattr(error, "format_message") and hasattr(error, "exit_code")):
            raise
        message = error.format_message().rstrip().replace("Value error, ", "")  # pydantic's words
        if not message and not as_json:
            return int(error.exit_code)  # called without a command: the help was shown
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "scenegraph"
        message = message or "No command was named."
        message += "" if message.endswith((".", "?", "!")) else "."
        show_error(SceneError(message, next=f"`{path} --help` shows how it is called."), as_json)
        return int(error.exit_code)
    if returned == INTERRUPTED:  # typer's own way of saying that Ctrl-C was typed
        return _interrupted()
    return returned if isinstance(returned, int) else 0


def _interrupted(
    said: str = "Interrupted. All state is kept: run the same command again to go on.",
) -> int:
    if document.is_owed:
        print_text(NO_ANSWER)
    sys.stderr.write(f"\n{said}\n")
    return INTERRUPTED


def _hides_an_interrupt(error: BaseException | None) -> bool:
    """True for a Ctrl-C that became an error of the package that was being loaded.

    pydantic says it in words alone: "SchemaError: Error building … KeyboardInterrupt".
    """
    while error is not None:
        if isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _bad_setting(error: Any) -> SceneError:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "a setting"
    said = first["msg"].removeprefix("Value error, ")
    return SceneError(
        f"The environment variable {name} cannot be used: {said[:1].lower()}{said[1:]}.",
        next=f"Mend it, or unset it: `unset {name}`.",
        where=Place("environment"),
    )
