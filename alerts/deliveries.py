"""Deliveries in SQL: what is due on a channel, claiming it, and noting what became of it.

A delivery is claimed (attempt counted, next attempt set) in a committed job *before* it is sent, and noted after. A
process killed between the two sends again, under the same id: at least once. Claiming first also bounds the
attempts of a message that kills its sender, and lets the rate of a channel survive a restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, select, update

from alerts.message import Alert
from alerts.retry import delay
from alerts.routing import BREACHED, NOTE, RETRACTED, takes_back
from alerts.settings import AlertSettings
from alerts.tables import alerts, calls, deliveries
from schemas.canonical import read_json
from schemas.instants import MINUTE, Instant

PENDING, DELIVERED, FAILED, DROPPED = "pending", "delivered", "failed", "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a channel says of one call. ``error`` "" = delivered; otherwise a short reason without addresses or secrets.

    ``pause``   the channel itself is in trouble: leave it alone until this delivery is due again.
    ``maybe``   it may have arrived all the same (no answer in time).
    ``wait``    µs asked for by the receiver (Retry-After).
    """

    error: str = ""
    pause: bool = False
    maybe: bool = False
    wait: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A delivery that is due, with its alert."""

    alert: Alert
    attempts: int
    maybe: int


def read_alert(row: RowMapping, names: Mapping[int, str]) -> Alert:
    """A row of the table ``alerts`` -> Alert. ``names``: tenant number -> name."""
    plain = {
        name: row[name]
        for name in Alert.__dataclass_fields__
        if name not in ("tenant_name", "born_late", "owes", "to", "traceparent")
    }
    return Alert(
        tenant_name=names.get(row["tenant"], ""),
        born_late=bool(row["born_late"]),
        owes=read_json(row["owes"]),
        to=read_json(row["to"]),
        **plain,
    )


def _here(tenant: int, verdict_id: str, channel: str) -> Any:
    at = deliveries.c
    return and_(at.tenant == tenant, at.verdict_id == verdict_id, at.channel == channel)


def due(conn: Connection, channel: str, now: Instant, limit: int, names: Mapping[int, str]) -> list[Waiting]:
    """What waits on the channel at ``now``, oldest attempt first, then in order of the verdicts."""
    both = deliveries.join(
        alerts,
        and_(alerts.c.tenant == deliveries.c.tenant, alerts.c.verdict_id == deliveries.c.verdict_id),
    )
    at = deliveries.c
    query = (
        select(alerts, at.attempts, at.maybe)
        .select_from(both)
        .where(at.channel == channel, at.state == PENDING, at.next_attempt <= now)
        .order_by(at.next_attempt, at.tenant, at.place)
        .limit(limit)
    )
    return [
        Waiting(alert=read_alert(row, names), attempts=row["attempts"], maybe=row["maybe"])
        for row in conn.execute(query).mappings()
    ]


def spent(conn: Connection, channel: str, now: Instant) -> list[Instant]:
    """Instants of the channel's calls within the minute before ``now``, ascending. Calls "after" now do not count:
    the clock was set back."""
    query = select(calls.c.at).where(calls.c.channel == channel, calls.c.at > now - MINUTE, calls.c.at <= now)
    return list(conn.scalars(query.order_by(calls.c.at, calls.c.number)))


def claim(
    conn: Connection,
    channel: str,
    settings: AlertSettings,
    groups: Sequence[Sequence[Waiting]],
    now: Instant,
    *,
    counted: bool,
) -> list[list[Waiting]]:
    """Writer job. Counts an attempt for each delivery and returns the groups that may be sent: what was dropped or
    had its last attempt since it was read is left out. ``counted``: enter one call per group for the rate."""
    claimed: list[list[Waiting]] = []
    for group in groups:
        taken = [w for w in group if _take(conn, channel, settings, w, now)]
        if taken:
            claimed.append(taken)
    if counted:
        conn.execute(
            delete(calls).where(calls.c.channel == channel, (calls.c.at <= now - MINUTE) | (calls.c.at > now))
        )
        last = conn.scalar(
            select(func.coalesce(func.max(calls.c.number), 0)).where(
                calls.c.channel == channel, calls.c.at == now
            )
        )
        rows = [
            {"channel": channel, "at": now, "number": (last or 0) + n} for n in range(1, len(claimed) + 1)
        ]
        if rows:
            conn.execute(insert(calls), rows)
    return claimed


def _take(conn: Connection, channel: str, settings: AlertSettings, w: Waiting, now: Instant) -> bool:
    here = _here(w.alert.tenant, w.alert.verdict_id, channel)
    still = and_(here, deliveries.c.state == PENDING, deliveries.c.attempts == w.attempts)
    told_of = w.alert.recorded if w.alert.type == RETRACTED else w.alert.time
    if w.attempts >= settings.attempts:
        # Its last attempt never came back: the process died with it.
        values: dict[str, Any] = {"state": FAILED, "last_error": "stopped while sending"}
    elif (now >= w.alert.due) if w.alert.type == NOTE else (now - told_of > settings.max_age):
        values = {"state": DROPPED, "last_error": "too old to be sent"}
    else:
        wait = delay(settings, f"{w.alert.verdict_id}|{channel}", w.attempts + 1)
        values = {"attempts": w.attempts + 1, "next_attempt": now + wait, "maybe": 1}
    done = conn.execute(update(deliveries).where(still).values(**values)).rowcount
    return bool(done) and "attempts" in values


def note(
    conn: Connection,
    channel: str,
    settings: AlertSettings,
    group: Sequence[Waiting],
    outcome: Outcome,
    now: Instant,
) -> Instant:
    """Writer job. What became of one call; returns the earliest next attempt (``now`` if there is none)."""
    retry = now + delay(
        settings, f"{group[0].alert.verdict_id}|{channel}", group[0].attempts + 1, outcome.wait
    )
    for w in group:
        tenant, verdict_id = w.alert.tenant, w.alert.verdict_id
        here = _here(tenant, verdict_id, channel)
        if not outcome.error:
            done: dict[str, Any] = {"state": DELIVERED, "delivered_at": now, "maybe": 1, "last_error": ""}
            conn.execute(update(deliveries).where(here).values(**done))
        else:
            over = w.attempts + 1 >= settings.attempts
            done = {"maybe": int(w.maybe or outcome.maybe), "last_error": outcome.error}
            conn.execute(update(deliveries).where(here).values(**done))
            # A retraction may have dropped it meanwhile; dropped it stays.
            conn.execute(
                update(deliveries)
                .where(here, deliveries.c.state == PENDING)
                .values(state=FAILED if over else PENDING, next_attempt=retry)
            )
        if not outcome.error or outcome.maybe:
            follow_up(conn, tenant, verdict_id, now)
    return retry if outcome.error else now


def release(conn: Connection, channel: str, groups: Sequence[Sequence[Waiting]], now: Instant) -> None:
    """Writer job. Claimed but never sent, because the channel failed before their turn: the attempt is given back."""
    for w in (w for group in groups for w in group):
        conn.execute(
            update(deliveries)
            .where(_here(w.alert.tenant, w.alert.verdict_id, channel))
            .values(attempts=w.attempts, next_attempt=now, maybe=w.maybe)
        )


def follow_up(conn: Connection, tenant: int, verdict_id: str, now: Instant) -> None:
    """Inside a writer job: if the alert was retracted, give its retraction a delivery on every channel that has, or
    may have, told people of it; once per channel. Nothing else of a retraction is ever sent."""
    mine = and_(alerts.c.tenant == tenant, alerts.c.verdict_id == verdict_id)
    alert = conn.execute(select(alerts).where(mine)).mappings().one()
    retraction = alert["retracted_by"]
    if not retraction or not takes_back(alert["type"], _breach_told(conn, tenant, alert["promise_id"])):
        return
    told = select(deliveries.c.channel).where(
        deliveries.c.tenant == tenant, deliveries.c.verdict_id == verdict_id, deliveries.c.maybe == 1
    )
    have = select(deliveries.c.channel).where(
        deliveries.c.tenant == tenant, deliveries.c.verdict_id == retraction
    )
    channels = sorted(set(conn.scalars(told)) - set(conn.scalars(have)))
    if not channels:
        return
    other = and_(alerts.c.tenant == tenant, alerts.c.verdict_id == retraction)
    place = conn.execute(select(alerts.c.place).where(other)).scalar_one()
    conn.execute(update(alerts).where(other).values(silent=""))
    conn.execute(insert(deliveries), [opened(tenant, retraction, c, place, now) for c in channels])


def _breach_told(conn: Connection, tenant: int, promise_id: str) -> bool:
    both = alerts.join(
        deliveries,
        and_(deliveries.c.tenant == alerts.c.tenant, deliveries.c.verdict_id == alerts.c.verdict_id),
    )
    query = (
        select(alerts.c.place)
        .select_from(both)
        .where(
            alerts.c.tenant == tenant,
            alerts.c.promise_id == promise_id,
            alerts.c.type == BREACHED,
            deliveries.c.maybe == 1,
        )
    )
    return conn.execute(query.limit(1)).first() is not None


def opened(tenant: int, verdict_id: str, channel: str, place: int, now: Instant) -> dict[str, Any]:
    """A new delivery, due at once."""
    return {
        "tenant": tenant,
        "verdict_id": verdict_id,
        "channel": channel,
        "place": place,
        "state": PENDING,
        "attempts": 0,
        "next_attempt": now,
        "maybe": 0,
        "delivered_at": 0,
        "last_error": "",
    }


def drop_unknown(conn: Connection, channels: Sequence[str]) -> None:
    """Writer job at start: nothing will ever be sent on a channel that was taken out of the settings; say so."""
    conn.execute(
        update(deliveries)
        .where(deliveries.c.state == PENDING, deliveries.c.channel.not_in(channels))
        .values(state=DROPPED, last_error="channel switched off")
    )
