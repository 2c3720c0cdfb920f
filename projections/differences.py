"""In which rows two sets differ: what ``rebuild`` and ``rebuild --dry-run`` print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Table, inspect, select

from projections.tables import SetTables

SHOWN = 20
"""Differences of a tenant that are kept; all are counted."""
PORTION = 1000
"""Rows of either set that are compared at once."""
Line = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row, by its key. ``was`` or ``fresh`` is None where the row stands in one set alone; where it stands in both,
    they hold the columns that differ."""

    table: str
    key: dict[str, Any]
    was: dict[str, Any] | None
    fresh: dict[str, Any] | None


@dataclass(slots=True)
class Differing:
    """``first`` of ``count`` rows; ``reshaped`` tables, which have other columns in one set than in the other, or stand in
    one alone, and were not compared."""

    count: int = 0
    first: list[Difference] = field(default_factory=list)
    reshaped: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.count or self.reshaped)

    def add(self, found: Difference) -> None:
        """Counted, and kept where there is room."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(found)


def compared(
    conn: Connection, was: SetTables, fresh: SetTables, tenant: int, standing: list[str]
) -> Differing:
    """One tenant's rows in both sets. ``standing``: the tables of ``was`` that there are, maybe made by other rules."""
    differing = Differing()
    pairs = list(zip(was.all(), fresh.all(), strict=True))
    names = {one.name for one, _ in pairs}
    differing.reshaped += [_base(name, was) for name in standing if name not in names]
    for one, other in pairs:
        if one.name not in standing or _columns(conn, one.name) != [c.name for c in one.columns]:
            differing.reshaped.append(_base(one.name, was))
            continue
        for found in rows(conn, _base(one.name, was), one, other, tenant):
            differing.add(found)
    return differing


def rows(conn: Connection, base: str, was: Table, fresh: Table, tenant: int) -> Iterator[Difference]:
    """The rows of two tables of one shape that differ, in order of the key."""
    names = [c.name for c in was.columns]
    keys = [names.index(c.name) for c in was.primary_key.columns]
    mine, theirs = _unequal(_portions(conn, was, tenant), _portions(conn, fresh, tenant))
    a, b = next(mine, None), next(theirs, None)
    while a is not None or b is not None:
        key_a = tuple(a[k] for k in keys) if a is not None else None
        key_b = tuple(b[k] for k in keys) if b is not None else None
        here = key_b is None or (key_a is not None and key_a <= key_b)
        there = key_a is None or (key_b is not None and key_b <= key_a)
        if a != b:
            key = dict(zip((names[k] for k in keys), (key_a if here else key_b) or (), strict=True))
            told = [
                n
                for n in range(len(names))
                if n not in keys and (a is None or b is None or not (here and there) or a[n] != b[n])
            ]
            yield Difference(
                base,
                key,
                {names[n]: a[n] for n in told} if a is not None and here else None,
                {names[n]: b[n] for n in told} if b is not None and there else None,
            )
        if here:
            a = next(mine, None)
        if there:
            b = next(theirs, None)


def _base(name: str, tables: SetTables) -> str:
    return name.removesuffix("_" + tables.name)


def _columns(conn: Connection, table: str) -> list[str]:
    if (
        conn.dialect.name == "sqlite"
    ):  # to ask by way of SQLAlchemy takes as long as to compare a thousand rows
        return list(conn.exec_driver_sql("SELECT name FROM pragma_table_info(?)", (table,)).scalars())
    return [str(column["name"]) for column in inspect(conn).get_columns(table)]


def _portions(conn: Connection, table: Table, tenant: int) -> Iterator[list[Line]]:
    keys = table.primary_key.columns
    if conn.dialect.name == "sqlite":  # as the driver reads them: that is half of what comparing takes
        names, order = (", ".join(f'"{c.name}"' for c in cs) for cs in (table.columns, keys))
        raw: Any = conn.connection.driver_connection
        lines = raw.execute(f"SELECT {names} FROM {table.name} WHERE tenant = ? ORDER BY {order}", (tenant,))
        while found := list(islice(lines, PORTION)):
            yield found
        return
    query = select(table).where(table.c.tenant == tenant).order_by(*keys)
    for part in conn.execution_options(yield_per=PORTION).execute(query).partitions():
        yield [tuple(line) for line in part]


def _unequal(
    mine: Iterator[list[Line]], theirs: Iterator[list[Line]]
) -> tuple[Iterator[Line], Iterator[Line]]:
    """Both from the first portion on in which they differ: equal ones are compared as a whole."""
    while (a := next(mine, [])) == (b := next(theirs, [])):
        if not a:
            break
    return chain(a, chain.from_iterable(mine)), chain(b, chain.from_iterable(theirs))
