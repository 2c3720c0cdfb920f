"""What every runner of engines has, whatever feeds them: the set of tables in hand, the clock that is trusted or not, and what
to do about storage that is away for a while. Any thread may look at ``status``; everything else is the runner's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from ledger import lanes
from ledger.clock import guarded
from ledger.errors import Busy, NotKept, trouble
from ledger.feeding import EMBEDDED
from ledger.lanes import Cut
from ledger.ledger import Ledger
from ledger.ports import Locks
from ledger.tenants import Tenant
from processors.engine import Engine, OtherSet, Sets
from processors.progress import Progress
from processors.rules.linear import AnyRule

SAFETY = 1.0
"""Seconds after which it looks again even if nobody woke it."""


@dataclass(slots=True)
class RunnerStatus:
    """What ``/readyz`` and the wall show."""

    running: bool = False
    error: str = ""
    feed: str = EMBEDDED
    decided: dict[str, int] = field(default_factory=dict)


class _Doubted(Exception):
    """The clock was set."""


class Runner:
    """See the module's docstring. ``reopen`` gives the active set, where another process has swapped it."""

    def __init__(
        self,
        ledger: Ledger,
        store: Sets,
        rules: Sequence[AnyRule],
        progress: Progress,
        owner: str,
        reopen: Callable[[], Sets] | None = None,
    ) -> None:
        self.ledger = ledger
        self.store = store
        self.rules = rules
        self.progress = progress
        self.guard = guarded(ledger.clock)
        self.status = RunnerStatus()
        self._owner = owner
        self._reopen = reopen
        self._engines: dict[int, Engine] = {}

    def use(self, store: Sets, rules: Sequence[AnyRule] | None = None) -> None:
        """From now on another set of tables. Call it while paused."""
        self.store = store
        self.rules = rules or self.rules
        self._engines.clear()

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
            log().error("batch_not_kept", detail=told)
        self.status.error = told
        return SAFETY

    def _cut(self, tenant: Tenant) -> Cut | None:
        """None, and nothing of it kept, where the clock was set since we looked: the database's shows that in a slice first."""

        def job(conn: Connection) -> Cut:
            cut = lanes.cut(conn, self.ledger.clock, tenant)
            if not self.guard.trusted():
                raise _Doubted
            return cut

        try:
            return self.ledger.writer.call(job, Locks.counter(tenant.number))
        except _Doubted:
            return None

    def _moved(self, engine: Engine) -> None:
        self._stands(engine.tenant, engine.state.decided, engine.state.verdict_place)

    def _stands(self, tenant: Tenant, decided: int, verdict_place: int) -> None:
        self.status.decided[tenant.name] = decided
        self.progress.moved(tenant.number, decided, verdict_place)

    def snapshot(self) -> dict[str, Any]:
        """The status as plain JSON."""
        return {
            "running": self.status.running,
            "error": self.status.error,
            "clock_doubted": not self.guard.trusted(),
            "clock_moved_by_us": self.guard.moved_by,
            "feed": self.status.feed,
            "decided": dict(self.status.decided),
        }


def log() -> Any:
    """Loaded when there is something to say: every command that writes loads this module."""
    import structlog

    return structlog.get_logger("engine")
