"""Writing to the database: one transaction for a group of writes, a savepoint for each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
from scenegraph.ledger.statements import Statements
from scenegraph.ledger.tables import events, takes
from scenegraph.ledger.takes import State


class Writer:
    """The one way to the tables. Threads may share it; their groups come one after the other."""

    def __init__(self, engine: Engine, place: str, clock: Callable[[], float]) -> None:
        self._engine, self._place, self.clock = writing(engine), place, clock
        driver: Any = engine.dialect.loaded_dbapi
        self._errors: tuple[type[BaseException], ...] = (driver.Error,)
        self._rule_broken: type[BaseException] = driver.IntegrityError
        self._returns = bool(engine.dialect.insert_returning)
        self._statements = Statements(engine.dialect)
        self._turn = threading.RLock()
        self._cursor: Any = None
        self._events: list[dict[str, Any]] = []

    @contextmanager
    def group(self) -> Iterator[None]:
        """All writes inside become durable together, or none when the storage fails.

        Inside another group it is a part of that one.
        """
        with self._turn:
            if self._cursor is not None:
                yield
                return
            with sentences(self._place), self._engine.connect() as connection:
                transaction = connection.begin()
                try:
                    self._cursor = connection.connection.cursor()
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
                    self._cursor = None
                    self._events.clear()

    @staticmethod
    def _abandon(transaction: Any, connection: Connection) -> None:
        # A full disk makes SQLite end the transaction by itself; then there is none to end.
        try:
            transaction.rollback()
        except Exception:
            with suppress(Exception):
                connection.invalidate()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One write: done whole, or undone alone while its group goes on.

        Raises:
            StorageFailed: the database failed; then the whole group is undone.
            LedgerError: this write breaks a rule of the ledger.
        """
        with self.group():
            kept = len(self._events)
            self._cursor.execute("SAVEPOINT one_write")
            try:
                yield self
            except self._rule_broken as error:
                self._undo(kept)
                raise LedgerError(
                    f"The ledger {self._place} refuses a write that breaks its rules ({error}).",
                    next="This is a bug in scenegraph; nothing was written.",
                ) from error
            except StorageFailed:
                raise
            except self._errors as error:
                raise storage_failed(error, self._place) from error
            except BaseException:
                self._undo(kept)
                raise
            self._cursor.execute("RELEASE SAVEPOINT one_write")

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
        """Move a take on to another state: the only place where a state is written.

        Raises:
            LedgerError: there is no such take, or it may not go there from where it is.
        """
        row = {"state": to.value, **(values or {})}
        columns = tuple(row)

        def make() -> ClauseElement:
            before: list[ColumnElement[Any]] = [
                literal_column(f"'{state.value}'") for state in BEFORE[to]
            ]
            return update(takes).where(takes.c.id == bindparam("its_id"), takes.c.state.in_(before))

        row["its_id"] = id
        if self.run(("move", to, columns), make, row, columns).rowcount != 1:
            raise self._illegal(id, to)
        self.event(f"take.{to.value}", take=id, facts=facts)

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
