"""One behaviour, three feeds: whatever becomes of the topic, the verdict lane and the tables are those of the embedded feed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from faust.types import TP

from ledger.feeding import EMBEDDED, KAFKA
from ledger.leases import Leases
from ledger.verify import verify
from processors import assignment, faust_worker, kafka_worker
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.transport import Reached
from processors.worker import Worker
from producers.topics import topics_of
from schemas.instants import DAY, HOUR
from tests.kit.kafka import Kafka
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.relays import with_topics
from tests.kit.topic import Topic, forged
from tests.kit.world import START, World
from tests.scale.clients import brought, client_of, running
from tests.scale.hand import at_head, complaints, head, made, opened, state, working
from tests.web.site import until

FEEDS = ("embedded", "faust", "kafka-python")
YEARS = 5 * 365 * 86400.0
"""Seconds."""
SILENT = 60.0
"""Seconds after which a group gives up a member that says nothing."""


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
    reached = topic.reached(world, session=SILENT)
    client = client_of(feed, worker, reached)
    worker.start()
    with running(client):
        until(lambda: world.tenant.number in worker.assignment())  # held it may be before, as nobody's
        until(lambda: state(world).owner == "worker")
        yield topic, worker
        assert worker.failed is None
        assert len(topic.members(reached.group)) == 1
    until(lambda: not topic.members(reached.group), SILENT / 2)  # it said that it leaves


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


@ON_POSTGRESQL
@pytest.mark.parametrize("feed", FEEDS[1:])
def test_topics_that_grow_behind_a_slow_line_are_shared_out(
    feed: str, place: Place, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    for client in (faust_worker, kafka_worker):
        monkeypatch.setattr(client, "METADATA", 0.3)
    brokers = with_topics(kafka.access(proxied=True))
    world = opened(place)
    try:
        with brought(feed, world, brokers) as worker:
            before = len(worker.assignment())
            kafka.proxies[0].slow(0.08)  # longer there and back than a poll
            with topics_of(brokers) as topics:
                topics.init(before + 1)
            until(lambda: len(worker.assignment()) > before)
            assert worker.failed is None
    finally:
        world.close()


@ON_POSTGRESQL
def test_a_worker_to_spare_is_never_idle_for_too_long(place: Place) -> None:
    """aiokafka lets a member without a partition leave after so long, and never come back."""
    world = opened(place)
    try:
        reached = Reached(topic="t", group="g", ledger_id="l", options={"bootstrap_servers": ["127.0.0.1:1"]})
        app = faust_worker.Faust(made(world, "worker"), reached)._app()
        assert app.conf.broker_max_poll_interval > YEARS
    finally:
        world.close()


@ON_POSTGRESQL
def test_what_a_rebalance_took_is_not_committed_and_no_fault(
    place: Place, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handed over, and taken before the commit comes to it."""
    commit, told = faust_worker._Consumer.commit, []

    async def late(consumer: Any, *given: Any, **more: Any) -> bool:
        told.append(await consumer._commit({TP("elsewhere", 3): 7}))
        return await commit(consumer, *given, **more)

    monkeypatch.setattr(faust_worker._Consumer, "commit", late)
    world = opened(place)
    try:
        with fed("faust", world, lambda: kafka) as (topic, worker):
            assert topic is not None
            assert worker is not None
            until(lambda: told)
            seen = head(world)
            complaints(world, 0, 5)
            topic.publish(world, seen, list)
            until(lambda: worker.held()[world.tenant.number].delivery.counts.carried)
        assert not any(told)
    finally:
        world.close()


@ON_POSTGRESQL
@pytest.mark.parametrize("feed", FEEDS[1:])
def test_without_any_broker(feed: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Kafka should be: it waits for it, and decides what nobody else does."""
    monkeypatch.setattr(assignment, "ORPHANED", 0.1)
    world = opened(place)
    worker = made(world, "worker")
    reached = Reached(
        topic="t",
        group="g",
        ledger_id=world.database.ledger_id,
        options={"bootstrap_servers": ["127.0.0.1:1"]},
    )
    try:
        client = client_of(feed, worker, reached)
        worker.start()
        with running(client):
            complaints(world, 0, 5)
            until(lambda: at_head(world))
        assert worker.failed is None
    finally:
        worker.stop()
        world.close()


class Failing(Worker):
    """One in which something is wrong that nobody thought of."""

    def deliver(self, partition: int, records: Any, patience: float = 0.0) -> int:
        raise ZeroDivisionError


@ON_POSTGRESQL
@pytest.mark.parametrize("feed", FEEDS[1:])
def test_an_error_ends_the_process_and_loses_nothing(feed: str, place: Place, kafka: Kafka) -> None:
    """Faust acknowledges what its agent failed on. The engine row says otherwise."""
    world = opened(place)
    topic = Topic(kafka)
    worker = Failing(world.ledger, world.store, world.rules, Progress(), "worker")
    try:
        client = client_of(feed, worker, topic.reached(world))
        worker.start()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                client.run()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: state(world).owner == "worker")
        complaints(world, 0, 5)
        topic.publish(world)
        thread.join(60)
        assert [type(one) for one in failed] == [ZeroDivisionError]
        assert worker.failed is None
        with working(world, "next") as after:
            after.assign([world.tenant.number])
            until(lambda: at_head(world))
    finally:
        worker.stop()
        world.close()
