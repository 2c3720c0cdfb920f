"""One worker process: the engines of the tenants that Kafka assigns to it, until a signal or an error ends it."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from ledger.leases import Leases
from processors.progress import Progress
from processors.transport import Client, ClientDied, Reached
from processors.vitals import Vitals
from processors.worker import StillFenced, Worker
from producers.kafka_clients import options
from projections.store import SqlStore, open_store
from touchline import logs, telemetry
from touchline.brokers import kafka_answers, no_client
from touchline.exits import Exit, Refused
from touchline.options import say
from touchline.place import Shared
from touchline.pulse import Pulse
from touchline.rules import rules
from touchline.settings import Settings
from touchline.wing import opened

if TYPE_CHECKING:
    from ledger.brokers import Brokers

FAUST, KAFKA_PYTHON = "faust", "kafka-python"
RUNNERS = (FAUST, KAFKA_PYTHON)


def work(place: Shared, brokers: Brokers, runner: str, metrics: tuple[str, int], session: float) -> None:
    """Returns after SIGTERM or SIGINT, with the batch in hand finished and the group left. Raises Refused with code 75 where
    a tenant was fenced and still assigned, the ledger's errors, and whatever else ended it. ``metrics``: where its pulse is
    felt; port 0 for none."""
    logs.configure(Settings.of(place.folder).log_format)
    with ExitStack() as rooms:
        rooms.callback(telemetry.start("touchline-worker"))
        worker, ledger_id = _worker(place, rooms)
        reached = Reached(
            topic=brokers.facts,
            group=f"{brokers.topics}.workers",
            ledger_id=ledger_id,
            options=options(brokers, "worker"),
            session=session,
        )
        client = _client(runner, worker, reached)
        worker.on_end = client.end
        worker.start()
        rooms.callback(worker.stop)
        if metrics[1]:
            vitals, registry = Vitals(worker), CollectorRegistry()
            registry.register(vitals)
            rooms.callback(Pulse(registry, vitals.health, *metrics).close)
        before = {n: signal.signal(n, lambda *_: client.end()) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            say(f"工作进程已启动（{runner}），等待分配租户。", "A worker waits for its tenants.")
            with kafka_answers(brokers):
                client.run()
        except ClientDied as error:
            raise Refused(
                Exit.UNAVAILABLE, f"Kafka（{', '.join(brokers.servers)}）没有回应。", f"{error}."
            ) from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        worker.stop()
        if isinstance(worker.failed, StillFenced):
            raise Refused(
                Exit.FENCED, "租户已由另一工作进程判定，本进程退出以便重新分配。", f"{worker.failed}."
            )
        if worker.failed is not None:
            raise worker.failed
    say("工作进程已停止。", "The worker has stopped.")


def _worker(place: Shared, rooms: ExitStack) -> tuple[Worker, str]:
    wing = opened(place, rooms)
    mine = rules()

    def store() -> SqlStore:
        return open_store(wing.database, wing.writer, mine)

    leases = Leases(wing.writer)
    return Worker(
        wing.ledger, store(), mine, Progress(), leases.owner, store, leases
    ), wing.database.ledger_id


def _client(runner: str, worker: Worker, reached: Reached) -> Client:
    try:
        if runner == FAUST:
            from processors.faust_worker import Faust

            return Faust(worker, reached)
        from processors.kafka_worker import KafkaPython

        return KafkaPython(worker, reached)
    except ModuleNotFoundError as error:
        raise no_client(error) from None
