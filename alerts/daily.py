"""晨会日报: once a day and tenant, at the hour that the operator chose, a note to the robots that are set up.

The note is an alert without a verdict, kept beside the others at the place −day: its key and its id say which day it is of,
so two gateways, a restart and a second look make it once. It is sent, tried again and dropped like any other delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, select

from alerts.deliveries import opened
from alerts.routing import NOTE
from alerts.sender import Submits
from alerts.settings import AlertSettings
from alerts.tables import alerts, deliveries
from ledger.clock import Clock
from ledger.database import Database
from ledger.dialects import insert_where_new
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.instants import Day, Instant, day_of, iso_day, start_of_day

Compose = Callable[[Tenant, Instant], tuple[str, str] | None]
"""The words as of an instant, Chinese and English; None while they cannot be told (tables being rebuilt, an engine behind)."""
TAKE_NOTES = ("robot",)
"""Channels that carry the note: people read it, no program asked for it."""
_SPACE = UUID("0f8f2a44-2b1e-5d1a-8a6b-5c7e7b7d3c10")


def place_of(day: Day) -> int:
    """Where the note of a day stands among the alerts: verdicts have the places above 0."""
    return -day


def note_id(tenant: str, day: Day) -> str:
    """The id under which it is delivered, whoever composed it."""
    return str(uuid5(_SPACE, f"{tenant}|{iso_day(day)}"))


def keep(
    conn: Connection,
    tenant: Tenant,
    day: Day,
    words: tuple[str, str],
    window: tuple[Instant, Instant],
    now: Instant,
    channels: Sequence[str],
) -> bool:
    """Writer job. Keeps the note and its deliveries; False where it stands already, from whomever."""
    named, place = note_id(tenant.name, day), place_of(day)
    empty = dict.fromkeys(
        ("obligation", "row", "promise_id", "case_id", "project_id", "house_id", "silent", "retracts", "retracted_by",
         "acknowledged_by", "acknowledged_event"), "",
    )  # fmt: skip
    row: dict[str, Any] = {
        **empty,
        "tenant": tenant.number,
        "place": place,
        "verdict_id": named,
        "type": NOTE,
        "kind": NOTE,
        "zh": words[0],
        "en": words[1],
        "time": window[0],
        "due": window[1],  # not sent any more after this
        "recorded": now,
        "since": window[0],
        "born_late": 0,
        "owes": "[]",
        "to": "[]",
        "acknowledged_at": 0,
    }
    # asked for what was inserted: the count of rows is not told on PostgreSQL
    fresh = insert_where_new(alerts, **row)(conn.dialect.name).returning(alerts.c.place)
    made = conn.execute(fresh).first() is not None
    if made:
        for channel in channels:
            conn.execute(deliveries.insert().values(**opened(tenant.number, named, channel, place, now)))
    return made


class Daily:
    """``step`` makes the notes whose hour has come, and no more of them than one a day and tenant."""

    def __init__(
        self,
        database: Database,
        writer: Submits,
        ledger: Ledger,
        clock: Clock,
        settings: AlertSettings,
        compose: Compose,
        channels: Sequence[str],
    ) -> None:
        self._database = database
        self._writer = writer
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._compose = compose
        self._channels = [name for name in channels if name in TAKE_NOTES]
        self._done: dict[int, Day] = {}

    def step(self) -> int:
        """Notes made. After downtime the note of today is made late, until ``note_until``; those of other days never."""
        now = self._clock.now()
        day = day_of(now)
        midnight = start_of_day(day)
        window = midnight + self._settings.note_at, midnight + self._settings.note_until
        if self._settings.note_at < 0 or not window[0] <= now < window[1]:
            return 0
        made = 0
        for tenant in self._ledger.tenants():
            if self._done.get(tenant.number) == day:
                continue
            if not self._stands(tenant, day):
                words = self._compose(tenant, now)
                if words is None:
                    continue
                made += self._kept(tenant, day, words, window, now)
            self._done[tenant.number] = day
        return made

    def _kept(
        self, tenant: Tenant, day: Day, words: tuple[str, str], window: tuple[Instant, Instant], now: Instant
    ) -> bool:
        return self._writer.submit(
            lambda conn: keep(conn, tenant, day, words, window, now, self._channels)
        ).result()

    def _stands(self, tenant: Tenant, day: Day) -> bool:
        query = select(alerts.c.place).where(
            alerts.c.tenant == tenant.number, alerts.c.place == place_of(day)
        )
        with self._database.read() as conn:
            return conn.execute(query).first() is not None
