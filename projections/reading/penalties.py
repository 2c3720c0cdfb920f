"""What is asked of penalties (处罚), by the approver alone."""

from __future__ import annotations

from typing import Any

from ledger.tenants import Tenant
from projections.penalties import PenaltyList
from projections.reading.position import position
from projections.reading.snapshots import Snapshot, Snapshots


class PenaltyReading:
    """Penalties as proposed and decided."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def find(
        self,
        tenant: Tenant,
        *,
        state: str | None = None,
        case_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """The latest opened first. ``after`` is ``<opened>,<id>`` of the last one already had."""
        with self._snapshots.of(tenant) as seen:
            return _penalties(seen).find(state=state, case_id=case_id, limit=limit, after=position(after))

    def get(self, tenant: Tenant, penalty_id: str) -> dict[str, Any] | None:
        """One."""
        with self._snapshots.of(tenant) as seen:
            return _penalties(seen).get(penalty_id)


def _penalties(seen: Snapshot) -> PenaltyList:
    return PenaltyList(seen.conn, seen.ledger, seen.tenant, seen.tables)
