"""One channel at work: read what is due, claim it, send it, note what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from alerts import deliveries
from alerts.channels import Channel
from alerts.coalesce import pack
from alerts.deliveries import Waiting
from alerts.settings import AlertSettings
from ledger import tracing
from ledger.clock import Clock
from ledger.database import Database
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.instants import MINUTE, Instant

T = TypeVar("T")
LOOK = 200
"""Deliveries looked at in one round; what is left waits for the next, which follows at once."""
CALLS = 16
"""Calls claimed at a time: so many go out again if the process is killed among them."""


class Submits(Protocol):
    """The part of ledger.writer.Writer that alerts use."""

    def submit(self, job: Callable[[Connection], T]) -> Future[T]: ...


class Sender:
    """``step`` does everything that is due on the channel now; one caller at a time."""

    def __init__(
        self,
        channel: Channel,
        database: Database,
        writer: Submits,
        ledger: Ledger,
        clock: Clock,
        settings: AlertSettings,
    ) -> None:
        self.channel = channel
        self._database = database
        self._writer = writer
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._until: Instant = 0
        self._alone = threading.Lock()

    def step(self) -> int:
        """Calls made. Returns when nothing is due, the rate is used up, or the channel asks to be left alone."""
        made = 0
        with self._alone:
            while (calls := self._round()) > 0:
                made += calls
        return made

    def _round(self) -> int:
        now = self._clock.now()
        # A clock set back must not silence the channel for longer than a pause can be.
        if now < self._until <= now + self._settings.longest_retry:
            return 0
        groups, room = self._due(now)
        if not groups or room == 0:
            return 0
        name, settings, limited = self.channel.name, self._settings, self.channel.per_minute > 0
        claimed = self._writer.submit(
            lambda conn: deliveries.claim(conn, name, settings, groups[:room], now, counted=limited)
        ).result()
        notes: list[Future[Any]] = []
        for index, group in enumerate(claimed):
            outcome = self._send(group)
            noted = self._note(group, outcome)
            notes.append(noted)
            if outcome.pause:
                # The channel is looked at again every minute, with whatever is due then; single deliveries wait longer.
                self._until = min(noted.result(), now + max(MINUTE, outcome.wait))
                rest = claimed[index + 1 :]
                notes.append(self._release(rest))
                break
        for future in notes:
            future.result()
        return max(len(claimed), 1)

    def _due(self, now: Instant) -> tuple[list[list[Waiting]], int]:
        """(groups to send, how many calls may be made now)."""
        names = {tenant.number: tenant.name for tenant in self._ledger.tenants()}
        room = CALLS
        with self._database.read() as conn:
            if self.channel.per_minute:
                spent = deliveries.spent(conn, self.channel.name, now)
                room = min(room, max(0, self.channel.per_minute - len(spent)))
            waiting = deliveries.due(conn, self.channel.name, now, LOOK, names) if room else []
        if not self.channel.room:
            return [[w] for w in waiting], room
        packed = pack([(w.alert, w.attempts) for w in waiting], self.channel.size, self.channel.room)
        return [[waiting[i] for i in group] for group in packed], room

    def _send(self, group: Sequence[Waiting]) -> deliveries.Outcome:
        """Under the traces of what was the cause of each, where it came under one."""
        with ExitStack() as spans:
            traced = []
            for alert, context in zip((w.alert for w in group), self._traces(group), strict=True):
                if context:
                    span = spans.enter_context(
                        tracing.span(
                            "alert", context, "client", tenant=alert.tenant, channel=self.channel.name
                        )
                    )
                    alert = replace(alert, traceparent=span.context)
                traced.append(alert)
            return self.channel.send(traced, self._clock.now())

    def _traces(self, group: Sequence[Waiting]) -> list[str]:
        if self.channel.room and not tracing.on():
            return [""] * len(group)  # a joined message has no place for them
        found = []
        with self._database.read() as conn:
            for waiting in group:
                alert = waiting.alert
                tenant = Tenant(alert.tenant, alert.tenant_name)
                causes = [one.causation_id for one in self._ledger.verdicts(conn, tenant, alert.place - 1, 1)]
                found.append("".join(self._ledger.traces(conn, tenant, causes).values()))
        return found

    def _note(self, group: Sequence[Waiting], outcome: deliveries.Outcome) -> Future[Instant]:
        name, settings, now = self.channel.name, self._settings, self._clock.now()
        return self._writer.submit(lambda conn: deliveries.note(conn, name, settings, group, outcome, now))

    def _release(self, groups: Sequence[Sequence[Waiting]]) -> Future[None]:
        name, now = self.channel.name, self._clock.now()
        return self._writer.submit(lambda conn: deliveries.release(conn, name, groups, now))
