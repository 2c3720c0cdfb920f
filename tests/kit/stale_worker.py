"""A process whose engine stops itself (SIGSTOP) in the middle of a batch, and goes on when somebody continues it.

``python -m tests.kit.stale_worker URL STEP N``: stops at the n-th passing of an engine's step. Tells on standard output what
its runner met (``fenced``, ``held up``) and, when its input ends, its status as JSON.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time

from ledger.errors import Fenced
from ledger.leases import Leases
from ledger.tenants import Tenant
from processors.embedded import EmbeddedRunner
from processors.engine import Engine
from processors.progress import Progress
from processors.steps import EngineStep
from tests.kit.engine_victim import Killer, cut_at
from tests.kit.places import named
from tests.kit.world import World


class Stopper(Killer):
    def fall(self) -> None:
        # to this very thread: another one might take a signal to the process, while this one goes on for a moment
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


class Telling(EmbeddedRunner):
    """The runner of every house, which tells what it met."""

    stopper: Stopper

    def _engine(self, tenant: Tenant) -> Engine:
        new = tenant.number not in self._engines
        engine = super()._engine(tenant)
        if new:
            cut_at(engine, self.stopper)
        return engine

    def _to_head(self, engine: Engine, head: int) -> int:
        try:
            return super()._to_head(engine, head)
        except Fenced:
            print("fenced", flush=True)
            raise

    def _held_up(self, error: Exception) -> float:
        wait = super()._held_up(error)
        print("held up", flush=True)
        return wait


def main(url: str, step: str, count: str) -> None:
    world = World(named(url), take_over=False)
    # What the server does after 15 s of silence, sooner.
    world.writer.call(lambda c: c.exec_driver_sql("SET idle_in_transaction_session_timeout = '500ms'"))
    leases = Leases(world.writer)
    runner = Telling(world.ledger, world.store, world.rules, Progress(), leases.owner, leases)
    runner.stopper = Stopper(EngineStep[step], int(count))
    runner.start()
    sys.stdin.read()
    end = time.monotonic() + 60
    while runner.status.error and time.monotonic() < end:  # until the next round has gone well
        threading.Event().wait(0.02)
    runner.stop()
    print(json.dumps(runner.snapshot() | {"engines": len(runner._engines)}), flush=True)
    world.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
