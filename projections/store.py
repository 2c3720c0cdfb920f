"""The store of rows: one transaction for all that a batch changed (invariant 6), and which set is the active one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Table,
    and_,
    insert,
    literal_column,
    select,
    update,
)

from ledger import lanes
from ledger.clock import Clock
from ledger.columns import STRICT, int64, text
from ledger.database import Database
from ledger.hot import Hot
from ledger.lanes import EngineState
from ledger.writer import Writer
from processors.ports import Effects, Recall, Written
from processors.rules.linear import AnyRule, Summed
from processors.rules.protocol import Row
from projections.pages import SqlPages
from projections.prepared import adding, columns, deleting, emptying, filling, keys, putting, setting
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


_QUERY = select(ACTIVE.c.name, ACTIVE.c.fold_version)
_ACTIVE, _HELD = Hot(_QUERY), Hot(_QUERY.with_for_update(read=True))

Putting = Callable[[Table, Connection], Callable[[Connection, Sequence[tuple[Any, ...]]], None]]
"""``prepared.putting`` or ``prepared.filling``."""


class OtherFold(RuntimeError):
    """The tables were folded by another version of the rules; run ``touchline rebuild``."""


class SqlStore:
    """Tables of one set, and the transaction that changes them."""

    def __init__(self, tables: SetTables, rules: Sequence[AnyRule], clock: Clock) -> None:
        self.tables = tables
        self.rules = tuple(rules)
        self.clock = clock

    @property
    def name(self) -> str:
        return self.tables.name

    @cached_property
    def version(self) -> str:
        return fold_version(self.rules)

    def current(self, conn: Connection, *, hold: bool = False) -> bool:
        """Is this the active set? ``hold``, in a job of the writer: and does it stay so until the commit?"""
        return (_HELD if hold else _ACTIVE)(conn).first() == (self.name, self.version)

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

    def fill(self, conn: Connection, tenant: int, effects: Effects) -> None:
        """The same as ``write`` where nobody has written any of this evidence, these rows and lines of the index before, but
        for evidence that is voided."""
        tables = self.tables
        fresh = [one for one in effects.evidence if not one[1].voided]
        filling(tables.evidence, conn)(conn, _ruled(tables.evidence, tenant, fresh))
        filling(tables.said, conn)(conn, [(tenant, *one) for one in effects.said])
        again = [one for one in effects.evidence if one[1].voided]
        self.write(conn, tenant, replace(effects, evidence=again, said=[]), filling)

    def write(self, conn: Connection, tenant: int, effects: Effects, new: Putting = putting) -> None:
        """The rows alone: evidence, rows, announcements. ``new``: how rows are put that do not stand."""
        tables = self.tables
        putting(tables.evidence, conn)(conn, _ruled(tables.evidence, tenant, effects.evidence))
        kinds: dict[type[Row], list[Written]] = {}
        for written in effects.rows:
            kinds.setdefault(type(written.row), []).append(written)
        for kind, lines in kinds.items():
            write_rows(conn, tables.rows[kind], tenant, lines, new)
        for row in effects.gone:
            deleting(tables.rows[type(row)])(conn, [(tenant, row.id)])
        sums: dict[str, list[Summed]] = {}
        for one in effects.sums:
            sums.setdefault(one.table, []).append(one)
        for name, cells in sums.items():
            add_up(conn, tables.sums[name], tenant, cells)
        putting(tables.announced, conn)(conn, _ruled(tables.announced, tenant, effects.announced))
        putting(tables.said, conn)(conn, [(tenant, *one) for one in effects.said])
        putting(tables.parked, conn)(
            conn, _ruled(tables.parked, tenant, ((p.rule, p) for p in effects.parked))
        )
        putting(tables.publications, conn)(conn, [(tenant, place) for place in effects.publications])
        deleting(tables.publications)(conn, [(tenant, place) for place in effects.unneeded])
        for recall in effects.recalls:
            table = tables.rows[recall.table]
            conn.execute(
                update(table)
                .where(table.c.tenant == tenant, table.c.next > recall.next, recalled(table, recall))
                .values(next=recall.next)
            )


def add_up(conn: Connection, table: Table, tenant: int, cells: Sequence[Summed]) -> None:
    """Add to what stands, of which nothing is read. A cell of zeros alone is one that nobody adds to any more: it goes."""
    adding(table, conn)(conn, [(tenant, *cell.key, *cell.amounts) for cell in cells])
    spent = [(tenant, *cell.key) for cell in cells if any(amount < 0 for amount in cell.amounts)]
    emptying(table)(conn, spent)


def recalled(table: Table, recall: Recall) -> ColumnElement[bool]:
    """The rows that a publication recalls. A flag is written out: only so is its partial index looked into."""
    column, value = table.c[recall.column], recall.value
    if recall.reach:
        low, high = value
        return and_(column > low, column <= high, table.c.next <= recall.next + recall.reach)
    found: ColumnElement[bool] = column == (literal_column(str(value)) if isinstance(value, int) else value)
    return found


def write_rows(
    conn: Connection, table: Table, tenant: int, lines: Iterable[Written], new: Putting = putting
) -> None:
    """Insert what is new; of what stands, write the columns that no index bears, and the indexed ones that changed: an index
    entry costs as much as the row."""
    names, indexed = columns(table)[1:], _indexed(table)
    fresh: list[tuple[Any, ...]] = []
    changed: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    values: Callable[[Any], tuple[Any, ...]] = attrgetter(*names[:-1])
    for row, upcoming, before in lines:
        now = (*values(row), upcoming)
        if before is None:
            fresh.append((tenant, *now))
            continue
        was = (*values(before[0]), before[1])
        moved = tuple(names[n] for n in indexed if now[n] != was[n])
        changed.setdefault(moved, []).append(now)
    if fresh:
        new(table, conn)(conn, fresh)
    at = names.index("id")
    for moved, rows in changed.items():
        written, pick = _written(table, moved)
        setting(table, written)(conn, [(*pick(now), tenant, now[at]) for now in rows])


@lru_cache(maxsize=256)
def _indexed(table: Table) -> tuple[int, ...]:
    """Positions, tenant left out, of the columns that some index bears."""
    names = columns(table)[1:]
    found = {column.name for index in table.indexes for column in index.columns}
    return tuple(n for n, name in enumerate(names) if name in found and name not in keys(table))


@lru_cache(maxsize=1024)
def _written(
    table: Table, moved: tuple[str, ...]
) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """(columns to write, what picks their values of a line without tenant)."""
    names, indexed = columns(table)[1:], _indexed(table)
    at = [
        n for n, name in enumerate(names) if name in moved or (n not in indexed and name not in keys(table))
    ]
    if len(at) == 1:
        return (names[at[0]],), lambda line: (line[at[0]],)
    return tuple(names[n] for n in at), itemgetter(*at)


def _ruled(table: Table, tenant: int, lines: Iterable[tuple[str, Any]]) -> list[tuple[Any, ...]]:
    """(rule, tuple of a class of which the table is made) -> values in the table's order: the key's columns stand first."""
    pick: Callable[[Any], tuple[Any, ...]] = attrgetter(*columns(table)[2:])
    return [(tenant, rule, *pick(line)) for rule, line in lines]


def active_set(conn: Connection) -> tuple[str, str] | None:
    """(name, fold version) of the active set; None in a new data folder."""
    found = conn.execute(select(ACTIVE.c.name, ACTIVE.c.fold_version)).first()
    return (str(found[0]), str(found[1])) if found else None


def open_store(database: Database, writer: Writer, rules: Sequence[AnyRule]) -> SqlStore:
    """The active set's store; in a new folder, the first set. Raises OtherFold where the rules have changed."""
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
    if not active:  # who makes a set writes it down last: the tables of the active one stand
        database.create(tables.metadata)
        writer.call(lambda conn: conn.execute(insert(ACTIVE).values(one=1, name=name, fold_version=version)))
    return SqlStore(tables, rules, writer.clock)
