"""What is asked of cases (事项)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger import lanes
from ledger.tenants import Tenant
from projections import owners, repetitions
from projections.cases import CaseList
from projections.reading.position import position
from projections.reading.snapshots import Snapshot, Snapshots


class CaseReading:
    """Cases as they are now; as they were is told by their histories."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def find(
        self,
        tenant: Tenant,
        *,
        kind: str | None = None,
        state: str | None = None,
        project_id: str | None = None,
        ticket: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """The latest touched first. ``after`` is ``<last>,<id>`` of the last one already had."""
        with self._snapshots.of(tenant) as seen:
            found = CaseList(seen.tables).find(
                seen.conn,
                seen.number,
                kind=kind,
                state=state,
                project_id=project_id,
                ticket=ticket,
                limit=limit,
                after=position(after),
            )
            owned = owners.of_cases(seen.conn, seen.tables, seen.number, (one["id"] for one in found))
            return [
                {**one, "owner": owned[one["id"]]["owner"] if one["id"] in owned else ""} for one in found
            ]

    def get(self, tenant: Tenant, case_id: str) -> dict[str, Any] | None:
        """One case, with the ``place`` of its last fact."""
        with self._snapshots.of(tenant) as seen:
            conn, tables, number = seen.conn, seen.tables, seen.number
            cases = CaseList(tables)
            found = cases.get(conn, number, case_id)
            if found is None:
                return None
            ownership = owners.of_cases(conn, tables, number, (case_id,)).get(case_id)
            rows = repetitions.rows_of(conn, tables, number, case_id)
            return {
                **found,
                "owner": ownership["owner"] if ownership else "",
                "ownership": ownership,
                "repetition": repetitions.view(rows, case_id, _ladder(seen)),
                "place": cases.place(conn, number, case_id),
            }

    def place(self, tenant: Tenant, case_id: str) -> tuple[int, int]:
        """(place of the last fact of a case, fact place up to which that is known)."""
        with self._snapshots.of(tenant) as seen:
            decided = lanes.engine_state(seen.conn, tenant).decided
            return CaseList(seen.tables).place(seen.conn, seen.number, case_id), decided


def _ladder(seen: Snapshot) -> Callable[[int], Mapping[str, Any]]:
    """Repetition ladders by the places of their publications, each read once."""
    known: dict[int, Mapping[str, Any]] = {}

    def ladder(place: int) -> Mapping[str, Any]:
        if place not in known:
            fact = seen.ledger.facts_at(seen.conn, seen.tenant, [place]).get(place)
            known[place] = (fact.data["policy"].get("repetition") if fact else None) or {}
        return known[place]

    return ladder
