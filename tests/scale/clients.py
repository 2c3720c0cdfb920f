"""The two Kafka clients of a worker, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from processors.transport import Client, Reached
from processors.worker import Worker


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
