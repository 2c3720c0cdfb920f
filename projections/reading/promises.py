"""What is asked of promises (履约时限)."""

from __future__ import annotations

from typing import Any

from ledger.tenants import Tenant
from projections import owners
from projections.promises import Promises
from projections.reading.position import position
from projections.reading.snapshots import Snapshot, Snapshots


class PromiseReading:
    """Promises that open later than now have not begun, and are not told."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def find(
        self,
        tenant: Tenant,
        *,
        state: str | None = None,
        wall: str | None = None,
        case_id: str | None = None,
        project_id: str | None = None,
        limit: int = 200,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """By due instant. ``after`` is ``<due>,<id>`` of the last one already had (an undated one: ``,<id>``)."""
        with self._snapshots.of(tenant) as seen:
            found = self._promises(seen).find(
                seen.conn,
                seen.number,
                state=state,
                wall=wall,
                case_id=case_id,
                project_id=project_id,
                limit=limit,
                after=position(after),
            )
            owners.fill(seen.conn, seen.tables, seen.number, found)
            return found

    def settled_lately(self, tenant: Tenant, wall: str, limit: int = 50) -> list[dict[str, Any]]:
        """Settled promises of a wall state, the latest first."""
        with self._snapshots.of(tenant) as seen:
            return self._promises(seen).settled_lately(seen.conn, seen.number, wall=wall, limit=limit)

    def longest_open(self, tenant: Tenant, wall: str, limit: int = 50) -> list[dict[str, Any]]:
        """Promises of a wall state without due instants, those open longest first."""
        with self._snapshots.of(tenant) as seen:
            found = self._promises(seen).longest_open(seen.conn, seen.number, wall=wall, limit=limit)
            owners.fill(seen.conn, seen.tables, seen.number, found)
            return found

    def get(self, tenant: Tenant, promise_id: str) -> dict[str, Any] | None:
        """One promise."""
        with self._snapshots.of(tenant) as seen:
            found = self._promises(seen).get(seen.conn, seen.number, promise_id)
            owners.fill(seen.conn, seen.tables, seen.number, [found] if found else [])
            return found

    def counts(self, tenant: Tenant) -> dict[str, int]:
        """How many promises stand under each wall state."""
        with self._snapshots.of(tenant) as seen:
            return self._promises(seen).counts(seen.conn, seen.number)

    def _promises(self, seen: Snapshot) -> Promises:
        return Promises(seen.tables, seen.names, self._snapshots.now())
