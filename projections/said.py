"""A verdict found by its id (``said``: what the engine said of which row, and where)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, and_, bindparam, select

from ledger.hot import Among
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


@lru_cache(maxsize=32)
def _followed(tables: SetTables) -> Among:
    said = tables.said
    at = and_(verdicts.c.tenant == said.c.tenant, verdicts.c.place == said.c.place)
    query = select(said.c.verdict_id, verdicts.c.after).join_from(said, verdicts, at)
    return Among(
        lambda keys: query.where(said.c.tenant == bindparam("tenant"), said.c.verdict_id.in_(keys)), str
    )


def followed(conn: Connection, tables: SetTables, tenant: int, verdict_ids: Sequence[str]) -> dict[str, int]:
    """The places of the facts that they follow; ids under which the engine has said nothing are left out."""
    return {row[0]: row[1] for row in _followed(tables)(conn, verdict_ids, tenant=tenant)}


def said_by_id(
    conn: Connection, ledger: Ledger, tenant: Tenant, tables: SetTables, verdict_id: str
) -> Event | None:
    """None where the engine has said nothing under this id."""
    place = said_at(conn, tables, tenant.number, verdict_id)
    return None if place is None else ledger.verdicts_at(conn, tenant, (place,))[place]
