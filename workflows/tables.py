"""A table of shots, CSV or YAML, read into rows of words that know their places."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from scenegraph.errors import Place, Problem, did_you_mean
from scenegraph.scene.places import Reading, read_yaml

LARGEST_FILE = 4 * 1024 * 1024
MOST_ROWS = 2000
YAML = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A word or more of the table, and where it stands."""

    text: str
    where: Place


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what is filled in, by column."""

    cells: Mapping[str, Cell]
    where: Place

    def text(self, column: str) -> str | None:
        cell = self.cells.get(column)
        return cell.text if cell is not None else None

    def place(self, column: str) -> Place:
        cell = self.cells.get(column)
        return cell.where if cell is not None else self.where


@dataclass(slots=True)
class Table:
    """Rows, what else the file says (a YAML table may have `characters:` and `motions:`)."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reading: Reading | None = None


def read_table(path: Path, columns: Collection[str], needed: Collection[str]) -> Table:
    """Every row of the file, and all that is wrong with it as a table.

    Args:
        path: `.csv`, `.tsv` or `.txt` (commas, semicolons or tabs), or `.yaml`, `.yml`, `.json`.
        columns: the names that columns may have.
        needed: those that must be there.
    """
    text, problem = _text_of(path)
    if problem is not None:
        return Table(problems=[problem])
    if path.suffix.lower() in YAML:
        return _from_yaml(read_yaml(text, str(path)), columns)
    return _from_csv(text, str(path), columns, needed)


def read_cast(path: Path) -> Table:
    """The `characters:` and `motions:` of a YAML file, such as a scene."""
    text, problem = _text_of(path)
    if problem is not None:
        return Table(problems=[problem])
    reading = read_yaml(text, str(path))
    problems = list(reading.problems)
    if not problems and not isinstance(reading.root, dict):
        message = "This is no mapping with `characters:`."
        expected = "Name a scene file, or a YAML file with `characters:`."
        problems.append(Problem(message, Place(str(path), 1, 1), expected, "wrong-type"))
    return Table(problems=problems, reading=reading)


def _text_of(path: Path) -> tuple[str, Problem | None]:
    def problem(message: str, expected: str, kind: str, line: int | None = None) -> Problem:
        return Problem(message, Place(str(path), line), expected, kind)

    try:
        data = path.read_bytes()[: LARGEST_FILE + 1]
    except OSError as error:
        return "", problem(f"It cannot be read: {error.strerror}.", "Check the path.", "unreadable")
    if len(data) > LARGEST_FILE:
        return "", problem("It is larger than 4 MB.", "Is this a table of shots?", "too-large")
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", problem("This is not UTF-8 text.", "Save it as UTF-8.", "not-utf8", line)


def _unknown(name: str, columns: Collection[str], where: Place) -> Problem:
    message = f"There is no column {name!r}.{did_you_mean(name, columns)}"
    return Problem(message, where, f"Columns: {', '.join(columns)}.", "unknown-column")


def _from_csv(text: str, file: str, columns: Collection[str], needed: Collection[str]) -> Table:
    table = Table()
    lines = list(_csv_rows(text, file, table.problems))
    if table.problems:
        return table
    if not lines:
        message = "This table is empty; its first line names the columns."
        expected = (
            f"Begin with a line such as `{','.join([*needed, 'who', 'framing', 'seconds'])}`."
        )
        table.problems.append(Problem(message, Place(file, 1, 1), expected, "empty-file"))
        return table
    head = [(cell.text.lower(), cell.where) for cell in lines[0]]
    names = [name for name, _ in head]
    for n, (name, where) in enumerate(head):
        if name and name not in columns:
            table.problems.append(_unknown(name, columns, where))
        elif name and name in names[:n]:
            message = f"The column {name!r} is given twice."
            table.problems.append(Problem(message, where, "Keep one of them.", "given-twice"))
    for name in needed:
        if name not in names and not any(did_you_mean(n, [name]) for n in names):
            message = f"There is no column {name!r}; every row needs it."
            expected = f"The first line names the columns: {', '.join(columns)}."
            table.problems.append(Problem(message, lines[0][0].where, expected, "missing-column"))
    for line in lines[1:]:
        cells = {name: cell for name, cell in zip(names, line, strict=False) if cell.text and name}
        beyond = next((cell for cell in line[len(names) :] if cell.text), None)
        if beyond is not None:
            message = f"This row has more cells than there are columns ({len(names)})."
            expected = 'Put words that have a comma between double quotes: "slowly, calmly".'
            table.problems.append(Problem(message, beyond.where, expected, "too-many-cells"))
        elif cells:
            table.rows.append(Row(cells, line[0].where))
    return table


