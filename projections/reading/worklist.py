"""What is asked of the worklist (今日待办)."""

from __future__ import annotations

from typing import Any

from ledger.tenants import Tenant
from projections.customers import told
from projections.kept import Kept
from projections.reading.position import position
from projections.reading.snapshots import Snapshot, Snapshots
from projections.today import Asked, Worklist
from projections.visits import Visit, visits_in


class WorklistReading:
    """Whom to call or visit (see ``today``)."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._visits: Kept[dict[tuple[int, str], Visit]] = Kept()

    def find(
        self, tenant: Tenant, asked: Asked, *, limit: int = 200, after: str | None = None, named: bool = False
    ) -> list[dict[str, Any]]:
        """By due instant. ``after`` as for promises. ``named``: with ``customer`` and ``about`` in clear, for the eyes of who
        may see the case."""
        with self._snapshots.of(tenant) as seen:
            found = self._worklist(seen).find(
                seen.conn, seen.number, asked, limit=limit, after=position(after)
            )
            if named:
                told(seen.conn, seen.ledger, tenant, found)
            for one in found:
                del one["places"]
            return found

    def counts(self, tenant: Tenant, asked: Asked) -> dict[str, Any]:
        """``{"counts", "persons", "roles"}``: how many stand where, and by whom anything on the list is owed."""
        with self._snapshots.of(tenant) as seen:
            queries = self._worklist(seen)
            persons, roles = queries.people(seen.conn, seen.number)
            return {
                "counts": queries.counts(seen.conn, seen.number, asked),
                "persons": persons,
                "roles": roles,
            }

    def _worklist(self, seen: Snapshot) -> Worklist:
        visits = self._visits.of(seen.tenant, seen.publications, lambda: visits_in(seen.policies()))
        return Worklist(seen.tables, seen.names, visits, seen.ledger.clock.now())
