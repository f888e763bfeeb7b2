"""Opening the ledger's database: durable settings, its format, and sentences for its failures."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from scenegraph.errors import LedgerError, LedgerTooNew
from scenegraph.ledger.tables import about, metadata

FORMAT = 1


class Migration(Protocol):
    """Brings an open ledger from one format to the next, inside the opener's transaction."""

    def __call__(self, connection: Connection, /) -> object: ...


#: From this format to the next one. Format 1 is the first.
MIGRATIONS: Mapping[int, Migration] = {}


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
                next="Update scenegraph, or use another store with --store.",
            )
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


def _format_of(connection: Connection) -> int | None:
    if not inspect(connection).has_table(about.name):
        return None
    return connection.execute(select(about.c.format)).scalar()


@contextmanager
def sentences(place: str) -> Iterator[None]:
    """Turn what the database or the disk says into a `StorageFailed` with a next step."""
    try:
        yield
    except DBAPIError as error:
        raise storage_failed(error.orig or error, place) from error
    except SQLAlchemyError as error:
        raise storage_failed(error, place) from error


#: What SQLite says, what it means to a person, what to do.
_SENTENCES = (
    (
        ("disk is full", "no space left"),
        "the disk is full",
        "Free some space and run again; what was written before is kept.",
    ),
    (
        ("malformed", "not a database", "disk image", "corrupt"),
        "the file is damaged",
        "Keep a copy of it, then `sqlite3 ledger.db .recover` can read what is left; "
        "the media beside it are whole.",
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
