"""From the format of an older ledger to today's, one step after the other, in order.

Each step runs inside the transaction that writes the new format number, after a copy of the
database was put beside it (`ledger.db.format-N.bak`). Steps only add: a row that was written is
never changed by one.

| format | what is new |
| --- | --- |
| 1 | the first |
| 2 | takes whose media were collected (`state`), and what was missing of tables and columns |
| 3 | the best frame of a take (`best_frame`); empty for those that were looked at before |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import Connection, inspect
from sqlalchemy.schema import CreateColumn

from scenegraph.ledger.tables import metadata

FORMAT = 3


class Migration(Protocol):
    """Brings an open ledger from one format to the next, inside the opener's transaction."""

    def __call__(self, connection: Connection, /) -> object: ...


def add_what_is_missing(connection: Connection) -> None:
    """Make the tables, columns and indexes that today's code has and an older ledger has not.

    A column that is added to a table with rows must be one that may be empty.
    """
    metadata.create_all(connection)
    found = inspect(connection)
    quote = connection.dialect.identifier_preparer
    for table in metadata.sorted_tables:
        have = {column["name"] for column in found.get_columns(table.name)}
        for column in table.columns:
            if column.name not in have:
                words = CreateColumn(column).compile(dialect=connection.dialect)
                name = quote.format_table(table)
                connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {words}")
        indexes = {index["name"] for index in found.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)


#: From this format to the next one.
MIGRATIONS: Mapping[int, Migration] = {1: add_what_is_missing, 2: add_what_is_missing}
