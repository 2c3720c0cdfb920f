"""The embedded runner: one thread that feeds every tenant's engine straight from the ledger.

It sleeps until something was appended or the earliest due instant has come, never by a rhythm of its own beyond a
second's safety; an error stops it, is kept, and shows in ``status`` (a type that the code lacks is never skipped).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from ledger import lanes
from ledger.errors import Busy, Fenced, NotKept, Stopped, trouble
from ledger.lanes import Cut
from ledger.leases import Leases
from ledger.ledger import Ledger
from ledger.ports import Locks
from ledger.tenants import Tenant
from processors.clockguard import ClockGuard
from processors.engine import Engine, OtherSet, Sets
from processors.progress import Progress
from processors.rules.linear import AnyRule
from schemas.instants import NEVER, SECOND

SAFETY = 1.0
"""Seconds after which it looks again even if nobody woke it."""


@dataclass(slots=True)
class RunnerStatus:
    """What ``/readyz`` and the wall show."""

    running: bool = False
    error: str = ""
    clock_doubted: bool = False
    clock_moved_by: int = 0
    decided: dict[str, int] = field(default_factory=dict)


class _Doubted(Exception):
    """The clock was set."""


class EmbeddedRunner:
    """``start`` and ``stop`` for a server; ``run_to_head`` for a command that writes and ends."""

    def __init__(
        self,
        ledger: Ledger,
        store: Sets,
        rules: Sequence[AnyRule],
        progress: Progress,
        owner: str,
        leases: Leases | None = None,
        reopen: Callable[[], Sets] | None = None,
    ) -> None:
        self.ledger = ledger
        self.store = store
        self.rules = rules
        self.progress = progress
        self.guard = ClockGuard(ledger.clock)
        self.status = RunnerStatus()
        self._owner = owner
        self._leases = leases
        self._reopen = reopen
        self._engines: dict[int, Engine] = {}
        self._wake = threading.Event()
        self._stopping = False
        self._paused = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run in a thread of its own, woken by every commit of the writer."""
        self._unlisten = self.ledger.writer.listen(self._wake.set)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.status.running = True
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end. Time that has not come stays for the next start."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._unlisten()
        if self._leases is not None:
            with suppress(NotKept, Stopped):  # they end by themselves
                self._leases.release()

    def pause(self) -> threading.Lock:
        """Hold this lock and no batch runs (a rebuild swaps the sets under it)."""
        return self._paused

    def use(self, store: Sets, rules: Sequence[AnyRule] | None = None) -> None:
        """From now on another set of tables. Call it while paused."""
        self.store = store
        self.rules = rules or self.rules
        self._engines.clear()

    def wake(self) -> None:
        """Something changed that no commit tells: an accepted clock, a new tenant."""
        self._wake.set()

    def accept_clock(self) -> None:
        """The operator trusts the clock as it is now."""
        self.guard.accept()
        self.wake()

    def run_to_head(self) -> None:
        """Fold everything that is there, let time come up to now, and return. Raises what stopped it."""
        for tenant in self._ours(self.ledger.tenants()):
            engine = self._engine(tenant)
            engine.alone = True
            try:
                self._to_head(engine)
            finally:
                engine.alone = False
        if self._leases is not None:
            self._leases.release()
            self._engines.clear()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._wake.clear()
                with self._paused:
                    wait = self._round()
                if wait > 0 and not self._stopping:
                    self._wake.wait(wait)
        except Exception as error:
            self.status.error = f"{type(error).__name__}: {error}"
            _log().error("engine_stopped", error=type(error).__name__, detail=str(error))
        finally:
            self.status.running = False

    def _round(self) -> float:
        """One look at every tenant; the seconds to sleep after it."""
        upcoming = NEVER
        try:
            if not self._current():
                self._look_again()
            ours = self._ours(self.ledger.tenants())
        except Exception as error:  # the database is away: it will come back
            return self._held_up(error)
        for tenant in ours:
            try:
                engine = self._engine(tenant)
                upcoming = min(upcoming, self._to_head(engine))
            except Fenced:
                self._engines.pop(tenant.number, None)
                if self._leases is not None:
                    self._leases.doubt()
                return 0.0
            except OtherSet:
                self._look_again()
                return 0.0
            except Exception as error:
                # A full disk, say, a queue that is full, or no database: nothing was written, so the same batch can be
                # tried again. Where it is not known whether it was, the engine row tells: then we are fenced by our own.
                return self._held_up(error)
        self.status.error = ""
        now = self.ledger.clock.now()
        if self.guard.doubted or upcoming == NEVER:
            return SAFETY
        return min(SAFETY, max(0.0, (upcoming - now) / SECOND))

    def _current(self) -> bool:
        with self.ledger.database.read() as conn:
            return self.store.current(conn)

    def _look_again(self) -> None:
        """The sets were swapped, here or by another process: go on with the active one. Raises OtherSet where that is the
        one in hand, and what opening raises."""
        store = self._reopen() if self._reopen is not None else self.store
        if (store.name, store.version) == (self.store.name, self.store.version):
            raise OtherSet(f"tenants are folded into another set than {store.name}, which is the active one")
        self.use(store)

    def _held_up(self, error: Exception) -> float:
        """Seconds until the next try, where what went wrong is the storage's and passes. Raises anything else."""
        told = str(error) if isinstance(error, NotKept | Busy) else trouble(error)
        if not told:
            if self._current():
                raise error
            self._look_again()  # its tables were dropped under it
            return 0.0
        if not self.status.error:
            _log().error("batch_not_kept", detail=told)
        self.status.error = told
        return SAFETY

    def _ours(self, tenants: list[Tenant]) -> list[Tenant]:
        """Those that this process runs. Of the others it is told how far they have come, for who waits here."""
        if self._leases is None:
            return tenants
        held = self._leases.held([tenant.number for tenant in tenants])
        for number in [number for number in self._engines if number not in held]:
            del self._engines[number]
        others = [tenant for tenant in tenants if tenant.number not in held]
        if others:
            with self.ledger.database.read() as conn:
                for tenant in others:
                    state = lanes.engine_state(conn, tenant)
                    self.status.decided[tenant.name] = state.decided
                    self.progress.moved(tenant.number, state.decided, state.verdict_place)
        return [tenant for tenant in tenants if tenant.number in held]

    def _engine(self, tenant: Tenant) -> Engine:
        engine = self._engines.get(tenant.number)
        if engine is None:
            engine = Engine.take_over(tenant, self.ledger, self.store, self.rules, self._owner)
            self._engines[tenant.number] = engine
            self._moved(engine)
        return engine

    def _to_head(self, engine: Engine) -> int:
        """Fold to the head, conclude what is due; the next due instant."""
        while not self._stopping and engine.step():
            self._moved(engine)
        trusted = self._trusted()
        upcoming = engine.earliest()
        while trusted and not self._stopping and upcoming <= self.ledger.clock.now():
            cut = self._cut(engine.tenant)
            if cut is None:
                break
            while engine.step():
                self._moved(engine)
            while engine.tick(cut):
                self._moved(engine)
            upcoming = engine.earliest()
        return upcoming

    def _cut(self, tenant: Tenant) -> Cut | None:
        """None, and nothing of it kept, where the clock was set since we looked: the database's shows that in a slice first."""

        def job(conn: Connection) -> Cut:
            cut = lanes.cut(conn, self.ledger.clock, tenant)
            if not self._trusted():
                raise _Doubted
            return cut

        try:
            return self.ledger.writer.call(job, Locks.counter(tenant.number))
        except _Doubted:
            return None

    def _trusted(self) -> bool:
        trusted = self.guard.trusted()
        self.status.clock_doubted, self.status.clock_moved_by = not trusted, self.guard.moved_by
        return trusted

    def _moved(self, engine: Engine) -> None:
        self.status.decided[engine.tenant.name] = engine.state.decided
        self.progress.moved(engine.tenant.number, engine.state.decided, engine.state.verdict_place)
        if self._leases is not None:
            self._leases.renew()  # to catch up may take long

    def snapshot(self) -> dict[str, Any]:
        """The status as plain JSON."""
        return {
            "running": self.status.running,
            "error": self.status.error,
            "clock_doubted": self.status.clock_doubted,
            "clock_moved_by_us": self.status.clock_moved_by,
            "decided": dict(self.status.decided),
        }


def _log() -> Any:
    """Loaded when there is something to say: every command that writes loads this module."""
    import structlog

    return structlog.get_logger("engine")
