"""What letters there are: waiting, dead, of each state. Their content is not read for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, inspect, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.inbox.tables import DEAD, OPEN, STATES, WAITING, letters
from schemas.instants import Instant, format_instant

SHOWN = (
    "id", "place", "source", "media", "size", "received", "state", "field", "reason", "reason_zh", "faults", "events",
    "decided", "by", "cause", "opened", "opened_by",
)  # fmt: skip


class Lists:
    """Of the letters of all tenants of a ledger. From any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def waiting(self, limit: int) -> list[tuple[int, int, str, str]]:
        """(tenant's number, place, id, source), in order of receiving."""
        c = letters.c
        query = select(c.tenant, c.place, c.id, c.source).where(c.state == WAITING)
        with self._ledger.database.read() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(c.tenant, c.place).limit(limit))]

    def dead(self, tenant: Tenant, source: str = "", letter: str = "") -> list[tuple[int, str, str]]:
        """(place, id, source) of dead letters, in order of receiving."""
        c = letters.c
        query = select(c.place, c.id, c.source).where(c.state == DEAD, c.tenant == tenant.number)
        if source:
            query = query.where(c.source == source)
        if letter:
            query = query.where(c.id == letter)
        with self._ledger.database.read() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(c.place))]

    def dead_before(self, instant: Instant, limit: int) -> list[tuple[Tenant, str]]:
        """(tenant, id) of dead letters that were received before it, in order of receiving."""
        c = letters.c
        query = select(c.tenant, c.id).where(c.state == DEAD, c.received < instant)
        tenants = {tenant.number: tenant for tenant in self._ledger.tenants()}
        with self._ledger.database.read() as connection:
            found = connection.execute(query.order_by(c.tenant, c.place).limit(limit))
            return [(tenants[row.tenant], row.id) for row in found]

    def listed(
        self, tenant: Tenant, *, state: str = DEAD, source: str = "", after: int = 0, limit: int = 200
    ) -> list[dict[str, Any]]:
        """In order of receiving, from behind a place; ``state`` "" for all."""
        c = letters.c
        query = select(*(c[name] for name in SHOWN)).where(c.tenant == tenant.number, c.place > after)
        if state:
            query = query.where(c.state == state)
        if source:
            query = query.where(c.source == source)
        with self._ledger.database.read() as connection:
            if not inspect(connection).has_table(letters.name):
                return []  # a folder that no server of this version has opened yet
            rows = connection.execute(query.order_by(c.place).limit(limit)).mappings()
            return [_shown(row) for row in rows]

    def one(self, tenant: Tenant, letter: str) -> dict[str, Any] | None:
        """One by its id."""
        c = letters.c
        query = select(*(c[name] for name in SHOWN)).where(c.tenant == tenant.number, c.id == letter)
        with self._ledger.database.read() as connection:
            if not inspect(connection).has_table(letters.name):
                return None
            row = connection.execute(query).mappings().first()
        return None if row is None else _shown(row)

    def standing(self, tenant: Tenant) -> dict[str, int]:
        """How many there are of each state."""
        c = letters.c
        query = select(c.state, func.count()).where(c.tenant == tenant.number).group_by(c.state)
        with self._ledger.database.read() as connection:
            found = {str(row[0]): int(row[1]) for row in connection.execute(query)}
        return {state: found.get(state, 0) for state in STATES}


def there(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> set[str]:
    """Those of these letters whose text is there."""
    c = letters.c
    query = select(c.id).where(c.tenant == tenant.number, c.id.in_(ids), c.state.in_(OPEN))
    return set(connection.execute(query).scalars())


def _shown(row: RowMapping) -> dict[str, Any]:
    made = dict(row)
    for name in ("received", "decided", "opened"):
        at: Instant = made[name]
        made[name] = format_instant(at) if at else None
    return made
