"""The canonical dump of a set: every table, every row in order of its key, as canonical JSON lines (invariant 16)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from projections.tables import SetTables
from schemas.canonical import canonical


def rows_in_order(conn: Connection, table: Table, tenant: int) -> Iterator[dict[str, Any]]:
    """Rows of one tenant ordered by the primary key."""
    query = select(table).where(table.c.tenant == tenant).order_by(*table.primary_key.columns)
    for line in conn.execution_options(yield_per=1000).execute(query).mappings():
        yield dict(line)


def dump(conn: Connection, tables: SetTables, tenant: int) -> Iterator[str]:
    """Lines ``<table> <canonical JSON>``; table names without the set's suffix, so that two sets can be compared."""
    for table in tables.all():
        base = table.name.removesuffix("_" + tables.name)
        for line in rows_in_order(conn, table, tenant):
            yield f"{base} {canonical(line)}"


def digest(conn: Connection, tables: SetTables, tenant: int) -> str:
    """SHA-256 of the dump."""
    total = hashlib.sha256()
    for line in dump(conn, tables, tenant):
        total.update(line.encode() + b"\n")
    return total.hexdigest()
