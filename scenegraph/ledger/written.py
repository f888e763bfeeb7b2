"""Questions written out once in a process for each kind of database.

SQLAlchemy forgets with its engine what it has written, and every opening of a ledger makes a new
one. Of the time of a small question the writing is the most.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect

from scenegraph.ledger.statements import Statements

_written: dict[tuple[str, str, bool], Statements] = {}


def written_for(dialect: Dialect) -> Statements:
    """The statements of all databases of this kind."""
    kind = (dialect.name, dialect.driver, bool(dialect.insert_returning))
    return _written.setdefault(kind, Statements(dialect))


def ask(
    connection: Connection,
    name: Hashable,
    make: Callable[[], ClauseElement],
    columns: Sequence[str] | None = None,
    **values: Any,
) -> Any:
    """Ask what `make` writes; the cursor's result.

    Args:
        name: the statement's own among all of the process.
        columns: those that an INSERT or UPDATE sets.
        values: for these columns, and for each `bindparam`.
    """
    statement = written_for(connection.dialect).get(name, make, columns)
    bound = statement.bind(values)
    values_in_order = bound if isinstance(bound, Mapping) else tuple(bound)
    return connection.exec_driver_sql(statement.text, values_in_order)
