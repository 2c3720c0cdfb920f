"""From the verdict lane to alerts: one writer job turns a page of verdicts into alert rows, deliveries and the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from alerts.deliveries import DROPPED, PENDING, follow_up, opened
from alerts.routing import (
    HISTORY,
    LISTED,
    NOTHING_SENT,
    RETRACTED,
    RINGING,
    Past,
    kind_of,
    number,
    roles,
    silence,
    text,
)
from alerts.settings import AlertSettings
from alerts.tables import alerts, cursors, deliveries
from ledger.dialects import insert_where_new
from schemas.canonical import canonical
from schemas.confidential import confidential
from schemas.event import Event
from schemas.instants import NEVER, Instant

PAGE = 32
"""Verdicts per job: keeps the writer's slice within a few milliseconds."""


def start(conn: Connection, tenant: int, past: Past, history: int) -> None:
    """Writer job. First sight of a tenant: nothing of its past will ring, its last ``history`` verdicts are listed. Where
    another process saw it at the same moment, what that one wrote stands."""
    first = insert_where_new(
        cursors,
        tenant=tenant,
        verdict_place=max(0, past.verdicts - history),
        fact_place=past.facts,
        past_verdicts=past.verdicts,
        past_facts=past.facts,
        past_time=past.time,
    )
    conn.execute(first(conn.dialect.name))


def row_of(tenant: int, event: Event, silent: str, learned: Instant) -> dict[str, Any]:
    """A verdict -> a row of ``alerts``. ``learned``: recorded time of the fact it follows, so that what arrived late
    is not counted as our lateness."""
    data = event.data
    return {
        "tenant": tenant,
        "place": event.place,
        "verdict_id": event.event_id,
        "type": event.type,
        "kind": kind_of(event),
        "obligation": text(data, "obligation_key"),
        "row": text(data, "row"),
        "zh": text(data, "zh"),
        "en": text(data, "en"),
        "promise_id": text(data, "promise_id"),
        "case_id": event.case_id,
        "project_id": event.project_id,
        "house_id": event.house_id,
        "due": number(data, "due", NEVER),
        "time": event.time,
        "recorded": event.recorded,
        "since": min(event.recorded, max(event.time, learned)),
        "born_late": number(data, "born_late"),
        "owes": canonical(roles(data, "owes")),
        "to": canonical(roles(data, "to")),
        "silent": silent,
        "retracts": text(data, "retracts"),
        "retracted_by": "",
        "acknowledged_by": "",
        "acknowledged_at": 0,
        "acknowledged_event": "",
    }


_LIKE_THE_FIRST = ("obligation", "row", "zh", "en", "promise_id", "owes", "to", "due", "born_late")
_WHERE = ("case_id", "project_id", "house_id")


def take(
    conn: Connection,
    tenant: int,
    after: int,
    page: Sequence[Event],
    learned: Mapping[int, Instant],
    channels: Sequence[str],
    settings: AlertSettings,
    now: Instant,
) -> bool:
    """Writer job. Takes verdicts ``after`` the cursor; False if the cursor stood elsewhere (someone else took them)."""
    past = _past(conn, tenant, after)
    if past is None:
        return False
    rows, sends, retractions = [], [], []
    for event in page:
        if event.type not in LISTED or confidential(event):
            continue
        if event.type in RINGING:
            silent = silence(event, now, past, settings.max_age)
            if not silent:
                sends += [opened(tenant, event.event_id, c, event.place, now) for c in channels]
        else:
            silent = HISTORY if event.place <= past.verdicts else NOTHING_SENT
            retractions.append(event)
        rows.append(row_of(tenant, event, silent, learned.get(event.after, event.time)))
    if rows:
        conn.execute(insert(alerts), rows)
    if sends:
        conn.execute(insert(deliveries), sends)
    for event in retractions:
        _retract(conn, tenant, event, now)
    conn.execute(update(cursors).where(cursors.c.tenant == tenant).values(verdict_place=page[-1].place))
    return True


def _past(conn: Connection, tenant: int, after: int) -> Past | None:
    at = cursors.c
    query = select(at.past_verdicts, at.past_facts, at.past_time).where(
        at.tenant == tenant, at.verdict_place == after
    )
    row = conn.execute(query).first()
    return None if row is None else Past(verdicts=row[0], facts=row[1], time=row[2])


def _retract(conn: Connection, tenant: int, event: Event, now: Instant) -> None:
    target = text(event.data, "retracts")
    mine = and_(alerts.c.tenant == tenant, alerts.c.verdict_id == target)
    found = conn.execute(select(alerts).where(mine)).mappings().first()
    if found is None:  # older than what is listed
        return
    conn.execute(update(alerts).where(mine).values(retracted_by=event.event_id))
    # The follow-up speaks of the same obligation; what the retraction does not say itself it takes from the alert.
    whole = {name: found[name] for name in _LIKE_THE_FIRST}
    own = row_of(tenant, event, "", 0)
    whole |= {name: own[name] or found[name] for name in _WHERE}
    conn.execute(
        update(alerts).where(alerts.c.tenant == tenant, alerts.c.verdict_id == event.event_id).values(**whole)
    )
    conn.execute(
        update(deliveries)
        .where(
            deliveries.c.tenant == tenant, deliveries.c.verdict_id == target, deliveries.c.state == PENDING
        )
        .values(state=DROPPED, last_error="retracted before it was sent")
    )
    if found["type"] != RETRACTED:
        follow_up(conn, tenant, target, now)
