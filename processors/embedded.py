"""The embedded runner: one thread that feeds every tenant's engine straight from the ledger.

It sleeps until something was appended or the earliest due instant has come, never by a rhythm of its own beyond a
second's safety; an error stops it, is kept, and shows in ``status`` (a type that the code lacks is never skipped).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from ledger import lanes
from ledger.errors import Fenced, NotKept, Stopped
from ledger.feeding import EMBEDDED, feed_of
from ledger.leases import Leases
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.engine import Engine, OtherSet, Sets
from processors.progress import Progress
from processors.rules.linear import AnyRule
from processors.runner import SAFETY, Runner, log
from schemas.instants import NEVER, SECOND


class EmbeddedRunner(Runner):
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
        super().__init__(ledger, store, rules, progress, owner, reopen)
        self._leases = leases
        self._tenants: list[Tenant] = []
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

    def wake(self) -> None:
        """Something changed that no commit tells: an accepted clock, a new tenant."""
        self._wake.set()

    def run_to_head(self) -> None:
        """Fold everything that is there, let time come up to now, and return. Raises what stopped it."""
        for tenant, head in self._ours(self._look()[0]):
            engine = self._engine(tenant)
            if head > engine.state.decided:
                self.ledger.writer.call(self.ledger.database.enlarge)
            engine.alone = True
            try:
                self._to_head(engine, head)
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
            log().error("engine_stopped", error=type(error).__name__, detail=str(error))
        finally:
            self.status.running = False

    def _round(self) -> float:
        """One look at every tenant; the seconds to sleep after it."""
        upcoming = NEVER
        try:
            standing, current = self._look()
            if not current:
                self._look_again()
            ours = self._ours(standing)
        except Exception as error:  # the database is away: it will come back
            return self._held_up(error)
        for tenant, head in ours:
            try:
                engine = self._engine(tenant)
                upcoming = min(upcoming, self._to_head(engine, head))
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

    def _look(self) -> tuple[list[lanes.Standing], bool]:
        """At everything that others change: how far every tenant has come, and whether our tables are those that are read."""
        with self.ledger.database.bare() as conn:
            standing = lanes.standings(conn)
            if self._leases is not None:
                self.status.feed = standing[0].feed if standing else feed_of(conn)
            return standing, self.store.current(conn)

    def _ours(self, standing: Sequence[lanes.Standing]) -> list[tuple[Tenant, int]]:
        """Those that this process runs, with the head of their facts: none where Kafka feeds the engines. Of the others it is
        told how far they have come, for who waits here."""
        numbers = [one.tenant for one in standing]
        if numbers != [tenant.number for tenant in self._tenants]:
            self._tenants = self.ledger.tenants()
        if self._leases is None:
            held = frozenset(numbers)
        elif self.status.feed == EMBEDDED:
            held = self._leases.held(numbers)
        else:
            held = frozenset()
            self._leases.release()
        for number in [number for number in self._engines if number not in held]:
            del self._engines[number]
        tenants = {tenant.number: tenant for tenant in self._tenants}
        for one in standing:
            if one.tenant not in held:
                self._stands(tenants[one.tenant], one.decided, one.verdict_place)
        return [(tenants[one.tenant], one.head) for one in standing if one.tenant in held]

    def _engine(self, tenant: Tenant) -> Engine:
        engine = self._engines.get(tenant.number)
        if engine is None:
            engine = Engine.take_over(tenant, self.ledger, self.store, self.rules, self._owner)
            self._engines[tenant.number] = engine
            self._moved(engine)
        return engine

    def _to_head(self, engine: Engine, head: int) -> int:
        """Fold to the head, conclude what is due; the next due instant. What comes meanwhile wakes us again."""
        while not self._stopping and engine.state.decided < head and engine.step():
            self._moved(engine)
        trusted = self.guard.trusted()
        upcoming = engine.earliest()
        while trusted and not self._stopping and upcoming <= self.ledger.clock.now():
            cut = self._cut(engine.tenant)
            if cut is None:
                break
            while engine.state.decided < cut.place and engine.step():
                self._moved(engine)
            while engine.tick(cut):
                self._moved(engine)
            upcoming = engine.earliest()
        return upcoming

    def _moved(self, engine: Engine) -> None:
        super()._moved(engine)
        if self._leases is not None:
            self._leases.renew()  # to catch up may take long
