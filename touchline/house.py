"""The house: every room wired together on one folder or database. ``up``, ``demo``, commands that write, tests open it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ledger.clock import Clock, guarded
from ledger.errors import NoLedger
from ledger.feeding import feed_of
from ledger.folder import RECORD_FILE, private_file
from ledger.keys import KeyStore
from ledger.leases import ALERTS, Leases, Turn
from ledger.ledger import Ledger
from ledger.lock import FolderLock
from ledger.tenants import Tenant
from ledger.timeline import refuse_a_backup
from ledger.writer import Writer
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.rules.linear import AnyRule
from producers.erasure import Erasures
from producers.intake import Intake
from producers.persons import PersonRequests
from projections.store import OtherFold, SqlStore, open_store
from schemas.canonical import Json
from schemas.instants import DAY, MINUTE, Instant
from touchline.admin import HouseAdmin
from touchline.erasing import settle_at_the_start
from touchline.place import Place, folder_of, open_database
from touchline.rebuilding import Rebuilds
from touchline.rules import rules

if TYPE_CHECKING:  # commands that write open the house too, and never ring
    from alerts.service import Alerts
    from producers.inbox.forgetting import Forgetting
    from producers.inbox.inbox import Inboxes
    from projections.reading.reading import Reading
    from touchline.rebuilding import Tell
    from touchline.settings import Settings

SESSION_FILE = "session.key"
SESSION = "session"


class House:
    """One process's house. Everything is made by ``open`` and taken down, in the opposite order, by ``close``.

    Nothing runs until ``start`` (engine) or ``run_to_head`` is called; ``ring`` starts the alerts.
    """

    def __init__(
        self, place: Place, settings: Settings | None, clock: Clock | None, rooms: ExitStack
    ) -> None:
        self.folder = folder_of(place)
        self._settings = settings
        self._rooms = rooms
        if isinstance(place, Path):
            rooms.callback(lambda lock: lock.release(), _locked(place))
        self.database = open_database(place, mine=True)
        rooms.callback(self.database.close)
        refuse_a_backup(self.database)
        self.clock = clock = guarded(clock or self.database.clock)
        self.keys = KeyStore.open(self.database)
        rooms.callback(self.keys.close)
        self.writer = Writer(self.database, self.keys, clock, patience=self.database.patience)
        rooms.callback(self.writer.close)
        self.leases = Leases(self.writer) if self.database.shared else None
        if (bell := self.database.bell(self.writer.heard)) is not None:
            rooms.callback(bell.stop)
            self.writer.ring_by(bell.ring)
        self.ledger = Ledger(self.database, self.writer, self.keys, clock)
        self.intake = Intake(self.ledger, clock)
        self.erasures = Erasures(self.ledger, self.intake, clock, lambda: self.forgetting)
        settle_at_the_start(self.erasures)
        self.persons = PersonRequests(self.ledger, self.intake, clock)
        self.rules: Sequence[AnyRule] = rules()
        self.progress = Progress()
        self.stale = ""
        """Why the tables cannot be written until a rebuild; "" when they can."""
        self.rebuilds = Rebuilds(self)
        self.runner: EmbeddedRunner | None = None
        self._running = False
        try:
            self.adopt(open_store(self.database, self.writer, self.rules))
        except OtherFold as error:
            self.stale = str(error)
        self.alerts: Alerts | None = None
        self.admin = HouseAdmin(self)

    @classmethod
    def open(
        cls,
        place: Place,
        settings: Settings | None = None,
        clock: Clock | None = None,
        *,
        create: bool = True,
    ) -> House:
        """Take the folder, or a share in the database, and open everything in it. Raises the ledger's errors: FolderInUse,
        NoLedger, UnknownSchema, Unreachable …"""
        if isinstance(place, Path):
            if not create and not (place / RECORD_FILE).exists():
                raise NoLedger(str(place))
            place.mkdir(parents=True, exist_ok=True)
        with ExitStack() as rooms:
            house = cls(place, settings, clock, rooms)
            house._rooms = rooms.pop_all()
        return house

    @cached_property
    def reading(self) -> Reading:
        """The read models, for whoever serves them."""
        from projections.reading.reading import Reading

        return Reading(self.database, self.ledger, self.rules, lambda: self.rules)

    @cached_property
    def inbox(self) -> Inboxes:
        """The doors for what vendors send; few commands knock at them."""
        from producers.inbox.inbox import Inboxes

        return Inboxes(self.ledger, self.intake, self.clock)

    @cached_property
    def forgetting(self) -> Forgetting:
        """Letters of persons who are erased."""
        from producers.inbox.forgetting import Forgetting

        return Forgetting(self.ledger, self.inbox)

    @cached_property
    def settings(self) -> Settings:
        """What the operator set; read when it is asked for, which only a server does."""
        from touchline.settings import Settings

        return self._settings or Settings.of(self.folder)

    def adopt(self, store: SqlStore) -> None:
        """Work on these tables from now on: at opening, and after a rebuild (which holds the runner's pause)."""
        self.stale = ""
        if self.runner is not None:
            self.runner.use(store)
            return
        self.runner = EmbeddedRunner(
            self.ledger,
            store,
            self.rules,
            self.progress,
            self.leases.owner if self.leases is not None else f"embedded-{os.getpid()}",
            self.leases,
            self.reopened,
        )
        if self._running:
            self._go(self.runner)

    def start(self) -> None:
        """Engine and erasure on threads of their own; without tables to write the engine waits for a rebuild."""
        self._running = True
        self._rooms.callback(self.rebuilds.stop)
        self.erasures.start()
        self._rooms.callback(self.erasures.stop)
        self.inbox.watch(self.erasures.wake)
        self.inbox.start(self.settings.dead_letters_days * DAY)
        self._rooms.callback(self.inbox.stop)
        if self.runner is not None:
            self._go(self.runner)

    def _go(self, runner: EmbeddedRunner) -> None:
        runner.start()
        self._rooms.callback(runner.stop)

    def run_to_head(self) -> None:
        """Bring the engine to the head and to now on the caller's thread, after a rebuild where the tables belong to other
        rules. Nothing to do where ``start`` was called."""
        if self._running:
            return
        if self.runner is None:
            self.rebuild(alone=True)
        if self.runner is not None:
            self.runner.run_to_head()

    def rebuild(self, tell: Tell = lambda _: None, *, dry_run: bool = False, alone: bool = False) -> Json:
        """Fold the tables afresh and go on with them (``touchline.rebuilding``)."""
        return self.rebuilds.run(tell, dry_run=dry_run, alone=alone)

    def reopened(self) -> SqlStore:
        """The tables that are active now, where another process has swapped them. Raises OtherFold."""
        return open_store(self.database, self.writer, self.rules)

    def fed(self) -> str:
        """What feeds the engines of this place (``ledger.feeding``)."""
        with self.database.read() as conn:
            return feed_of(conn)

    def status(self) -> dict[str, Any]:
        """What the engine says of itself, as plain JSON; ``rebuild``: how far one has come; ``rebuild_failed``: why."""
        mine = {"running": False, "error": self.stale} if self.runner is None else self.runner.snapshot()
        return {**mine, "rebuild": self.rebuilds.status(), "rebuild_failed": self.rebuilds.failed}

    def ring(self, base_url: str = "") -> Alerts:
        """The alerts on threads of their own; what stands in the lanes at the first start never rings. On a database that
        several share one of them sends, and the others stand by."""
        from alerts.service import Alerts

        alerts = Alerts(
            self.database,
            self.writer,
            self.ledger,
            self.clock,
            self.settings.alerts(base_url),
            listen=self.progress.listen,
            turn=Turn(self.writer, ALERTS) if self.database.shared else None,
            compose=self._note,
        )
        alerts.start()
        self._rooms.callback(alerts.stop)
        self.alerts = alerts
        return alerts

    def _note(self, tenant: Tenant, at: Instant) -> tuple[str, str] | None:
        """The morning note; None while the tables are being rebuilt, or the engine has not caught up yet."""
        from alerts.note import worded

        try:
            if not self.reading.engine.abreast(tenant, at - MINUTE):
                return None
            called = self.settings.titles.get(tenant.name, tenant.name)
            return worded(self.reading.figures.day_note(tenant, at), called)
        except OtherFold:
            return None

    def session_secret(self) -> bytes:
        """The random bytes that sign session cookies: made once, kept in the folder (0600), or with the keys where several
        processes must know the same ones."""
        if self.database.shared:
            if self.keys.secret(SESSION) is None:
                fresh = secrets.token_bytes(32)
                self.writer.call(lambda _: self.keys.make_secret(SESSION, fresh))
            return self.keys.secret(SESSION) or b""
        path = self.folder / SESSION_FILE
        private_file(path)
        found = path.read_bytes()
        if len(found) < 32:
            found = secrets.token_bytes(32)
            path.write_bytes(found)
        return found

    def close(self) -> None:
        """Finish what is queued and take everything down. May be called twice."""
        self._rooms.close()

    def __enter__(self) -> House:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _locked(folder: Path) -> FolderLock:
    lock = FolderLock(folder)
    lock.acquire()
    return lock
