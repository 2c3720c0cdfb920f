"""A worker process whose clock is simulated: ``python -m tests.kit.worker_child NAME RUNNER URL CLOCK SERVER TOPICS``. Else it
is what ``touchline worker`` is: SIGTERM ends it well, an error with its trace, and the test ends it with SIGKILL. As it ends it
tells how many facts came by Kafka, of the tenants that it had last."""

from __future__ import annotations

import tests.kit.seldom  # isort: skip  # noqa: F401

import signal
import sys
from pathlib import Path

from ledger.brokers import Brokers
from processors.transport import Reached
from producers.kafka_clients import options
from tests.kit.places import named
from tests.kit.shared_clock import SharedClock
from tests.kit.world import World
from tests.scale.clients import client_of
from tests.scale.hand import made

SESSION = 2.0


def main(name: str, runner: str, url: str, clock: str, server: str, topics: str) -> None:
    world = World(named(url), clock=SharedClock(Path(clock)), take_over=False)
    brokers = Brokers(servers=(server,), topics=topics)
    reached = Reached(
        topic=brokers.facts,
        group=f"{topics}.workers",
        ledger_id=world.database.ledger_id,
        options=options(brokers, "worker"),
        session=SESSION,
    )
    worker = made(world, name)
    client = client_of(runner, worker, reached)
    signal.signal(signal.SIGTERM, lambda *_: client.end())
    worker.start()
    try:
        client.run()
    finally:
        worker.stop()
        world.close()
    print(f"carried={sum(one.delivery.counts.carried for one in worker.held().values())}", flush=True)
    if worker.failed is not None:
        raise worker.failed


if __name__ == "__main__":
    main(*sys.argv[1:])
