"""What is asked of the past: cases replayed to a moment, and why something is due, or was said."""

from __future__ import annotations

from typing import Any

from ledger.tenants import Tenant
from projections import explain
from projections.moment import Moment
from projections.penalties import PenaltyList
from projections.promises import Promises
from projections.reading.snapshots import Snapshots
from schemas.confidential import confidential
from schemas.instants import Instant


class HistoryReading:
    """What speaks of penalties is for the approver alone."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def of(
        self,
        tenant: Tenant,
        case_id: str,
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any] | None:
        """A case replayed to a moment (see ``replay``), without what speaks of penalties."""
        with self._snapshots.of(tenant) as seen:
            return seen.replay().history(case_id, Moment(as_of, known_at))

    def whole(
        self,
        tenant: Tenant,
        case_id: str,
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any] | None:
        """The same with all that was said and decided of penalties, and those of the case as they are now."""
        with self._snapshots.of(tenant) as seen:
            found = seen.replay().history(case_id, Moment(as_of, known_at), penalties=True)
            if found is not None:
                penalties = PenaltyList(seen.conn, seen.ledger, tenant, seen.tables)
                found["penalties"] = penalties.find(case_id=case_id)
            return found

    def explain(self, tenant: Tenant, name: str, *, penalties: bool = False) -> dict[str, Any] | None:
        """Why: ``name`` is a promise id or a verdict id; of one that speaks of ``penalties`` for the approver alone."""
        with self._snapshots.of(tenant) as seen:
            replay = seen.replay()
            queries = Promises(seen.tables, seen.names, self._snapshots.now())
            if (row := queries.row(seen.conn, seen.number, name)) is not None:
                return explain.promise(replay, row)
            found = replay.verdict(name)
            if found is not None and (penalties or not confidential(found)):
                about = queries.row(seen.conn, seen.number, str(found.origin.get("row", "")))
                return explain.verdict(replay, found, about)
        return None
