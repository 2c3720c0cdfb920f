"""One behaviour, three feeds: whatever becomes of the topic, the verdict lane and the tables are those of the embedded feed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.feeding import EMBEDDED, KAFKA
from ledger.leases import Leases
from ledger.verify import verify
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.transport import Client
from processors.worker import Worker
from schemas.instants import DAY, HOUR
from tests.kit.kafka import Kafka
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.topic import Topic, forged
from tests.kit.world import START, World
from tests.scale.hand import at_head, complaints, head, made, opened, state
from tests.web.site import until

FEEDS = ("embedded", "faust", "kafka-python")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same facts on SQLite, folded by hand."""
    world = World(tmp_path_factory.mktemp("straight"), at=START + HOUR)
    try:
        complaints(world, 0, 70)
        world.tick(START + 9 * DAY)
        complaints(world, 70, 5)
        world.tick()
        return world.lane(), world.tables()
    finally:
        world.close()


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
        thread.join(30)
        assert not thread.is_alive()
        assert failed == []


@contextmanager
def fed(feed: str, world: World, kafka: Callable[[], Kafka]) -> Iterator[tuple[Topic | None, Worker | None]]:
    if feed == "embedded":
        leases = Leases(world.writer)
        runner = EmbeddedRunner(world.ledger, world.store, world.rules, Progress(), leases.owner, leases)
        runner.start()
        try:
            yield None, None
        finally:
            runner.stop()
        return
    topic = Topic(kafka())
    worker = made(world, "worker")
    client: Client
    if feed == "faust":
        from processors.faust_worker import Faust

        client = Faust(worker, topic.reached(world))
    else:
        from processors.kafka_worker import KafkaPython

        client = KafkaPython(worker, topic.reached(world))
    worker.on_end = client.end
    worker.start()
    with running(client):
        until(lambda: world.tenant.number in worker.held())
        until(lambda: state(world).owner == "worker")
        yield topic, worker
        assert worker.failed is None


@ON_POSTGRESQL
@pytest.mark.parametrize("feed", FEEDS)
def test_whatever_becomes_of_the_topic(
    feed: str, place: Place, straight: Any, request: pytest.FixtureRequest
) -> None:
    world = opened(place, EMBEDDED if feed == "embedded" else KAFKA)
    try:
        with fed(feed, world, lambda: request.getfixturevalue("kafka")) as (topic, worker):

            def carried(bend: Callable[[list[Any]], list[Any]] = list) -> None:
                """What was appended since is published, and decided in the end."""
                if topic is not None:
                    topic.publish(world, seen[-1], bend)
                until(lambda: at_head(world))
                seen.append(head(world))

            seen = [head(world)]
            complaints(world, 0, 10)
            carried()
            complaints(world, 10, 10)
            carried(lambda rows: rows + rows)  # doubled
            complaints(world, 20, 10)
            carried(lambda rows: rows[:3] + rows[6:])  # a hole
            complaints(world, 30, 10)
            carried(lambda rows: [forged(row) if row is rows[4] else row for row in rows])
            complaints(world, 40, 10)
            carried(lambda rows: rows[::-1])
            complaints(world, 50, 10)
            carried(lambda rows: [])  # the head stays unread
            if topic is not None:
                topic.wipe()
            complaints(world, 60, 10)
            carried()
            world.clock.set(START + 9 * DAY)
            until(lambda: state(world).advanced == START + 9 * DAY)
            complaints(world, 70, 5)
            carried()
            if worker is not None:
                counts = worker.held()[world.tenant.number].delivery.counts
                assert counts.carried > 20
                assert counts.read > 10
                assert state(world).epoch == 2  # raised by the move, and once by the worker
        assert verify(world.database).problems == []
        assert (world.lane(), world.tables()) == straight
    finally:
        world.close()
