"""The alerts of one process: a thread that follows the lanes, and one for each channel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

from sqlalchemy import Connection, select

from alerts import acknowledge, deliveries, dispatch
from alerts.channels import open_channels
from alerts.daily import Compose, Daily
from alerts.query import AlertsQuery
from alerts.routing import Past
from alerts.sender import Sender, Submits
from alerts.settings import AlertSettings
from alerts.tables import cursors
from ledger.clock import Clock
from ledger.database import Database
from ledger.errors import CursorAhead
from ledger.lanes import engine_state
from ledger.leases import Turn
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.event import Event
from schemas.instants import SECOND

Listen = Callable[[Callable[[int], None]], Callable[[], None]]
"""Calls back with a tenant's number whenever its verdict lane may have grown; returns what ends that."""


class Alerts:
    """Subscribes to the verdict lane and reaches people.

    ``start`` runs it on threads of its own; ``step`` does everything that is due now on the caller's thread (tests,
    and a command that wants the alerts of what it wrote). ``problem`` is "" while all is well, else what keeps it from
    going on; it tries again by itself. Where several processes share a database, ``turn`` says which of them is at work; the
    others stand by. Raises BadSettings for a channel that cannot be opened.
    """

    def __init__(
        self,
        database: Database,
        writer: Submits,
        ledger: Ledger,
        clock: Clock,
        settings: AlertSettings,
        listen: Listen | None = None,
        turn: Turn | None = None,
        compose: Compose | None = None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._listen = listen
        self._turn = turn
        self.ringing = turn is None
        """Whether this process is the one at work, as it last knew."""
        self._there: frozenset[int] | None = None
        self._channels = open_channels(settings)
        self._names = [channel.name for channel in self._channels]
        self._senders = [Sender(c, database, writer, ledger, clock, settings) for c in self._channels]
        self._daily = (
            Daily(database, writer, ledger, clock, settings, compose, self._names)
            if compose is not None and settings.note_at >= 0
            else None
        )
        self.query = AlertsQuery(database)
        self._searched: dict[int, int] = {}
        """Tenant -> the place up to which its facts were searched for acknowledgements; its cursor may lie behind that."""
        self._opened = False
        self._reading = threading.Lock()
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wake: dict[str, threading.Event] = {}
        self._problems: dict[str, str] = {}
        self._since: dict[str, float] = {}
        self._unlisten: Callable[[], None] = lambda: None

    @property
    def problem(self) -> str:
        return "; ".join(f"{name}: {what}" for name, what in sorted(self._problems.items()))

    def held_up(self) -> float:
        """Seconds since which something keeps it from going on; 0.0 while all is well."""
        return max((monotonic() - since for since in list(self._since.values())), default=0.0)

    def step(self) -> None:
        """Read both lanes to their heads, make the note whose hour has come, then send all that is due on every channel."""
        self._follow()
        if self._daily is not None:
            self._daily.step()
        for sender in self._senders:
            sender.step()

    def start(self) -> None:
        """Returns at once. Call after seeding: what stands in the lanes by now is history and never rings."""
        self._look()
        if self._mine():
            self._follow()
        work: dict[str, Callable[[], object]] = {"lanes": self._follow_and_wake}
        if self._daily is not None:
            work["note"] = self._note_and_wake
        work |= {sender.channel.name: sender.step for sender in self._senders}
        for name, act in work.items():
            self._wake[name] = threading.Event()
            thread = threading.Thread(target=self._run, args=(name, act), name=f"alerts-{name}", daemon=True)
            self._threads.append(thread)
        if self._listen is not None:
            self._unlisten = self._listen(lambda tenant: self._wake["lanes"].set())
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Ends the threads after the call under way; what was not sent waits for the next start."""
        self._unlisten()
        self._ending.set()
        for wake in self._wake.values():
            wake.set()
        for thread in self._threads:
            thread.join(timeout)
        self._threads.clear()
        if self._turn is not None:
            self._turn.over()
        for channel in self._channels:
            channel.close()

    def _run(self, name: str, act: Callable[[], object]) -> None:
        wait = self._settings.poll / SECOND
        while not self._ending.is_set():
            self._wake[name].clear()
            pause = wait
            try:
                if self._mine():
                    act()
                self._problems.pop(name, None)
                self._since.pop(name, None)
            except Exception as error:
                # A full disk or a writer under load passes; nothing is lost, since the cursor has not moved.
                if self._ending.is_set():
                    return
                if name not in self._problems:
                    import structlog  # where the log is off, only this needs it

                    structlog.get_logger("alerts").error(
                        "alerts held up", part=name, error=type(error).__name__
                    )
                self._problems[name] = type(error).__name__
                self._since.setdefault(name, monotonic())
                pause = max(wait, 1.0)
            self._wake[name].wait(pause)

    def _mine(self) -> bool:
        self.ringing = self._turn is None or self._turn.mine()
        return self.ringing

    def _look(self) -> None:
        """Which tenants had begun before us, and so have a past."""
        if self._there is None:
            self._there = frozenset(tenant.number for tenant in self._ledger.tenants())

    def _follow_and_wake(self) -> None:
        if self._follow():
            for sender in self._senders:
                self._wake[sender.channel.name].set()

    def _note_and_wake(self) -> None:
        if self._daily is not None and self._daily.step():
            for sender in self._senders:
                self._wake[sender.channel.name].set()

    def _follow(self) -> int:
        """Alerts taken in: (verdicts read)."""
        with self._reading:
            first = not self._opened
            self._look()
            if first:
                self._writer.submit(partial(deliveries.drop_unknown, channels=self._names)).result()
            read = sum(self._tenant(tenant, first=first) for tenant in self._ledger.tenants())
            self._opened = True
            return read

    def _tenant(self, tenant: Tenant, *, first: bool) -> int:
        verdict_place, fact_place = self._cursor(tenant, first=first)
        # Facts are searched to where they end now, before the verdicts are followed to their end: who acknowledged had seen the
        # verdict, so its alert stands in the table by the time these facts are taken.
        with self._database.read() as conn:
            head = self._ledger.head(conn, tenant).place
        taken = 0
        while (count := self._verdicts(tenant, verdict_place)) is not None:
            verdict_place, number = count
            taken += number
        self._acknowledgements(tenant, fact_place, head)
        return taken

    def _acknowledgements(self, tenant: Tenant, cursor: int, head: int) -> None:
        searched = max(cursor, self._searched.get(tenant.number, 0))
        while searched < head:
            upto = min(searched + acknowledge.PAGE, head)
            with self._database.read() as conn:
                found = self._ledger.facts_with(conn, tenant, searched, upto, [acknowledge.MARK])
            if found or upto - cursor >= acknowledge.PAGE:
                if not self._acknowledged(tenant, cursor, upto, found):
                    self._searched.pop(tenant.number, None)  # another process has followed them meanwhile
                    return
                cursor = upto
            self._searched[tenant.number] = searched = upto

    def _acknowledged(self, tenant: Tenant, after: int, upto: int, found: Sequence[Event]) -> bool:
        return self._writer.submit(
            lambda conn: acknowledge.take(conn, tenant.number, after, upto, found)
        ).result()

    def _cursor(self, tenant: Tenant, *, first: bool) -> tuple[int, int]:
        query = select(cursors.c.verdict_place, cursors.c.fact_place).where(cursors.c.tenant == tenant.number)
        with self._database.read() as conn:
            found = conn.execute(query).first()
            if found is not None:
                if first:
                    self._refuse_ahead(conn, tenant, found[0], found[1])
                return found[0], found[1]
            # A tenant met while we run began under our eyes: all it concludes may ring. One that was there before
            # has a past.
            past = Past(verdicts=0, facts=0, time=0)
            if first and tenant.number in (self._there or ()):
                past = Past(
                    verdicts=engine_state(conn, tenant).verdict_place,
                    facts=self._ledger.head(conn, tenant).place,
                    time=self._clock.now(),
                )
        history = self._settings.history
        self._writer.submit(lambda conn: dispatch.start(conn, tenant.number, past, history)).result()
        return max(0, past.verdicts - history), past.facts

    def _refuse_ahead(self, conn: Connection, tenant: Tenant, verdict_place: int, fact_place: int) -> None:
        """Raises CursorAhead where the lanes end before what was read of them: they were put back under these alerts."""
        last = engine_state(conn, tenant).verdict_place, self._ledger.head(conn, tenant).place
        if verdict_place > last[0] or fact_place > last[1]:
            read = f"read to verdict {verdict_place} and fact {fact_place}"
            raise CursorAhead(f"tenant {tenant.name}: {read}, the lanes end at {last[0]} and {last[1]}")

    def _verdicts(self, tenant: Tenant, after: int) -> tuple[int, int] | None:
        with self._database.read() as conn:
            page = self._ledger.verdicts(conn, tenant, after, dispatch.PAGE)
            follows = {event.after for event in page if event.after > 0}
            known = self._ledger.facts_at(conn, tenant, sorted(follows))
        if not page:
            return None
        learned = {place: fact.recorded for place, fact in known.items()}
        now = self._clock.now()
        self._writer.submit(
            lambda conn: dispatch.take(
                conn, tenant.number, after, page, learned, self._names, self._settings, now
            )
        ).result()
        return page[-1].place, len(page)
