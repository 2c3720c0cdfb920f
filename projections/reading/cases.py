"""What is asked of cases (事项)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ledger import lanes
from ledger.tenants import Tenant
from projections import owners, repetitions
from projections.cases import CaseList
from projections.reading.position import position
from projections.reading.snapshots import Snapshot, Snapshots

PAGE: Final = 500


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

    def opened(self, tenant: Tenant, case_ids: Sequence[str]) -> set[str]:
        """Those of which a touchpoint stands that opens a case (受理、报修 …)."""
        with self._snapshots.of(tenant) as seen:
            return CaseList(seen.tables).opened(seen.conn, seen.number, case_ids)

    def tickets(self, tenant: Tenant, case_ids: Iterable[str]) -> dict[str, str]:
        """Case id -> its source's own number (投诉编号、报修编号), of those that have one."""
        with self._snapshots.of(tenant) as seen:
            return CaseList(seen.tables).tickets(
                seen.conn, seen.number, sorted(case for case in {*case_ids} if case)
            )

    def unopened(self, tenant: Tenant, source: str) -> dict[str, int]:
        """Ticket (or case id, where there is none) -> touchpoints, of cases that a source only ever spoke of: nothing opens
        them. Looks through all cases."""
        found: dict[str, int] = {}
        after = ""
        with self._snapshots.of(tenant) as seen:
            cases = CaseList(seen.tables)
            while page := cases.of_source(seen.conn, seen.number, source, after, PAGE):
                after = page[-1][0]
                opened = cases.opened(seen.conn, seen.number, [case for case, _, _ in page])
                found |= {ticket or case: many for case, ticket, many in page if case not in opened}
        return dict(sorted(found.items()))

    def elsewhere(self, tenant: Tenant, tickets: Sequence[str]) -> dict[str, list[str]]:
        """Ticket -> the sources, in order, of which cases were opened under it."""
        with self._snapshots.of(tenant) as seen:
            cases = CaseList(seen.tables)
            numbered = cases.numbered(seen.conn, seen.number, tickets)
            opened = cases.opened(seen.conn, seen.number, [case for _, _, case in numbered])
        found: dict[str, set[str]] = {}
        for ticket, source, case in numbered:
            if case in opened:
                found.setdefault(ticket, set()).add(source)
        return {ticket: sorted(sources) for ticket, sources in found.items()}

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
