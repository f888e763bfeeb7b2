"""Values as people read them, and as programs do."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scenegraph.errors import SceneGraphError, SceneInvalid


def console() -> Console:
    """Standard output, with colours only in a terminal."""
    return Console(highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    console().print(Text(text, style=style or ""))


def show_json(value: Any) -> None:
    """Exactly one document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def show_error(error: SceneGraphError, as_json: bool) -> None:
    """A sentence, its place, and what to do next."""
    if as_json:
        show_json({"error": error.to_json()})
        return
    err = Console(stderr=True, highlight=False, soft_wrap=True)
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
        table.add_column(heading, justify="right" if heading in RIGHT else "left", overflow="fold")
    return table


RIGHT = frozenset({"USD", "frames", "in", "out", "score", "seed", "length", "value", "budget"})
