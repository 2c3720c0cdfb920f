"""Checking a ledger against itself: every stored column of the record is computed again, in constant memory.

A place is bad where the row is missing, or does not hash to its stored hash from the one before; the row after a bad one is
judged from the bad one's stored hash or its true one, so that one flipped bit names one place. A tail that was cut
off together with the counter is found only by a head kept elsewhere (``expect``).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import LargeBinary, cast, func, select
from sqlalchemy.exc import DatabaseError

from ledger.chain import GENESIS, TENANTS, tenant_hash
from ledger.database import Database
from ledger.findings import BadPlace, LaneHead, Report
from ledger.tables import corrections, counters, engines, fact_ids, facts, tenants, verdicts
from ledger.verify_tenant import Progress, TenantCheck, readable

__all__ = ["BadPlace", "LaneHead", "Progress", "Report", "verify"]


def verify(
    database: Database,
    tenant: str | None = None,
    progress: Progress | None = None,
    expect: Sequence[LaneHead] = (),
) -> Report:
    """Check one tenant or all. Short snapshots: a running server goes on writing. Never raises on what it finds."""
    report = Report()
    register = _register(database, report)
    for number, name in register:
        if tenant in (None, readable(name)):
            TenantCheck(database, report, number, name, progress, expect).check()
    known = {readable(name) for _, name in register}
    for head in expect:
        if head.tenant not in known and tenant in (None, head.tenant):
            report.bad(head.tenant, TENANTS, 0, "expected, but not registered")
    if tenant is None:
        _orphans(database, report, {number for number, _ in register})
    elif tenant not in known:
        report.bad(tenant, TENANTS, 0, "not registered")
    return report


def _register(database: Database, report: Report) -> list[tuple[int, bytes]]:
    query = select(tenants.c.number, cast(tenants.c.name, LargeBinary), tenants.c.hash)
    with database.read() as connection:
        try:
            rows = connection.execute(query.order_by(tenants.c.number)).all()
        except DatabaseError:
            report.bad("", TENANTS, 0, "the database cannot read it")
            return []
    before = {GENESIS}
    for at, (number, name, hashed) in enumerate(rows, 1):
        true = {tenant_hash(previous, number, name) for previous in before}
        if number != at:
            report.bad(readable(name), TENANTS, at, f"number {number} stands at position {at}")
        elif hashed not in true:
            report.bad(readable(name), TENANTS, number, "number, name or hash was changed")
        before = true | {hashed}
    return [(number, name) for number, name, _ in rows]


def _orphans(database: Database, report: Report, known: set[int]) -> None:
    """Rows under a number that no tenant has."""
    for table in (facts, verdicts, fact_ids, corrections, counters, engines):
        last = -(2**63)
        while True:
            with database.read() as connection:
                query = select(func.min(table.c.tenant)).where(table.c.tenant > last)
                try:
                    found = connection.execute(query).scalar_one()
                except DatabaseError:
                    report.bad("", table.name, 0, "the database cannot read it")
                    break
                if found is None:
                    break
                if found not in known:
                    place = "decided" if table is engines else "place"
                    lowest = select(func.min(table.c[place])).where(table.c.tenant == found)
                    at = connection.execute(lowest).scalar_one()
                    report.bad(f"#{found}", table.name, at, "rows of a tenant that is not registered")
                last = found
        # an orphan's further rows are not listed: they are all orphans
