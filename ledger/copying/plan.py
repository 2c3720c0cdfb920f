"""What is copied, and up to where: the heads of one snapshot. The record only grows, so its rows up to those heads are the
same in any later snapshot, and are read in pages of short ones; a long one would hold up the source.

Operational rows change, so they are taken in the snapshot of the heads itself. Keys come last: a key is committed before
what it seals, so the keys of a later instant open everything up to the heads; and who was erased meanwhile stays erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, select

from ledger.hot import Hot
from ledger.tables import api_keys, corrections, counters, engines, fact_ids, facts, tenants, verdicts
from ledger.verifying.pages import Reads

PAGE = 2000
Row = tuple[Any, ...]
Heads = Mapping[int, tuple[int, int]]
"""By tenant number: last fact, last verdict."""


@dataclass(frozen=True, slots=True)
class Portable:
    """An operational table that goes along. ``rows``: which, and as what; None for all as they stand."""

    table: Table
    rows: Callable[[Select[Any], Heads], Select[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Read in one snapshot."""

    ledger_id: str
    heads: Heads
    tenants: list[Row]
    counters: list[Row]
    engines: list[Row]
    names: Mapping[int, str]

    @property
    def whole(self) -> int:
        """Rows of both lanes."""
        return sum(fact + verdict for fact, verdict in self.heads.values())


def plan(connection: Connection, ledger_id: str) -> Plan:
    """The register and the heads. An engine's row goes with its epoch raised and without its owner: whoever holds the source's
    tenant can never write here; and without the set that it folded into, for rebuildable tables are folded afresh."""
    listed = _rows(connection, tenants)
    counted = _rows(connection, counters)
    names = list(engines.c.keys())
    engined = []
    for row in _rows(connection, engines):
        engine = dict(zip(names, row, strict=True))
        engine |= {"epoch": engine["epoch"] + 1, "owner": "", "set_name": "a", "fold_version": ""}
        engined.append(tuple(engine[name] for name in names))
    places = {row[0]: row[names.index("verdict_place")] for row in engined}
    at = list(counters.c.keys()).index("place")
    heads = {row[0]: (row[at], places[row[0]]) for row in counted}
    return Plan(ledger_id, heads, listed, counted, engined, {row[0]: row[1] for row in listed})


def _rows(connection: Connection, table: Table) -> list[Row]:
    query = select(table).order_by(*table.primary_key.columns)
    return [tuple(row) for row in connection.execute(query)]


def operational(connection: Connection, portable: Portable, heads: Heads) -> Iterator[list[Row]]:
    """Pages of an operational table, on the snapshot of the heads."""
    query = select(portable.table)
    if portable.rows is not None:
        query = portable.rows(query, heads)
    for page in connection.execution_options(yield_per=PAGE).execute(query).partitions():
        yield [tuple(row) for row in page]


API_KEYS = Portable(api_keys)


def _pages(table: Table, key: str) -> Hot:
    ordered = table.c[key]
    return Hot(
        select(table)
        .where(
            table.c.tenant == bindparam("of_tenant"),
            ordered > bindparam("behind"),
            table.c.place <= bindparam("upto"),
        )
        .order_by(ordered)
        .limit(bindparam("most"))
    )


_RECORD = {
    facts: ("place", _pages(facts, "place")),
    verdicts: ("place", _pages(verdicts, "place")),
    fact_ids: ("event_id", _pages(fact_ids, "event_id")),
    corrections: ("target", _pages(corrections, "target")),
}


def record(source: Reads, table: Table, tenant: int, upto: int) -> Iterator[list[Row]]:
    """Pages of a record table of one tenant at places up to ``upto``, in the order of its key."""
    name, hot = _RECORD[table]
    at = list(table.c.keys()).index(name)
    behind: Any = b"" if name != "place" else -(2**63)
    while True:
        with source.read() as connection:
            page = list(hot(connection, of_tenant=tenant, behind=behind, upto=upto, most=PAGE))
        if page:
            yield page
            behind = page[-1][at]
        if len(page) < PAGE:
            return
