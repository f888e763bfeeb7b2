"""Opening the ledger's database: durable settings, its format, and sentences for its failures."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from scenegraph.errors import LedgerError, LedgerTooNew
from scenegraph.ledger.backups import BadCopy, keep_format
from scenegraph.ledger.migrations import FORMAT, MIGRATIONS, Migration
from scenegraph.ledger.tables import about, metadata
from scenegraph.ledger.wal import read_log


class StorageFailed(LedgerError):
    """The database itself failed (full, damaged, read-only): nothing of the group is written."""


def sqlite_url(file: Path) -> URL:
    return URL.create("sqlite", database=str(file))


def make_engine(url: URL | str, *, busy_s: float = 30.0) -> Engine:
    """An engine whose every commit is on the disk when it returns."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _settle_sqlite(busy_s))
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _settle_sqlite(busy_s: float) -> Any:
    def settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(busy_s * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        if sys.platform == "darwin":  # fsync alone leaves the data in the drive's own cache there
            cursor.execute("PRAGMA fullfsync=ON")
            cursor.execute("PRAGMA checkpoint_fullfsync=ON")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return settle


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later can fail half-way when another process
    # wrote in between; one that is to write says so at its start and waits its turn.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions ask for the write lock at their start."""
    return engine.execution_options(writes=True)


def prepare(engine: Engine, place: str, *, migrations: Mapping[int, Migration] = MIGRATIONS) -> int:
    """Make the tables, or bring an older ledger to this format; the format that was found.

    Raises:
        LedgerTooNew: a newer scenegraph wrote it.
        StorageFailed: it cannot be read or written, with the reason.
    """
    with sentences(place):
        with engine.connect() as connection:
            found = _format_of(connection)
        if found == FORMAT:
            return found
        if found is not None and found > FORMAT:
            raise LedgerTooNew(
                f"The ledger {place} has format {found}; this scenegraph knows up to {FORMAT}.",
                next="Update scenegraph (`pip install -U scenegraph`), or use another store with "
                "--store. Nothing was changed.",
            )
        if found is not None and engine.dialect.name == "sqlite":
            _keep_a_copy(engine, place, found)
        with writing(engine).begin() as connection:
            found = _format_of(connection)  # another process may have been first
            if found is None:
                metadata.create_all(connection)
                connection.execute(insert(about).values(format=FORMAT))
                return FORMAT
            for step in range(found, FORMAT):
                migrations[step](connection)
            connection.execute(about.update().values(format=FORMAT))
            return found


def _keep_a_copy(engine: Engine, place: str, format: int) -> None:
    if not engine.url.database:
        return
    try:
        keep_format(Path(engine.url.database), format)
    except (OSError, sqlite3.Error, BadCopy) as error:
        failed = storage_failed(error, place)
        raise StorageFailed(
            f"{failed.message} It is of format {format}, and was not brought to format {FORMAT}, "
            "because no copy of it could be made first.",
            next=failed.next,
        ) from error


def check_log(file: Path) -> None:
    """Refuse a database whose write-ahead log has lost commits: SQLite would not say so.

    Raises:
        StorageFailed: durable writes cannot be read.
    """
    log_file = file.with_name(file.name + "-wal")
    try:
        for again in (0.05, 0.2, 0):
            lost = read_log(log_file).lost_commits
            if not lost:
                return
            time.sleep(again)  # another process may be writing in this moment
    except OSError as error:
        raise storage_failed(error, str(file)) from error
    raise StorageFailed(
        f"The ledger {file}: its log is damaged; about {lost} of its last writes can no longer "
        "be read in the usual way.",
        next=MEND,
    )


def _format_of(connection: Connection) -> int | None:
    if not inspect(connection).has_table(about.name):
        return None
    return connection.exec_driver_sql("SELECT format FROM about").scalar()


@contextmanager
def sentences(place: str) -> Iterator[None]:
    """Turn what the database or the disk says into a `StorageFailed` with a next step."""
    try:
        yield
    except DBAPIError as error:
        raise storage_failed(error.orig or error, place) from error
    except (SQLAlchemyError, sqlite3.Error) as error:  # rows are fetched by the driver itself
        raise storage_failed(error, place) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise storage_failed(sqlite3.DatabaseError(f"malformed row: {error}"), place) from error


MEND = (
    "`scenegraph mend SCENE` reads every row that is left into a new ledger and keeps this one "
    "aside. The media beside it are files of their own: nothing paid for is gone."
)
#: What SQLite says, what it means to a person, what to do.
_SENTENCES = (
    (
        ("disk is full", "no space left"),
        "the disk is full",
        "Free some space and run again; what was written before is kept.",
    ),
    (
        ("malformed", "not a database", "disk image", "corrupt", "not in index", "rowid "),
        "the file is damaged",
        MEND,
    ),
    (
        ("readonly", "read-only", "permission", "unable to open"),
        "it cannot be opened for writing",
        "Check the folder's permissions, or use another store with --store.",
    ),
    (
        ("locked", "busy"),
        "another process is writing to it and does not come to an end",
        "Wait for it, or stop it, then run again.",
    ),
)


def storage_failed(error: BaseException, place: str) -> StorageFailed:
    """The sentence for one failure of the database.

    >>> str(storage_failed(OSError("database or disk is full"), "ledger.db"))
    'The ledger ledger.db: the disk is full (database or disk is full).'
    """
    said = str(error).strip() or type(error).__name__
    for words, meaning, then in _SENTENCES:
        if any(word in said.lower() for word in words):
            return StorageFailed(f"The ledger {place}: {meaning} ({said}).", next=then)
    return StorageFailed(
        f"The ledger {place} cannot be used ({said}).",
        next="`scenegraph doctor` looks at the store.",
    )
