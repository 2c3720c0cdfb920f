"""A verdict found by its id (``said``: what the engine said of which row, and where)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from projections.tables import SetTables
from schemas.event import Event


def said_at(conn: Connection, tables: SetTables, tenant: int, verdict_id: str) -> int | None:
    """Its place in the lane; None where the engine has said nothing under this id."""
    said = tables.said.c
    place = conn.scalar(select(said.place).where(said.tenant == tenant, said.verdict_id == verdict_id))
    return None if place is None else int(place)


def said_by_id(
    conn: Connection, ledger: Ledger, tenant: Tenant, tables: SetTables, verdict_id: str
) -> Event | None:
    """None where the engine has said nothing under this id."""
    place = said_at(conn, tables, tenant.number, verdict_id)
    return None if place is None else ledger.verdicts_at(conn, tenant, (place,))[place]
