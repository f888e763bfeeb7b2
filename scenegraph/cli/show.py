"""Values as people read them, and as programs do."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from scenegraph.cli.start import flush_out, write_nowhere
from scenegraph.errors import SceneError, SceneGraphError, SceneInvalid

#: A pipe has no width: what is read by a program is not folded.
WIDE = 10_000
#: Columns that may be folded in a narrow terminal. The others are always whole.
FOLDS = frozenset({"shot", "clip", "why", "media", "said", "price", "range", "default", "what"})


#: Codes that a terminal would obey: none comes from a scene, a file's name or a service's words.
_CODES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Words without what drives a terminal.

    >>> plain("Night \\x1b[31mtrain")
    'Night [31mtrain'
    """
    return _CODES.sub("", text)


class Paper(Console):
    """A console that shows words as words, and whose reader may leave, as `head` does.

    Rich would pass on a terminal's own codes, and end the command with 1.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))

    def on_broken_pipe(self) -> None:
        write_nowhere(1)


def console() -> Console:
    """Standard output, with colours only in a terminal."""
    return Paper(highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    console().print(Text(text, style=style or ""))


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "shot"), counted(2, "shot")
    ('1 shot', '2 shots')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show_table(table: Table) -> None:
    """Fitted to a terminal; anywhere else each row is one line, without blanks at its end."""
    out = Paper(highlight=False)
    if out.is_terminal:
        out.print(table)
        return
    wide = Paper(highlight=False, width=WIDE)
    with wide.capture() as captured:
        wide.print(table)
    lines = captured.get().splitlines()
    print_text("".join(line.rstrip() + "\n" for line in lines))


def print_text(text: str) -> None:
    """Write to stdout as it is. A reader that left changes nothing: the command goes on."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        write_nowhere(1)
    flush_out()


def write_text(path: Path, text: str) -> None:
    """Write a file that a command was asked for.

    Raises:
        SceneError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> SceneError:
    return SceneError(
        f"{path} cannot be written: {error.strerror or error}.", next="Name another file."
    )


def near(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def show_json(value: Any) -> None:
    """Exactly one document on stdout."""
    print_text(json_text(value, escaped=is_narrow()))


def json_text(value: Any, *, escaped: bool = False) -> str:
    return json.dumps(value, ensure_ascii=escaped, indent=2, allow_nan=False) + "\n"


def is_narrow() -> bool:
    """Whether stdout lacks signs that UTF-8 has: a document's are escaped then, not lost."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return not encoding.lower().replace("-", "").startswith("utf")


def show_error(error: SceneGraphError, as_json: bool) -> None:
    """A sentence, its place, and what to do next."""
    if as_json:
        show_json({"error": error.to_json()})
        return
    err = Paper(stderr=True, highlight=False, soft_wrap=True)
    if isinstance(error, SceneInvalid):
        for problem in error.problems:
            err.print(Text.assemble((f"{problem.where}: ", "bold"), problem.message))
            if problem.expected:
                err.print(Text(f"    {problem.expected}", style="dim"))
        count = len(error.problems)
        err.print(f"{count} problem{'s' if count > 1 else ''}. Nothing was spent.")
        return
    err.print(Text.assemble(("error: ", "bold red"), str(error)))
    if error.next:
        err.print(Text.assemble(("next:  ", "bold"), error.next))


def plain_table(*headings: str) -> Table:
    """A table without boxes; it reads the same in a terminal, a pipe and a mail."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in RIGHT else "left",
            overflow="fold",
            no_wrap=heading not in FOLDS,
        )
    return table


RIGHT = frozenset(
    {"USD", "best", "frames", "in", "out", "score", "seed", "length", "value", "budget"}
)
