"""Rows that stand where nobody reads: at places that cannot be, or under a number that no tenant has."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select

from ledger.chain import FACTS, VERDICTS
from ledger.findings import Report
from ledger.tables import corrections, counters, engines, fact_ids, facts, verdicts
from ledger.verifying.damage import Damage
from ledger.verifying.heads import KEEPER, head_row
from ledger.verifying.pages import LANES, UNREADABLE, Reads, row_at

Register = tuple[tuple[int, bytes], ...]
_MOST = 1000


def check_strays(source: Reads, report: Report, number: int, raw: bytes, register: Register) -> None:
    """Rows before place 1 and beyond the keeper, in a snapshot of now: a lane that has grown since has its keeper with it."""
    name = raw.decode(errors="replace")
    for lane, table in LANES.items():
        with source.read() as connection:
            head = head_row(connection, lane, number)
            outside = table.c.place < 1
            if head is not None:
                outside = outside | (table.c.place > head.place)
            query = select(table.c.place).where(table.c.tenant == number, outside)
            places = connection.scalars(query.order_by(table.c.place).limit(_MOST)).all()
            for place in places:
                what = "there is no such place" if place < 1 else f"stands beyond the {KEEPER[lane]}"
                home = _home(source, connection, lane, number, raw, place, register)
                if home is None:
                    report.bad(name, lane, place, what, "place")
                else:
                    report.bad(name, lane, place, f"{what}: {home[0]}", home[1])


def check_orphans(source: Reads, report: Report, register: Register) -> None:
    """Rows under a number that no tenant has; the first of each number and table, for all of them are."""
    known = {number for number, _ in register}
    for table in (facts, verdicts, fact_ids, corrections, counters, engines):
        last = -(2**63)
        try:
            while (number := _next(source, table, last)) is not None:
                if number not in known:
                    _orphan(source, report, table, number, register)
                last = number
        except UNREADABLE:
            report.bad("", table.name, 0, "the database cannot read it")


def _next(source: Reads, table: Table, last: int) -> int | None:
    """The next number that has rows: one step down the index, never a scan."""
    with source.read() as connection:
        found = connection.scalar(select(func.min(table.c.tenant)).where(table.c.tenant > last))
        return None if found is None else int(found)


def _orphan(source: Reads, report: Report, table: Table, number: int, register: Register) -> None:
    column = table.c["decided" if table is engines else "place"]
    what = "rows of a tenant that is not registered"
    with source.read() as connection:
        place = connection.scalar(select(func.min(column)).where(table.c.tenant == number)) or 0
        if table.name in (FACTS, VERDICTS):
            home = _home(source, connection, table.name, number, b"", place, register)
            what += f": {home[0]}" if home is not None else ""
    report.bad(f"#{number}", table.name, place, what, "tenant")


def _home(
    source: Reads, connection: Connection, lane: str, number: int, raw: bytes, place: int, register: Register
) -> tuple[str, str] | None:
    row = row_at(connection, lane, number, place)
    return None if row is None else Damage(source, lane, number, raw, register).belongs(*row)
