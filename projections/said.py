"""A verdict found by its id (``said``: what the engine said of which row, and where)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from projections.tables import SetTables
from schemas.event import Event


def said_by_id(
    conn: Connection, ledger: Ledger, tenant: Tenant, tables: SetTables, verdict_id: str
) -> Event | None:
    """None where the engine has said nothing under this id."""
    said = tables.said
    place = conn.scalar(
        select(said.c.place).where(said.c.tenant == tenant.number, said.c.verdict_id == verdict_id)
    )
    return None if place is None else ledger.verdicts(conn, tenant, place - 1, 1)[0]