def _csv_rows(text: str, file: str, problems: list[Problem]) -> Iterator[list[Cell]]:
    """Rows that are not blank, each cell with the line and column that it begins at."""
    first = text.lstrip("\r\n").partition("\n")[0]
    comma = max(",;\t", key=first.count)
    lines = text.splitlines(keepends=True)
    reader = csv.reader(StringIO(text, newline=""), delimiter=comma, strict=True)
    begins = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            message = f"This line cannot be read as CSV: {error}."
            expected = 'Close every double quote; write one inside quotes twice ("").'
            problems.append(Problem(message, Place(file, begins + 1), expected, "broken-csv"))
            return
        if row is None:
            return
        at, begins = begins, reader.line_num
        if any(cell.strip() for cell in row):
            starts = _starts("".join(lines[at:begins]), comma)
            yield [
                Cell(" ".join(cell.split()), Place(file, at + line + 1, column + 1))
                for cell, (line, column) in zip(row, starts, strict=False)
            ]


def _starts(text: str, comma: str) -> Iterator[tuple[int, int]]:
    """Line and column, from 0, at which each cell of a row begins.

    >>> list(_starts('mara,"she waits, calm",4', ","))
    [(0, 0), (0, 5), (0, 23)]
    """
    line = column = 0
    quoted = False
    yield 0, 0
    for letter in text:
        column += 1
        if letter == '"':
            quoted = not quoted
        elif letter == "\n":
            line, column = line + 1, 0
        elif letter == comma and not quoted:
            yield line, column


def _from_yaml(reading: Reading, columns: Collection[str]) -> Table:
    """A list of rows, or a mapping with `rows:` and what the rows lean on."""
    table = Table(problems=list(reading.problems), reading=reading)
    if table.problems:
        return table
    root: Any = reading.root
    at: tuple[str, ...] = ()
    if isinstance(root, dict):
        for name in root.keys() - TOP:
            message = f"There is no key {name!r} here.{did_you_mean(name, TOP)}"
            expected = f"A table has: {', '.join(sorted(TOP))}."
            where = reading.place(name, key=True)
            table.problems.append(Problem(message, where, expected, "unknown-key"))
        root, at = root.get("rows"), ("rows",)
    if not isinstance(root, list) or not root:
        message = "This table has no rows."
        expected = "Write a list under `rows:`, each with a `beat:`."
        where = reading.place(*at)
        table.problems.append(Problem(message, where, expected, "empty-file"))
        return table
    for n, entry in enumerate(root):
        where = reading.place(*at, n)
        if not isinstance(entry, dict):
            message = f"Row {n + 1} is no mapping of columns."
            table.problems.append(Problem(message, where, "Write `- beat: …`.", "wrong-type"))
            continue
        cells = {}
        for name, value in entry.items():
            column = str(name).lower()
            if column not in columns:
                place = reading.place(*at, n, name, key=True)
                table.problems.append(_unknown(str(name), columns, place))
            elif isinstance(value, dict | list):
                message = f"`{column}` of row {n + 1} must be words or a number."
                place = reading.place(*at, n, name)
                table.problems.append(Problem(message, place, "", "wrong-type"))
                cells[column] = Cell("-", place)  # it is there; that is told already
            elif (words := _words(reading, value, *at, n, name)) is not None:
                cells[column] = Cell(words, reading.place(*at, n, name))
        table.rows.append(Row(cells, where))
    return table


#: What a YAML table may say besides its rows.
TOP = frozenset({"characters", "motions", "rows"})


def _words(reading: Reading, value: Any, *at: str | int) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else reading.raw_text(*at) or str(value)
    return " ".join(text.split()) or None
