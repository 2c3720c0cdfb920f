"""What stood at a place of the fact lane, whatever came after it: a rebuild folds the same as the engine did then, and an
engine that is behind the same as one that was abreast (invariant 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.event import Event

Fetch = Callable[[str, int], Event | None]
"""(event id, place) -> the fact, None where a fact up to that place had corrected or withdrawn it; or the verdict, as recorded
before the batch in hand, retracted since or not."""


def stood(ledger: Ledger, conn: Connection, tenant: Tenant, event_id: str, place: int) -> bool:
    """Was the event neither corrected nor withdrawn by any fact up to ``place``?"""
    by = ledger.corrected_by(conn, tenant, event_id)
    taker = None if by is None else ledger.fact(conn, tenant, by)
    return taker is None or taker.place > place


def fetching(
    ledger: Ledger, conn: Connection, tenant: Tenant, said_at: Callable[[str], int | None] = lambda _: None
) -> Fetch:
    """For a fold on this snapshot. ``said_at``: verdict id -> its place in the lane."""

    def fetch(event_id: str, place: int) -> Event | None:
        if not stood(ledger, conn, tenant, event_id, place):
            return None
        if (fact := ledger.fact(conn, tenant, event_id)) is not None or (at := said_at(event_id)) is None:
            return fact
        verdict = ledger.verdicts_at(conn, tenant, (at,))[at]
        return replace(verdict, recorded=int(verdict.origin["at"]))

    return fetch
