"""The canonical dump of a set: every table, every row in order of its key, as canonical JSON lines (invariant 16)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
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


def differences(
    conn: Connection, left: SetTables, right: SetTables, tenant: int, most: int = 20
) -> list[tuple[str, str]]:
    """The first lines in which two sets differ: ("-", line of left) or ("+", line of right)."""
    found: list[tuple[str, str]] = []
    for one, other in zip(left.all(), right.all(), strict=True):
        base = one.name.removesuffix("_" + left.name)
        names = [c.name for c in one.columns]
        keys = [names.index(c.name) for c in one.primary_key.columns]
        mine, theirs = _unequal(_portions(conn, one, tenant), _portions(conn, other, tenant))
        a, b = next(mine, None), next(theirs, None)
        while (a is not None or b is not None) and len(found) < most:
            key_a = tuple(a[k] for k in keys) if a is not None else None
            key_b = tuple(b[k] for k in keys) if b is not None else None
            if a == b:
                a, b = next(mine, None), next(theirs, None)
            elif a is not None and (key_b is None or (key_a is not None and key_a <= key_b)):
                found.append(("-", f"{base} {canonical(dict(zip(names, a, strict=True)))}"))
                a = next(mine, None)
            elif b is not None:
                found.append(("+", f"{base} {canonical(dict(zip(names, b, strict=True)))}"))
                b = next(theirs, None)
    return found


Line = tuple[Any, ...]


def _portions(conn: Connection, table: Table, tenant: int) -> Iterator[list[Line]]:
    query = select(table).where(table.c.tenant == tenant).order_by(*table.primary_key.columns)
    for part in conn.execution_options(yield_per=1000).execute(query).partitions():
        yield [tuple(line) for line in part]


def _unequal(
    mine: Iterator[list[Line]], theirs: Iterator[list[Line]]
) -> tuple[Iterator[Line], Iterator[Line]]:
    """Both from the first portion on in which they differ: equal ones are compared as a whole."""
    while (a := next(mine, [])) == (b := next(theirs, [])):
        if not a:
            break
    return chain(a, chain.from_iterable(mine)), chain(b, chain.from_iterable(theirs))
