"""Acknowledgements are facts; this follows the fact lane for them. They mark an alert and stop nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from alerts.routing import text
from alerts.tables import alerts, cursors
from schemas.event import Event

ACKNOWLEDGED = "alert.acknowledged"
MARK = b'"type":"alert.acknowledged"'
"""How the type stands in a stored body."""
PAGE = 500
"""Places searched at a time, and after how many the cursor is written: nearly all facts say nothing of alerts, and to search
a few of them twice costs less than a write for each batch of the engine."""


def by(event: Event) -> str:
    """Who took note: the reference in the fact, else its actor, else their role, else the source. Never a name."""
    return text(event.data, "by") or event.actor_ref or event.actor_role or event.source


def take(conn: Connection, tenant: int, after: int, upto: int, found: Sequence[Event]) -> bool:
    """Writer job. Marks what the facts found up to there acknowledge and moves the cursor; False if it stood elsewhere."""
    at = select(cursors.c.fact_place).where(cursors.c.tenant == tenant)
    if conn.scalar(at) != after:
        return False
    for event in found:
        if event.type == ACKNOWLEDGED:
            conn.execute(
                update(alerts)
                .where(
                    alerts.c.tenant == tenant,
                    alerts.c.verdict_id == text(event.data, "verdict_id"),
                    alerts.c.acknowledged_event == "",  # who took note first stays
                )
                .values(
                    acknowledged_by=by(event), acknowledged_at=event.time, acknowledged_event=event.event_id
                )
            )
    conn.execute(update(cursors).where(cursors.c.tenant == tenant).values(fact_place=upto))
    return True
