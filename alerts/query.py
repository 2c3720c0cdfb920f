"""Reading alerts: the list that people see, how late we were ourselves, and figures for /metrics. Instants µs UTC."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import func, select

from alerts.daily import place_of
from alerts.deliveries import DELIVERED, DROPPED, FAILED, PENDING
from alerts.routing import BREACHED, DUE_SOON, HISTORY
from alerts.tables import alerts, cursors, deliveries
from ledger.database import Database
from ledger.lanes import engine_state
from ledger.tenants import Tenant
from schemas.canonical import read_json
from schemas.instants import Day

_SHOWN = (
    "verdict_id", "place", "type", "kind", "obligation", "row", "zh", "en", "promise_id", "case_id",
    "project_id", "house_id", "due", "time", "recorded", "silent", "retracts", "retracted_by",
    "acknowledged_by", "acknowledged_at",
)  # fmt: skip
_DELIVERY = ("channel", "state", "attempts", "next_attempt", "delivered_at", "last_error")


def _state(alert: dict[str, Any], sent: list[dict[str, Any]]) -> str:
    """retracted | acknowledged | silent | pending | failed | sent: the first that is true."""
    if alert["retracted_by"]:
        return "retracted"
    if alert["acknowledged_at"]:
        return "acknowledged"
    states = {delivery["state"] for delivery in sent}
    if PENDING in states:
        return PENDING
    if FAILED in states:
        return FAILED
    return "sent" if DELIVERED in states else "silent"


class AlertsQuery:
    """Reads only; safe on any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant: Tenant, *, limit: int = 200, after: int = 0) -> builtins.list[dict[str, Any]]:
        """Newest first. ``after``: the ``place`` of the last alert already seen, to go on with older ones; 0 = begin.

        ``due`` may be NEVER; ``acknowledged_at`` and ``delivered_at`` are 0 where they never happened. ``silent``
        says why nothing was sent: history | age | nothing_sent.
        """
        query = select(alerts).where(alerts.c.tenant == tenant.number, alerts.c.place > 0)
        if after:
            query = query.where(alerts.c.place < after)
        with self._database.read() as conn:
            found = conn.execute(query.order_by(alerts.c.place.desc()).limit(limit)).mappings().all()
            ids = [row["verdict_id"] for row in found]
            sent: dict[str, builtins.list[dict[str, Any]]] = {}
            for start in range(0, len(ids), 500):
                mine = select(deliveries).where(
                    deliveries.c.tenant == tenant.number,
                    deliveries.c.verdict_id.in_(ids[start : start + 500]),
                )
                for row in conn.execute(mine.order_by(deliveries.c.channel)).mappings():
                    sent.setdefault(row["verdict_id"], []).append({name: row[name] for name in _DELIVERY})
        shown = []
        for row in found:
            alert: dict[str, Any] = {name: row[name] for name in _SHOWN}
            alert["born_late"] = bool(row["born_late"])
            alert["owes"], alert["to"] = read_json(row["owes"]), read_json(row["to"])
            alert["deliveries"] = sent.get(row["verdict_id"], [])
            alert["state"] = _state(alert, alert["deliveries"])
            shown.append(alert)
        return shown

    def behind(self, tenant: Tenant) -> int:
        """How many verdicts stand in the lane that whoever rings has not read: what ``list`` may still lack."""
        with self._database.read() as conn:
            mine = select(cursors.c.verdict_place).where(cursors.c.tenant == tenant.number)
            read = conn.execute(mine).scalar() or 0
            return max(0, engine_state(conn, tenant).verdict_place - int(read))

    def note(self, tenant: Tenant, day: Day) -> dict[str, Any] | None:
        """The morning note of a day as it was made: ``{"zh", "en", "recorded", "deliveries"}``; None where none was."""
        mine = alerts.c.tenant == tenant.number, alerts.c.place == place_of(day)
        with self._database.read() as conn:
            row = conn.execute(select(alerts).where(*mine)).mappings().first()
            if row is None:
                return None
            sent = select(deliveries).where(
                deliveries.c.tenant == tenant.number, deliveries.c.verdict_id == row["verdict_id"]
            )
            told = conn.execute(sent.order_by(deliveries.c.channel)).mappings().all()
        shown = {name: row[name] for name in ("zh", "en", "recorded")}
        return {**shown, "deliveries": [{name: one[name] for name in _DELIVERY} for one in told]}

    def lateness(self, tenant: Tenant, n: int = 100) -> dict[str, int]:
        """Own lateness over the last ``n`` breaches and warnings: recorded minus the instant from which it could have
        been known (due or warning, or the recorded time of the fact it follows if that came later), in milliseconds
        rounded up. Without history and without what was born late. {"max_ms", "p99_ms", "count"}."""
        query = (
            select(alerts.c.recorded - alerts.c.since)
            .where(
                alerts.c.tenant == tenant.number,
                alerts.c.type.in_((DUE_SOON, BREACHED)),
                alerts.c.born_late == 0,
                alerts.c.silent != HISTORY,
            )
            .order_by(alerts.c.place.desc())
            .limit(n)
        )
        with self._database.read() as conn:
            late = sorted(-(-gap // 1000) for gap in conn.scalars(query))
        if not late:
            return {"max_ms": 0, "p99_ms": 0, "count": 0}
        return {"max_ms": late[-1], "p99_ms": late[-(-99 * len(late) // 100) - 1], "count": len(late)}

    def counts(self, tenant: Tenant | None = None) -> dict[str, dict[str, int]]:
        """Deliveries by channel and state: {"webhook": {"pending": 0, "delivered": 7, "failed": 0, "dropped": 1}}."""
        query = select(deliveries.c.channel, deliveries.c.state, func.count())
        if tenant is not None:
            query = query.where(deliveries.c.tenant == tenant.number)
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as conn:
            for channel, state, number in conn.execute(
                query.group_by(deliveries.c.channel, deliveries.c.state)
            ):
                of = found.setdefault(channel, dict.fromkeys((PENDING, DELIVERED, FAILED, DROPPED), 0))
                of[state] = number
        return found
