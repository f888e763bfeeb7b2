"""Writing to the database: one transaction for a group of writes.

Each write of a group has a savepoint, so that a refused one is undone alone. A group that is
written in one go has none: the first refused write undoes it whole, and whoever asked for it does
it again with savepoints. Nearly no write is refused, and savepoints are half of all statements.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Connection,
    Engine,
    Table,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)

from scenegraph.errors import LedgerError
from scenegraph.ledger.database import StorageFailed, sentences, storage_failed, writing
from scenegraph.ledger.moves import BEFORE
from scenegraph.ledger.rows import json_text
from scenegraph.ledger.tables import events, takes
from scenegraph.ledger.takes import State
from scenegraph.ledger.written import written_for


class Writer:
    """The one way to the tables. Threads may share it; their groups come one after the other."""

    def __init__(self, engine: Engine, place: str, clock: Callable[[], float]) -> None:
        self._engine, self._place, self.clock = writing(engine), place, clock
        driver: Any = engine.dialect.loaded_dbapi
        self._errors: tuple[type[BaseException], ...] = (driver.Error,)
        self._rule_broken: type[BaseException] = driver.IntegrityError
        self._returns = bool(engine.dialect.insert_returning)
        self._statements = written_for(engine.dialect)
        self._turn = threading.RLock()
        self._cursor: Any = None
        self._events: list[dict[str, Any]] = []
        self._part = _Part(self)
        #: The thread that writes a group in one go just now.
        self._in_one_go: int | None = None

    def group(self, *, in_one_go: bool = False) -> AbstractContextManager[Any]:
        """All writes inside become durable together, or none when the storage fails.

        Inside another group it is a part of that one.

        Args:
            in_one_go: a write that is refused undoes the whole group, and its error is raised
                from it.
        """
        if self._in_one_go == threading.get_ident():
            return self._part
        return self._group(in_one_go)

    @contextmanager
    def _group(self, in_one_go: bool) -> Iterator[None]:
        with self._turn:
            if self._cursor is not None:
                yield
                return
            with sentences(self._place), self._engine.connect() as connection:
                transaction = connection.begin()
                try:
                    self._cursor = connection.connection.cursor()
                    self._in_one_go = threading.get_ident() if in_one_go else None
                    yield
                    self._write_events()
                    transaction.commit()
                except self._errors as error:
                    self._abandon(transaction, connection)
                    raise storage_failed(error, self._place) from error
                except BaseException:
                    self._abandon(transaction, connection)
                    raise
                finally:
                    self._cursor = self._in_one_go = None
                    self._events.clear()

    @staticmethod
    def _abandon(transaction: Any, connection: Connection) -> None:
        # A full disk makes SQLite end the transaction by itself; then there is none to end.
        try:
            transaction.rollback()
        except Exception:
            with suppress(Exception):
                connection.invalidate()

    def write(self) -> AbstractContextManager[Writer]:
        """One write: done whole, or undone alone while its group goes on.

        Raises:
            StorageFailed: the database failed; then the whole group is undone.
            LedgerError: this write breaks a rule of the ledger.
        """
        return self._part if self._in_one_go == threading.get_ident() else self._write()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with self.group():
            kept = len(self._events)
            self._cursor.execute("SAVEPOINT one_write")
            try:
                yield self
            except self._rule_broken as error:
                self._undo(kept)
                raise self.breaks_rules(error) from error
            except StorageFailed:
                raise
            except self._errors as error:
                raise storage_failed(error, self._place) from error
            except BaseException:
                self._undo(kept)
                raise
            self._cursor.execute("RELEASE SAVEPOINT one_write")

    def broke_a_rule(self, error: BaseException | None) -> bool:
        """Whether the database refused this, and is well itself."""
        return isinstance(error, self._rule_broken)

    def breaks_rules(self, error: BaseException) -> LedgerError:
        return LedgerError(
            f"The ledger {self._place} refuses a write that breaks its rules ({error}).",
            next="This is a bug in scenegraph; nothing was written.",
        )

    def _undo(self, kept: int) -> None:
        del self._events[kept:]
        try:
            self._cursor.execute("ROLLBACK TO SAVEPOINT one_write")
            self._cursor.execute("RELEASE SAVEPOINT one_write")
        except self._errors as error:
            raise storage_failed(error, self._place) from error

    def _write_events(self) -> None:
        if self._events:
            columns = tuple(self._events[0])
            statement = self._statements.get("events", lambda: insert(events), columns)
            self._cursor.executemany(statement.text, [statement.bind(row) for row in self._events])

    def run(
        self,
        name: object,
        make: Callable[[], ClauseElement],
        values: Mapping[str, Any],
        columns: tuple[str, ...] | None = None,
    ) -> Any:
        """Run the statement that `make` writes, compiled once under `name`; the cursor."""
        statement = self._statements.get(name, make, columns)
        self._cursor.execute(statement.text, statement.bind(values))
        return self._cursor

    def insert(self, table: Table, row: Mapping[str, Any]) -> int:
        """Add a row; its number."""
        columns = tuple(row)

        def make() -> ClauseElement:
            adding = insert(table)
            return adding.returning(table.c.id) if self._returns else adding

        cursor = self.run((table.name, columns), make, row, columns)
        return int(cursor.fetchone()[0]) if self._returns else int(cursor.lastrowid)

    def move(
        self,
        id: int,
        to: State,
        values: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Move a take on to another state.

        Raises:
            LedgerError: there is no such take, or it may not go there from where it is.
        """
        if not self.moves(id, to, values or {}, BEFORE[to]):
            raise self._illegal(id, to)
        self.event(f"take.{to.value}", take=id, facts=facts)

    def moves(
        self,
        id: int,
        to: State,
        values: Mapping[str, Any],
        since: Sequence[State],
        unless: Callable[[], ColumnElement[bool]] | None = None,
    ) -> bool:
        """Whether a take could be moved to another state: the only place where one is written.

        Args:
            since: it is moved when it is in one of these.
            unless: and when this does not hold of its row.
        """
        row = {"state": to.value, **values}
        columns = tuple(row)

        def make() -> ClauseElement:
            before: list[ColumnElement[Any]] = [
                literal_column(f"'{state.value}'") for state in since
            ]
            changed = update(takes).where(takes.c.id == bindparam("its_id"))
            changed = changed.where(takes.c.state.in_(before))
            return changed if unless is None else changed.where(~unless())

        row["its_id"] = id
        cursor = self.run(("move", to.value, since, unless, columns), make, row, columns)
        return bool(cursor.rowcount == 1)

    def _illegal(self, id: int, to: State) -> LedgerError:
        """The sentence for a step that may not be taken."""
        row = self.one(
            "illegal",
            lambda: select(takes.c.state, takes.c.shot, takes.c.number).where(
                takes.c.id == bindparam("its_id")
            ),
            its_id=id,
        )
        if row is None:
            return LedgerError(f"The ledger has no take {id}.", next="This is a bug in scenegraph.")
        return LedgerError(
            f"Take t{row[2]} of {row[1]!r} is {row[0]}; it cannot become {to.value}.",
            next="`scenegraph takes SCENE` shows where every take is.",
        )

    def change(self, id: int, values: Mapping[str, Any]) -> None:
        """Set what is not a state of one take."""
        columns = tuple(values)
        self.run(
            ("change", columns),
            lambda: update(takes).where(takes.c.id == bindparam("its_id")),
            {**values, "its_id": id},
            columns,
        )

    def one(self, name: object, make: Callable[[], ClauseElement], **values: Any) -> Any:
        """The first row of a small question asked inside a write, or None."""
        return self.run(name, make, values).fetchone()

    def event(
        self,
        name: str,
        *,
        take: int | None = None,
        run: int | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Record that something happened; it is written with its group."""
        text = json_text(facts) if facts else "{}"
        self._events.append(
            {"at": self.clock(), "name": name, "take": take, "run": run, "facts": text}
        )


class _Part:
    """A write, or a group, inside a group that is written in one go."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __enter__(self) -> Writer:
        return self._writer

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._writer.broke_a_rule(error):
            assert error is not None
            raise self._writer.breaks_rules(error) from error
