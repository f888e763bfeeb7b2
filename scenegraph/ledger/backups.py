"""Copies of the database beside it: whole, checked, and never a good one replaced by a bad one.

`ledger.db.bak` and `ledger.db.bak2` are the last two, made when a run with work to do begins and
when a paid one ends;
`ledger.db.format-N.bak` is of the moment before a newer scenegraph changed the format.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import structlog

from scenegraph.media.files import sync_file, sync_folder

log = structlog.get_logger(__name__)


class BadCopy(Exception):
    """The copy is not a whole database: what it was made from is damaged."""


def newest_backups(file: Path) -> tuple[Path, ...]:
    """The copies that there are, newest first."""
    named = [_bak(file), _older(file)]
    formats = file.parent.glob(f"{file.name}.format-*.bak")
    older = sorted(formats, key=lambda path: path.stat().st_mtime, reverse=True)
    return tuple(path for path in (*named, *older) if path.is_file())


def back_up(file: Path) -> bool:
    """Keep a copy of the database as it is now, and the one before; False when it cannot be done.

    Others may go on writing meanwhile. A copy costs reading the file once and one fsync.
    """
    try:
        with _copy(file) as made:
            with contextlib.suppress(FileNotFoundError):
                _bak(file).replace(_older(file))
            made.replace(_bak(file))
            sync_folder(file.parent)
    except (OSError, sqlite3.Error, BadCopy) as error:
        log.warning("ledger.not_backed_up", file=str(file), error=str(error))
        return False
    return True


def keep_format(file: Path, format: int) -> Path:
    """Keep a copy of a database of an older format, before it is brought to the next one.

    Raises:
        OSError, sqlite3.Error, BadCopy: it could not be made; nothing may be changed then.
    """
    to = file.with_name(f"{file.name}.format-{format}.bak")
    with _copy(file) as made:
        if _format_of(made) == format:  # another process may have been first
            made.replace(to)
            sync_folder(file.parent)
    return to


@contextlib.contextmanager
def _copy(file: Path) -> Iterator[Path]:
    """A checked copy under a temporary name; it is removed unless the block renames it."""
    temp = file.with_name(f".{file.name}.{secrets.token_hex(6)}.part")
    try:
        source, to = sqlite3.connect(file, timeout=30), sqlite3.connect(temp)
        with contextlib.closing(source), contextlib.closing(to):
            source.backup(to)  # all pages in one step: a snapshot that waits for no writer
            to.execute("PRAGMA journal_mode=DELETE")
            said = to.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise BadCopy(said)
        sync_file(temp)
        yield temp
    finally:
        temp.unlink(missing_ok=True)
        temp.with_name(temp.name + "-journal").unlink(missing_ok=True)


def _format_of(file: Path) -> int | None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        row = connection.execute("SELECT format FROM about").fetchone()
    return int(row[0]) if row else None


def _bak(file: Path) -> Path:
    return file.with_name(file.name + ".bak")


def _older(file: Path) -> Path:
    return file.with_name(file.name + ".bak2")
