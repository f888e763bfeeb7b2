"""Statements compiled once and run on the driver's own cursor.

SQLAlchemy writes the SQL for whichever database is behind it; running its compiled text directly
costs a few microseconds where `Connection.execute` costs fifty. A journal that writes thousands
of small rows a second is mostly that difference. Every value is a named `bindparam` or a column
of an INSERT or UPDATE, of a plain type that needs no conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Dialect


class Statement:
    """One statement: its text, and the order of its values where the driver counts them."""

    __slots__ = ("_order", "text")

    def __init__(
        self, statement: ClauseElement, dialect: Dialect, columns: Sequence[str] | None
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self.text = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup

    def bind(self, values: Mapping[str, Any]) -> Any:
        return values if self._order is None else [values[name] for name in self._order]


class Statements:
    """The statements of one database, each compiled at its first use."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._made: dict[Hashable, Statement] = {}

    def get(
        self,
        name: Hashable,
        make: Callable[[], ClauseElement],
        columns: Sequence[str] | None = None,
    ) -> Statement:
        """The statement called `name`; `make` writes it when it is not there yet."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = Statement(make(), self._dialect, columns)
        return found
