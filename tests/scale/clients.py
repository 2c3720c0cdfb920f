"""The two Kafka clients of a worker, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ledger.brokers import Brokers
from processors.transport import Client, Reached
from processors.worker import Worker
from producers.kafka_clients import options
from tests.kit.world import World
from tests.scale.hand import at_head, complaints, made
from tests.web.site import until


@contextmanager
def running(client: Client) -> Iterator[None]:
    """In a thread, where a process has it in its main one."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            client.run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="client")
    thread.start()
    try:
        yield
    finally:
        client.end()
        thread.join(60)
        assert not thread.is_alive()
        assert failed == []


def client_of(feed: str, worker: Worker, reached: Reached) -> Client:
    client: Client
    if feed == "faust":
        from processors.faust_worker import Faust

        client = Faust(worker, reached)
    else:
        from processors.kafka_worker import KafkaPython

        client = KafkaPython(worker, reached)
    worker.on_end = client.end
    return client


@contextmanager
def brought(feed: str, world: World, brokers: Brokers) -> Iterator[Worker]:
    """A worker that has been given the world's tenant, and is at the head."""
    worker = made(world, feed)
    reached = Reached(
        topic=brokers.facts, group=f"{brokers.topics}.{feed}", ledger_id=world.database.ledger_id,
        options=options(brokers, "worker"),
    )  # fmt: skip
    client = client_of(feed, worker, reached)
    worker.start()
    with running(client):
        until(lambda: world.tenant.number in worker.assignment() and at_head(world))
        yield worker


def carried(world: World, worker: Worker, numbers: Iterator[int]) -> bool:
    """Whether of what is told now something comes by Kafka, and not from the ledger."""

    def came() -> int:
        return sum(held.delivery.counts.carried for held in worker.held().values())

    before = came()
    complaints(world, next(numbers), 1)
    until(lambda: at_head(world))
    return came() > before
