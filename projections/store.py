"""The store of rows: one transaction for all that a batch changed (invariant 6), and which set is the active one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, select, update

from ledger import lanes
from ledger.clock import Clock
from ledger.columns import STRICT, int64, text
from ledger.database import Database
from ledger.dialects import upsert
from ledger.lanes import EngineState
from ledger.writer import Writer
from processors.ports import Effects
from processors.rules.protocol import Row, Rule
from projections.pages import SqlPages
from projections.tables import SETS, SetTables, fold_version, set_tables

OPERATIONAL = MetaData()
ACTIVE = Table(
    "active_set",
    OPERATIONAL,
    int64("one", key=True),
    text("name"),
    text("fold_version"),
    **STRICT,
)


class OtherFold(RuntimeError):
    """The tables were folded by another version of the rules; run ``touchline rebuild``."""


_upsert = lru_cache(maxsize=256)(upsert)


class SqlStore:
    """Tables of one set, and the transaction that changes them."""

    def __init__(self, tables: SetTables, rules: Sequence[Rule], clock: Clock) -> None:
        self.tables = tables
        self.rules = tuple(rules)
        self.clock = clock

    @property
    def name(self) -> str:
        return self.tables.name

    @property
    def version(self) -> str:
        return fold_version(self.rules)

    def pages(self, conn: Connection, tenant: int) -> SqlPages:
        """Reads of one tenant on the caller's snapshot."""
        return SqlPages(conn, self.tables, tenant, self.rules)

    def apply(self, conn: Connection, effects: Effects) -> EngineState:
        """Within the caller's transaction. Raises lanes.Fenced before anything is written."""
        state = lanes.decide(
            conn,
            self.clock,
            effects.expect,
            decided=effects.decided,
            advanced=effects.advanced,
            verdicts=effects.verdicts,
        )
        self.write(conn, effects.expect.tenant, effects)
        return state

    def write(self, conn: Connection, tenant: int, effects: Effects) -> None:
        """The rows alone: evidence, rows, announcements."""
        tables = self.tables
        _many(
            conn, tables.evidence, ({"tenant": tenant, "rule": r, **_plain(e)} for r, e in effects.evidence)
        )
        by_kind: dict[type[Row], list[dict[str, Any]]] = {}
        for row, upcoming in effects.rows:
            by_kind.setdefault(type(row), []).append({"tenant": tenant, "next": upcoming, **_plain(row)})
        for kind, lines in by_kind.items():
            _many(conn, tables.rows[kind], lines)
        for row in effects.gone:
            table = tables.rows[type(row)]
            conn.execute(table.delete().where(table.c.tenant == tenant, table.c.id == row.id))
        _many(
            conn, tables.announced, ({"tenant": tenant, "rule": r, **_plain(a)} for r, a in effects.announced)
        )
        _many(conn, tables.said, ({"tenant": tenant, **_plain(s)} for s in effects.said))
        _many(conn, tables.parked, ({"tenant": tenant, **_plain(p)} for p in effects.parked))
        _many(conn, tables.publications, ({"tenant": tenant, "place": p} for p in effects.publications))
        for recall in effects.recalls:
            table = tables.rows[recall.table]
            conn.execute(
                update(table)
                .where(table.c.tenant == tenant, table.c[recall.column] == recall.value)
                .where(table.c.next > recall.next)
                .values(next=recall.next)
            )


@lru_cache(maxsize=64)
def _getter(kind: type) -> tuple[tuple[str, ...], Any]:
    names = tuple(f.name for f in fields(kind))
    return names, attrgetter(*names)


def _plain(value: Any) -> dict[str, Any]:
    kind: type = type(value)
    names, get = _getter(kind)
    return dict(zip(names, get(value), strict=True))


def _many(conn: Connection, table: Table, lines: Iterable[dict[str, Any]]) -> None:
    if batch := list(lines):
        conn.execute(_upsert(table, conn.dialect.name), batch)


def active_set(conn: Connection) -> tuple[str, str] | None:
    """(name, fold version) of the active set; None in a new data folder."""
    found = conn.execute(select(ACTIVE.c.name, ACTIVE.c.fold_version)).first()
    return (str(found[0]), str(found[1])) if found else None


def open_store(database: Database, writer: Writer, rules: Sequence[Rule]) -> SqlStore:
    """The active set's store; in a new folder, the first set. Raises OtherFold where the rules have changed."""
    database.create(OPERATIONAL)
    with database.read() as conn:
        active = active_set(conn)
    version = fold_version(rules)
    if active and active[1] != version:
        raise OtherFold(
            f"the tables of set {active[0]} were folded by rules {active[1]}, this version has {version}: "
            "run `touchline rebuild` (the record is untouched)"
        )
    name = active[0] if active else SETS[0]
    tables = set_tables(name, tuple(kind for rule in rules for kind in rule.rows))
    database.create(tables.metadata)
    if not active:
        writer.call(lambda conn: conn.execute(insert(ACTIVE).values(one=1, name=name, fold_version=version)))
    return SqlStore(tables, rules, writer.clock)
