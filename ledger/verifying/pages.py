"""Reading rows for verify: raw tuples from the driver's own cursor, in pages of short snapshots, so that a running server
goes on writing and a checkpoint never waits long."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Table, bindparam, select
from sqlalchemy.exc import DatabaseError

from ledger.chain import FACTS, VERDICTS
from ledger.hot import Hot
from ledger.tables import corrections, fact_ids, facts, verdicts

UNREADABLE = (DatabaseError, sqlite3.DatabaseError)
"""A page that is damaged, in the words of Core or of the driver."""
PAGE = 4000
"""Rows of one snapshot: some milliseconds, a few megabytes."""
LANES = {FACTS: facts, VERDICTS: verdicts}


class Reads(Protocol):
    """What can be read from: ``ledger.database.Database``, or a reader of the same file in another process."""

    def read(self) -> AbstractContextManager[Connection]: ...


def _columns(table: Table) -> list[Column[Any]]:
    return [table.c[name] for name in ("place", "recorded", "after", "body", "hash") if name in table.c]


def _range(table: Table) -> Hot:
    return Hot(
        select(*_columns(table))
        .where(
            table.c.tenant == bindparam("tenant"),
            table.c.place > bindparam("after_place"),
            table.c.place <= bindparam("upto"),
        )
        .order_by(table.c.place)
        .limit(bindparam("most"))
    )


def _one(table: Table) -> Hot:
    return Hot(
        select(*_columns(table)).where(
            table.c.tenant == bindparam("tenant"), table.c.place == bindparam("at_place")
        )
    )


_lanes = {lane: _range(table) for lane, table in LANES.items()}
_at = {lane: _one(table) for lane, table in LANES.items()}
_ids = Hot(
    select(fact_ids.c.event_id, fact_ids.c.place)
    .where(
        fact_ids.c.tenant == bindparam("tenant"),
        fact_ids.c.event_id > bindparam("after_key"),
        fact_ids.c.event_id <= bindparam("upto"),
    )
    .order_by(fact_ids.c.event_id)
    .limit(bindparam("most"))
)
_corrections = Hot(
    select(corrections.c.target, corrections.c.place, corrections.c.event_id)
    .where(corrections.c.tenant == bindparam("tenant"), corrections.c.target > bindparam("after_key"))
    .order_by(corrections.c.target)
    .limit(bindparam("most"))
)


def lane_pages(
    source: Reads, lane: str, tenant: int, upto: int, place: Callable[[], int]
) -> Iterator[Iterator[Any]]:
    """Pages of rows up to ``upto``: (place, recorded, body, hash), with ``after`` before the body in verdicts. A page is
    the driver's cursor itself, to be read to its end; ``place`` says where its reader has come, and the next begins
    behind that."""
    while True:
        began = place()
        with source.read() as connection:
            yield _lanes[lane].rows(connection, tenant=tenant, after_place=began, upto=upto, most=PAGE)
        if place() == began or place() >= upto:
            return


def row_at(connection: Connection, lane: str, tenant: int, place: int) -> Any:
    """(place, recorded, after or None, body, hash), or None where there is no such row."""
    if not -(2**63) <= place < 2**63:
        return None
    found = _at[lane](connection, tenant=tenant, at_place=place)
    if not found:
        return None
    row = found[0]
    return row if lane == VERDICTS else (row[0], row[1], None, row[2], row[3])


def verdict_places(connection: Connection, tenant: int, after: int, upto: int, end: int) -> tuple[int, int]:
    """The verdict places (after, upto] that follow facts in (after, upto]: found by halving, since ``after`` only rises."""

    def last_following(fact: int) -> int:
        low, high = 0, end
        while low < high:
            middle = (low + high + 1) // 2
            row = row_at(connection, VERDICTS, tenant, middle)
            low, high = (middle, high) if row is not None and row[2] <= fact else (low, middle - 1)
        return low

    return last_following(after), last_following(upto)


def id_pages(source: Reads, tenant: int, after: bytes, upto: bytes) -> Iterator[list[Any]]:
    """Pages of (event id, place) of the id table in the order of its key, event ids in (after, upto]."""
    while True:
        with source.read() as connection:
            found = _ids(connection, tenant=tenant, after_key=after, upto=upto, most=PAGE)
        yield found
        if len(found) < PAGE:
            return
        after = found[-1][0]


def correction_pages(source: Reads, tenant: int) -> Iterator[list[Any]]:
    """Pages of (target, place, event id) of the table of corrections."""
    after = b""
    while True:
        with source.read() as connection:
            found = _corrections(connection, tenant=tenant, after_key=after, most=PAGE)
        yield found
        if len(found) < PAGE:
            return
        after = found[-1][0]
