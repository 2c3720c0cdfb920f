"""Tables of one projection set, derived from the row classes of the rules.

A set has a name; its tables bear it as a suffix (``promises_a``), so that two sets stand side by side while one is
rebuilt, and nothing is ever renamed. Column types: int64, text, bytes; never null (invariant 16).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import DDL, Column, Index, MetaData, Table, TextClause, event
from sqlalchemy import text as sql

from ledger.columns import KEYED, STRICT, binary, int64, text
from processors.ports import Announced, Parked, Said
from processors.rules.linear import Sum, names_of
from processors.rules.protocol import Evidence, Owner, Row, Tabled
from projections.planning import planned
from schemas.canonical import canonical
from schemas.instants import NEVER

_DATED = sql(f"next < {NEVER}")
_ddl: Any = DDL
SETS = "abcdefghijklmnopqrstuvwxyz"
"""Names of sets; a rebuild takes the next one that is free."""


def column(name: str, annotation: str, *, key: bool) -> Column[Any]:
    """The SQL column of a dataclass field, by its annotation as written."""
    match annotation:
        case "int" | "Instant":
            return int64(name, key=key)
        case "str":
            return text(name, key=key)
        case "bytes":
            return binary(name, key=key)
    raise TypeError(f"a row's field is int, Instant, str or bytes, not {annotation}")


def columns_of(kind: type) -> list[tuple[str, str]]:
    """(name, annotation) of a row class, in order."""
    if is_dataclass(kind):
        return [(f.name, str(f.type)) for f in fields(kind)]
    # a NamedTuple wraps the annotations that it was written with
    return [(name, str(getattr(a, "__forward_arg__", a))) for name, a in kind.__annotations__.items()]


def fold_version(rules: Sequence[Owner]) -> str:
    """Hash of the rules' names, versions and row shapes, and of the tables that all rules share: a process with another
    one may not write the set."""
    shape = [
        [r.name, r.version, [[k.TABLE, [list(c) for c in columns_of(k)]] for k in r.rows]] for r in rules
    ]
    shared = [[k.__name__, [list(c) for c in columns_of(k)]] for k in (Evidence, Announced, Said, Parked)]
    return hashlib.sha256(canonical([shape, shared]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class SetTables:
    """The tables of one set. ``rows`` by row class, ``sums`` by the name that the class gives."""

    name: str
    metadata: MetaData
    evidence: Table
    announced: Table
    said: Table
    parked: Table
    publications: Table
    rows: dict[type[Row], Table]
    sums: dict[str, Table]

    def all(self) -> Iterator[Table]:
        """Every table, in a fixed order."""
        yield from (self.evidence, self.announced, self.said, self.parked, self.publications)
        named = {kind.TABLE: table for kind, table in self.rows.items()} | self.sums
        yield from (named[name] for name in sorted(named))


def _columns(kind: type, keys: Sequence[str] = ()) -> list[Column[Any]]:
    """Tenant first, then the key's columns in the key's order (on SQLite the primary key is the table's own order)."""
    by_name = {name: column(name, a, key=name in keys) for name, a in columns_of(kind)}
    first = [by_name.pop(k) for k in keys if k in by_name]
    return [int64("tenant", key=True), *first, *by_name.values()]


@lru_cache(maxsize=32)
def set_tables(name: str, kinds: tuple[type[Tabled], ...]) -> SetTables:
    """Tables of the set ``name`` for these row classes."""
    metadata = planned(MetaData())
    evidence = Table(
        f"evidence_{name}",
        metadata,
        *_ruled(Evidence, ("scope", "time", "rank", "event_id", "slot", "link")),
        Index(f"evidence_{name}_place", "tenant", "place", "event_id"),
        **KEYED,
    )
    announced = Table(
        f"announced_{name}",
        metadata,
        *_ruled(Announced, ("scope", "row_id", "kind")),
        **KEYED,
    )
    said = Table(
        f"said_{name}",
        metadata,
        *_columns(Said, ("place",)),
        *(Index(f"said_{name}_{c}", "tenant", c) for c in ("case_id", "row_id", "verdict_id")),
        **KEYED,
    )
    parked = Table(f"parked_{name}", metadata, *_columns(Parked, ("rule", "event_id", "scope")), **KEYED)
    publications = Table(
        f"publications_{name}", metadata, int64("tenant", key=True), int64("place", key=True), **KEYED
    )
    rows: dict[type[Row], Table] = {}
    sums: dict[str, Table] = {}
    for kind in kinds:
        if issubclass(kind, Sum):
            sums[kind.TABLE] = _cells(f"{kind.TABLE}_{name}", metadata, kind)
        if not issubclass(kind, Row):
            continue
        table = f"{kind.TABLE}_{name}"
        rows[kind] = Table(
            table,
            metadata,
            *_columns(kind, ("id",)),
            int64("next"),
            Index(f"{table}_scope", "tenant", "scope"),
            *(Index(f"{table}_{'_'.join(i)}", "tenant", *i) for i in kind.INDEXES),
            **STRICT,
        )
        _partial(rows[kind], ("next", "id"), _DATED)
        for flag in kind.FLAGS:  # an index costs as much as the row, and most rows bear none of them
            _partial(rows[kind], (flag,), sql(f"{flag} = 1"))
    return SetTables(name, metadata, evidence, announced, said, parked, publications, rows, sums)


def _cells(name: str, metadata: MetaData, kind: type[Sum]) -> Table:
    """A linear rule's table: its key is all there is to be found by."""
    names = names_of(kind)
    indexes = (Index(f"{name}_{'_'.join(i)}", "tenant", *i) for i in kind.INDEXES)
    return Table(name, metadata, *_columns(kind, names.key), *indexes, **KEYED)


def _partial(table: Table, columns: Sequence[str], where: TextClause) -> None:
    """Index the rows of a tenant for which ``where`` holds."""
    name = f"{table.name}_{columns[0]}"
    Index(name, table.c.tenant, *(table.c[one] for one in columns), sqlite_where=where).ddl_if("sqlite")
    # as text, because ``postgresql_where`` would load PostgreSQL's dialect (25 ms) in every command on SQLite
    words = f"(tenant, {', '.join(columns)}) WHERE {where.text}"
    made = _ddl(f"CREATE INDEX {name} ON %(fullname)s {words}")
    event.listen(table, "after_create", made.execute_if(dialect="postgresql"))


def _ruled(kind: type, keys: Sequence[str]) -> list[Column[Any]]:
    """Columns of what every rule has, told apart by the rule's name."""
    tenant, *rest = _columns(kind, keys)
    return [tenant, text("rule", key=True), *rest]
