"""What SQLite should believe of a table, said before there is anything in it.

Without figures SQLite takes it that a tenant has ten rows, and reads all that a tenant has (in a table kept in the order
of its key) rather than look into an index of tenant and scope. So each set's tables get figures of their own when they
are made: one tenant with many rows. They do not depend on what is stored, so that no plan changes by itself one day.
PostgreSQL counts for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, MetaData, Table, event

ROWS = 1_000_000
FEW = {"tenant": 1, "rule": 2, "state": 5, "undated": 2, "unstepped": 2, "kind": 10, "project_id": 50}
"""Different values of the columns that have few; all others have nearly as many as there are rows."""


def figures(names: Iterable[str]) -> str:
    """Rows in all, then rows that agree in the first column, in the first two …"""
    alike, said = ROWS, [ROWS]
    for name in names:
        alike = max(1, alike // FEW.get(name, ROWS // 4))
        said.append(alike)
    return " ".join(map(str, said))


def planned(metadata: MetaData) -> MetaData:
    """Have these tables' figures written wherever they are made, in the same transaction."""
    event.listen(metadata, "after_create", _write)
    return metadata


def _write(metadata: MetaData, conn: Connection, **_: Any) -> None:
    if conn.dialect.name != "sqlite":
        return
    conn.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table of figures where there is none
    for table in metadata.sorted_tables:
        conn.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = ?", (table.name,))
        conn.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", _key(table))
        for index in table.indexes:
            line = (table.name, index.name, figures(column.name for column in index.columns))
            conn.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", line)
    conn.exec_driver_sql("ANALYZE sqlite_schema")


def _key(table: Table) -> tuple[str, str, str]:
    """The primary key of a table kept in its order bears the table's name."""
    return table.name, table.name, figures(column.name for column in table.primary_key)
