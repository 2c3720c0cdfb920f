"""A verdict found by its id (``said``: what the engine said of which row, and where)."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from ledger.ledger import Ledger
from ledger.tables import verdicts
from ledger.tenants import Tenant
from projections.tables import SetTables
from schemas.event import Event


def said_at(conn: Connection, tables: SetTables, tenant: int, verdict_id: str) -> int | None:
    """Its place in the lane; None where the engine has said nothing under this id."""
    said = tables.said.c
    place = conn.scalar(select(said.place).where(said.tenant == tenant, said.verdict_id == verdict_id))
    return None if place is None else int(place)


def follows(conn: Connection, tables: SetTables, tenant: int, verdict_id: str) -> int | None:
    """The place of the fact that it follows; None where the engine has said nothing under this id."""
    said = tables.said.c
    at = and_(verdicts.c.tenant == said.tenant, verdicts.c.place == said.place)
    query = select(verdicts.c.after).join_from(tables.said, verdicts, at)
    place = conn.scalar(query.where(said.tenant == tenant, said.verdict_id == verdict_id))
    return None if place is None else int(place)


def said_by_id(
    conn: Connection, ledger: Ledger, tenant: Tenant, tables: SetTables, verdict_id: str
) -> Event | None:
    """None where the engine has said nothing under this id."""
    place = said_at(conn, tables, tenant.number, verdict_id)
    return None if place is None else ledger.verdicts_at(conn, tenant, (place,))[place]
