"""Reading what is left of a damaged database, row by row, around the pages that cannot be read."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenegraph.ledger.tables import metadata
from scenegraph.ledger.takes import State
from scenegraph.ledger.wal import read_log

#: No row of the ledger is smaller: how many there can be at most follows from the file's size.
SMALLEST_ROW = 24

#: Columns that hold JSON.
DOCUMENTS = frozenset(
    {"parts", "params", "answer", "clip", "review", "error", "facts", "vals", "timeline", "outcome"}
)

Row = Mapping[str, Any]


@dataclass
class Found:
    """The rows of one file, by table and row number."""

    source: str
    rows: dict[str, dict[Any, Row]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(len(rows) for rows in self.rows.values())


def apply_log(database: Path, log_file: Path) -> int:
    """Write the good pages of a log into a copy of its database, also those behind a bad one.

    SQLite would stop at the first bad frame. The copy may hold an old page among new ones after
    this; it is only ever read row by row. The log is removed. How many pages were bad.
    """
    log = read_log(log_file)
    last = max((n for n, frame in enumerate(log.frames) if frame.commits), default=-1)
    bad = 0
    with database.open("r+b") as file:
        for frame in log.frames[: last + 1]:
            bad += not frame.good
            if frame.good and frame.page:
                file.seek((frame.page - 1) * log.page_size)
                file.write(frame.data)
    log_file.unlink(missing_ok=True)
    _mend_length(database)
    return bad


def _mend_length(database: Path) -> None:
    """Say in the head how many pages there are: an old head beside new pages hides them."""
    with database.open("r+b") as file:
        head = file.read(32)
        size = int.from_bytes(head[16:18], "big") if len(head) == 32 else 0
        size = 65536 if size == 1 else size
        if head[:16] == b"SQLite format 3\0" and size >= 512:
            pages = database.stat().st_size // size
            file.seek(28)
            file.write(pages.to_bytes(4, "big"))


def read_rows(database: Path, source: str) -> Found:
    """Every row of the ledger's tables that can be read. The file is not changed.

    A file whose schema cannot be read gives none.
    """
    found = Found(source)
    most = database.stat().st_size // SMALLEST_ROW + 1
    # Opened as it is: nothing is checkpointed, locked or made beside it.
    uri = f"{database.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True)
    except sqlite3.Error:
        return found
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    with contextlib.closing(connection):
        for table in metadata.sorted_tables:
            names = _columns_of(connection, table.name)
            if names is None:
                found.unreadable.add(table.name)
                continue
            wanted = [column.name for column in table.columns if column.name in names]
            key = [column.name for column in table.primary_key]
            rows = found.rows.setdefault(table.name, {})
            try:
                for values in _each(connection, table.name, wanted, most):
                    row = _sound(dict(zip(wanted, values, strict=True)), table)
                    if row is not None:
                        rows[tuple(row[name] for name in key)] = row
                    else:
                        found.unreadable.add(table.name)
            except _Gaps:
                found.unreadable.add(table.name)
    return found


class _Gaps(Exception):
    """All that could be read was given; something could not."""


def _columns_of(connection: sqlite3.Connection, table: str) -> set[str] | None:
    try:
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    except sqlite3.Error:
        return None
    return {row[1] for row in rows} or None


def _sound(row: dict[str, Any], table: Any) -> Row | None:
    """The row when it makes sense: SQLite reads other bytes in the middle of a text as text.

    A document that may be missing and does not parse is left out; without one that must be there
    the row is lost.
    """
    for name in DOCUMENTS & row.keys():
        try:
            json.loads(row[name] or "{}")
        except (ValueError, TypeError):
            row[name] = None
    if "state" in row and row["state"] not in list(State):
        return None
    there = all(column.nullable or row.get(column.name) is not None for column in table.columns)
    return row if there else None


def _each(
    connection: sqlite3.Connection, table: str, columns: list[str], most: int
) -> Iterator[tuple[Any, ...]]:
    """Rows in order; a span of row numbers in which reading fails is halved until it is one row.

    Raises:
        _Gaps: at the end, when something could not be read.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    query = f"SELECT rowid, {names} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"  # noqa: S608
    gaps = False
    todo = [(0, _last(connection, table, most))]
    while todo:
        low, high = todo.pop()
        last = low - 1
        try:
            for rowid, *values in connection.execute(query, (low, high)):
                last = rowid
                yield tuple(values)
        except sqlite3.Error:
            gaps = True
            low = last + 1
            if low >= high:
                continue
            middle = (low + high) // 2
            todo += [(middle + 1, high), (low, middle)]
    if gaps:
        raise _Gaps


def _last(connection: sqlite3.Connection, table: str, most: int) -> int:
    try:
        found = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0]  # noqa: S608
    except sqlite3.Error:
        return most
    return int(found or 0)
