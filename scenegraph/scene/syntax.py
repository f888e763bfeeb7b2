"""What the YAML parser says → what a film-maker can use."""

from __future__ import annotations

from typing import Any

import yaml

from scenegraph.errors import Place, Problem

#: What libyaml says → what a film-maker can use.
_PLAINLY = (
    ("mapping values are not allowed",
     "There is a second `:` in this line, or the line before it is not finished.",
     'Put text that holds ": " between quotes, and check the indent.'),
    ("cannot start any token", "This character cannot start a value here.",
     "Put the text between quotes."),
    ("did not find expected key", "This line does not fit the lines above it.",
     "Give keys of one level the same indent, and close every quote."),
    ("could not find expected ':'", "A `:` is missing after the key.", "Write `key: value`."),
    ("did not find expected '-' indicator", "This line does not fit the list above it.",
     "Start each entry with `- ` at the same indent."),
    ("did not find expected ',' or '}'", "A `,` or a closing `}` is missing.", "Close the `{…}`."),
    ("did not find expected ',' or ']'", "A `,` or a closing `]` is missing.", "Close the `[…]`."),
    ("unexpected end of stream", "A quote is opened and never closed.", "Close the quote."),
    ("did not find expected alphabetic or numeric", "`*` and `&` start an alias or an anchor.",
     "Put text that starts with `*` or `&` between quotes."),
    ("undefined tag handle", "`!` starts a tag, which scene files do not use.",
     "Put text that starts with `!` between quotes."),
    ("unknown escape character", "After `\\` in double quotes comes a letter that means nothing.",
     "Use single quotes, or write `\\\\`."),
    ("control characters are not allowed", "There is a control character here.",
     "Save the file as plain text."),
)  # fmt: skip


def syntax_problem(file: str, error: yaml.MarkedYAMLError, text: str) -> Problem:
    """One sentence for a text that is not YAML, at the place where the eye must go."""
    mark: Any = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    said = str(error.problem or error.context or "not YAML")
    lines = text.splitlines()
    row = lines[line] if line < len(lines) else ""
    # A tab as indent is reported where it hurts, which may be the line after it.
    for number in (line, line - 1):
        indent = (
            lines[number][: -len(lines[number].lstrip()) or None]
            if 0 <= number < len(lines)
            else ""
        )
        if "\t" in indent:
            place = Place(file, number + 1, indent.index("\t") + 1)
            return Problem("A tab cannot indent a line.", place, "Indent with spaces.", "syntax")
    place = Place(file, line + 1, column + 1)
    for words, message, expected in _PLAINLY:
        if words in said:
            return Problem(message, place, expected, "syntax")
    shown = f" ({row.strip()[:60]})" if row.strip() else ""
    return Problem(f"This is not YAML: {said}{shown}.", place, "Check the line.", "syntax")
