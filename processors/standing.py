"""What stood at a place of the fact lane, whatever came after it: a rebuild folds the same as the engine did then, and an
engine that is behind the same as one that was abreast (invariant 7)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.event import Event

Fetch = Callable[[str, int], Event | None]
"""(event id, place) -> the fact, None where a fact up to that place had corrected or withdrawn it."""


def stood(ledger: Ledger, conn: Connection, tenant: Tenant, event_id: str, place: int) -> bool:
    """Was the event neither corrected nor withdrawn by any fact up to ``place``?"""
    by = ledger.corrected_by(conn, tenant, event_id)
    taker = None if by is None else ledger.fact(conn, tenant, by)
    return taker is None or taker.place > place


def fetching(ledger: Ledger, conn: Connection, tenant: Tenant) -> Fetch:
    """For a fold on this snapshot."""

    def fetch(event_id: str, place: int) -> Event | None:
        if not stood(ledger, conn, tenant, event_id, place):
            return None
        return ledger.fact(conn, tenant, event_id)

    return fetch
