"""What is asked of the engine: how far it has come, what it set aside, and whether today's rules agree with it."""

from __future__ import annotations

from typing import Any

from ledger import lanes
from ledger.tenants import Tenant
from projections.reading.snapshots import Snapshots
from schemas.instants import Instant


class EngineReading:
    """Of one tenant's engine, as its tables and its lanes tell it."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def decided(self, tenant: Tenant) -> tuple[int, int]:
        """(decided fact place, verdict place)."""
        with self._snapshots.database.read() as conn:
            state = lanes.engine_state(conn, tenant)
            return state.decided, state.verdict_place

    def abreast(self, tenant: Tenant, at: Instant) -> bool:
        """Whether the tables tell all that was recorded and fell due before ``at``; after downtime they do not at once."""
        with self._snapshots.of(tenant) as seen:
            decided = lanes.engine_state(seen.conn, tenant).decided
            following = seen.ledger.facts(seen.conn, tenant, decided, 1)
            if following and following[0].recorded < at:
                return False
            return seen.pages.earliest() >= at

    def earliest(self, tenant: Tenant) -> Instant:
        """The first instant at which a row has more to say: in the past where no engine has come to it; NEVER if none."""
        with self._snapshots.of(tenant) as seen:
            return seen.pages.earliest()

    def parked(self, tenant: Tenant) -> list[dict[str, Any]]:
        """(rule, event) that a rule failed on and that were not resumed; with a ``scope``, that one stands still."""
        with self._snapshots.of(tenant) as seen:
            return [
                {
                    "rule": p.rule,
                    "event_id": p.event_id,
                    "scope": p.scope,
                    "error": p.error,
                    "verdict": p.verdict_id,
                }
                for p in seen.pages.parked()
                if not p.resumed
            ]

    def parked_list(self, tenant: Tenant) -> list[dict[str, Any]]:
        """The same with what each is about, in the order in which the events were recorded."""
        from projections.parked import listed

        with self._snapshots.of(tenant) as seen:
            return listed(seen)

    def recheck(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Where today's rules would conclude otherwise than was said."""
        from projections.recheck import recheck

        with self._snapshots.of(tenant) as seen:
            return list(recheck(seen.conn, seen.tables, tenant, self._snapshots.rules(), seen.book))
