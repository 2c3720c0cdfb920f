"""The relay on a real PostgreSQL and a real Kafka: both lanes verbatim and in order, whatever falls in between."""

from __future__ import annotations

import signal
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from kafka.errors import KafkaTimeoutError
from kafka.future import Future
from sqlalchemy import text

from ledger.brokers import Brokers
from ledger.postgres import PostgresDatabase
from producers import relay as module
from producers import relay_holding, relay_windows
from producers import relay_lane as lanes
from producers.relay_holding import Holding
from producers.relay_lane import MOST, Lane, page
from producers.relay_place import Cursor, RelayPlace
from producers.relay_windows import Windows
from producers.topics import topics_of
from schemas.instants import DAY
from tests.kit.kafka import Kafka, started
from tests.kit.places import raw
from tests.kit.postgres import Cluster, Place
from tests.kit.proxy import Proxy
from tests.kit.relays import (
    RelayProcess,
    at_head,
    complaints,
    cursors,
    figures,
    heads,
    held,
    published,
    relaying,
    whole,
    with_topics,
)
from tests.kit.world import START, World
from tests.scale.clients import brought, carried
from tests.scale.hand import opened
from tests.touchline.commands import until


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes 3 to 10 s to be noticed in production takes one."""
    monkeypatch.setattr("producers.topics.WAIT", 2000)
    for name, milliseconds in (
        ("request_timeout_ms", 700),
        ("delivery_timeout_ms", 1500),
        ("max_block_ms", 700),
    ):
        monkeypatch.setitem(module.PRODUCER, name, milliseconds)


@pytest.fixture
def place(cluster: Cluster) -> Iterator[Place]:
    made = cluster.ledger()
    yield made
    cluster.drop(made)


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    made = World(place)
    yield made
    made.close()


@pytest.fixture
def brokers(kafka: Kafka) -> Brokers:
    return with_topics(kafka.access())


def nobody_has_it(place: Place) -> None:
    """The seconds of silence after which a relay is taken for dead."""
    with raw(place) as admin:
        admin.execute("UPDATE relays SET until = 0")


def test_both_lanes_verbatim_and_woken_by_the_bell(
    world: World, place: Place, brokers: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints(world, 0, 3)
    world.tick(START + 10 * DAY)
    assert heads(world)["verdicts"] > 0
    for where in (module, relay_windows):
        monkeypatch.setattr(where, "POLL", 60.0)
    monkeypatch.setattr(relay_holding, "POLL", 60.0)
    monkeypatch.setattr(relay_holding, "RENEW", 60.0)
    with relaying(place, brokers) as relay:
        at_head(world)
        assert whole(world, brokers) == {"facts": 0, "verdicts": 0}
        complaints(world, 3, 2)
        bell = world.database.bell(lambda: None)
        assert bell is not None
        try:
            bell.ring()
            at_head(world)
        finally:
            bell.stop()
        now = figures(relay)
        for lane, head in heads(world).items():
            assert now[f'touchline_relay_published_total{{lane="{lane}"}}'] == head
            assert now[f'touchline_relay_lag{{lane="{lane}",tenant="1"}}'] == 0
            assert now[f'touchline_relay_oldest_seconds{{lane="{lane}",tenant="1"}}'] == 0
    assert whole(world, brokers) == {"facts": 0, "verdicts": 0}


def test_pages_are_bounded_by_bytes_and_a_hole_is_not_passed_over(world: World, place: Place) -> None:
    complaints(world, 0, 30)

    def read(past: int, most: int = MOST) -> list[int]:
        with world.database.read() as connection:
            return [record.place for record in page(connection, 1, "facts", past, "L", "T", most)]

    head = heads(world)["facts"]
    assert read(0) == list(range(1, head + 1))
    assert read(head) == []
    assert read(3, 5) == [4, 5, 6, 7, 8]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.rows.BYTES", 1)
        assert read(5) == [6]  # one, however large
    with raw(place) as admin:
        admin.execute("ALTER TABLE facts DISABLE TRIGGER ALL")
        admin.execute("DELETE FROM facts WHERE place = 9")
    with pytest.raises(lanes.Gap, match="facts after place 3"):
        read(3)


def test_what_was_not_acknowledged_is_not_passed_over(place: Place) -> None:
    """Of a window of which one record failed and a later one did not, all from the one that failed is sent again."""
    with closing(PostgresDatabase.at(place.url)) as database:
        relay = module.Relay(database, Brokers(servers=("127.0.0.1:1",)))
        holding = Holding(database, relay._brokers, relay._place, relay.meters)
        windows = Windows(database, holding, relay.meters, relay._rung, relay._wake)
        lane = Lane(Cursor(1, "facts", "touchline.facts", "id", 5), since=monotonic())
        holding.lanes[1, "facts"] = lane
        answers = [Future() for _ in range(3)]
        lane.window = [(6 + n, answer) for n, answer in enumerate(answers)]
        answers[0].success(None)
        answers[2].success(None)
        assert not windows.settle()
        assert (lane.cursor.place, len(lane.window)) == (5, 3), "one is under way"
        answers[1].failure(KafkaTimeoutError())
        assert windows.settle()
        assert (lane.cursor.place, lane.window, lane.after > 0) == (6, [], True)
        relay._place.close()


def test_window_after_window_that_fails_has_all_opened_anew_and_one_that_succeeds_between_does_not(
    place: Place,
) -> None:
    with closing(PostgresDatabase.at(place.url)) as database:
        relay = module.Relay(database, Brokers(servers=("127.0.0.1:1",)))
        holding = Holding(database, relay._brokers, relay._place, relay.meters)
        windows = Windows(database, holding, relay.meters, relay._rung, relay._wake)
        lane = holding.lanes[1, "facts"] = Lane(Cursor(1, "facts", "touchline.facts", "id", 5))

        def answered(*, well: bool) -> None:
            answer = Future()
            lane.since, lane.window = monotonic(), [(lane.cursor.place + 1, answer)]
            answer.success(None) if well else answer.failure(KafkaTimeoutError())
            windows.settle()

        for well in (False, False, True, False, False):
            answered(well=well)
        with pytest.raises(KafkaTimeoutError, match="3 windows failed"):
            answered(well=False)
        relay._place.close()


def test_what_another_relay_took_is_dropped_as_soon_as_its_cursor_is_written(place: Place) -> None:
    """And not only when the leases are looked at the next time; the cursor that stands is the other's."""
    with closing(PostgresDatabase.at(place.url)) as database:
        relay = module.Relay(database, Brokers(servers=("127.0.0.1:1",)))
        holding = Holding(database, relay._brokers, relay._place, relay.meters)
        holding._epochs = {1: 1}
        for name in ("facts", "verdicts"):
            holding.lanes[1, name] = Lane(Cursor(1, name, f"touchline.{name}", "id", 5), kept=4)
        holding.keep(now=True)  # whose lease nobody gave it
        assert holding.lanes == {}
        assert relay._place.cursors([1]) == {}
        relay._place.close()


def test_a_crash_after_the_answer_and_before_the_cursor_sends_again_and_leaves_nothing_out(
    world: World, place: Place, brokers: Brokers
) -> None:
    complaints(world, 0, 20)
    with relaying(place, brokers):
        at_head(world)
    with raw(place) as admin:
        admin.execute("UPDATE relay_cursors SET place = place - 7 WHERE lane = 'facts'")
    with relaying(place, brokers):
        at_head(world)
    assert whole(world, brokers) == {"facts": 7, "verdicts": 0}


@pytest.mark.crash
def test_kill_9_of_the_relay_and_one_that_was_stopped_and_comes_back(
    world: World, place: Place, brokers: Brokers, tmp_path: Path
) -> None:
    """The second takes over; the first, continued, writes no cursor and lets go by itself."""
    complaints(world, 0, 400)
    first = RelayProcess(place, brokers, tmp_path / "first")
    second: RelayProcess | None = None
    try:
        until(lambda: cursors(world)["facts"] > 0, "the first publishes")
        first.send(signal.SIGKILL)
        first.process.wait(10)
        complaints(world, 400, 400)
        nobody_has_it(place)
        second = RelayProcess(place, brokers, tmp_path / "second", port := free_port())
        at_head(world)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b'touchline_relay_lag{lane="facts",tenant="1"} 0.0' in answer.read()
        second.send(signal.SIGSTOP)
        complaints(world, 800, 20)
        nobody_has_it(place)
        with relaying(place, brokers):
            at_head(world)
            second.send(signal.SIGCONT)
            until(lambda: '"event": "lost"' in second.log, "it noticed")
            complaints(world, 820, 20)
            at_head(world)
        second.send(signal.SIGTERM)
        assert second.process.wait(20) == 0
        assert "Traceback" not in second.log
    finally:
        first.close()
        if second is not None:
            second.close()
    assert whole(world, brokers)["facts"] <= 2 * MOST


def test_a_cursor_is_written_under_its_lease_alone(world: World, place: Place) -> None:
    with (
        closing(PostgresDatabase.at(place.url)) as database,
        closing(RelayPlace(database)) as first,
        closing(RelayPlace(database)) as second,
    ):
        tenant = world.tenant.number
        cursor = Cursor(tenant, "facts", "touchline.facts", "id", 7)
        old = first.hold([tenant])
        nobody_has_it(place)
        assert second.keep([cursor], second.hold([tenant])) == set()
        assert first.keep([replace(cursor, place=3)], old) == {tenant}
        assert first.cursors([tenant]) == {(tenant, "facts"): cursor}


def test_two_relays_and_one_lease(world: World, place: Place, brokers: Brokers) -> None:
    complaints(world, 0, 5)
    with relaying(place, brokers) as first:
        at_head(world)
        with relaying(place, brokers) as second:
            until(lambda: "touchline_relay_tenants" in figures(second), "it runs")
            complaints(world, 5, 5)
            at_head(world)
            assert figures(second)["touchline_relay_tenants"] == 0
            first.stop()
            until(lambda: figures(second)["touchline_relay_tenants"] == 1, "the other has it at once")
            complaints(world, 10, 5)
            at_head(world)
    assert whole(world, brokers) == {"facts": 0, "verdicts": 0}


@pytest.mark.crash
def test_the_broker_is_killed_and_comes_back_and_nobody_starts_the_relay_again(
    world: World, place: Place, brokers: Brokers, kafka: Kafka
) -> None:
    complaints(world, 0, 5)
    with relaying(place, brokers) as relay:
        at_head(world)
        kafka.kill()
        complaints(world, 5, 300)
        until(lambda: failures(relay) > 0, "it noticed")
        missing = heads(world)["facts"] - cursors(world)["facts"]
        assert missing >= 300
        until(lambda: figures(relay)["touchline_relay_tenants"] == 0, "it let go")
        assert lag_of(relay) == missing  # and what waits is told all the same
        assert figures(relay)['touchline_relay_oldest_seconds{lane="facts",tenant="1"}'] > 0
        kafka.start()
        at_head(world)
    whole(world, brokers)


def test_connections_cut_slow_and_half_open(world: World, place: Place, kafka: Kafka) -> None:
    brokers = with_topics(kafka.access(proxied=True))
    (proxy,) = kafka.proxies
    direct = replace(brokers, servers=tuple(kafka.servers))
    with relaying(place, brokers) as relay:
        for n, breaks in enumerate((proxy.cut, proxy.hole)):
            complaints(world, 20 * n, 10)
            at_head(world)
            before = failures(relay)
            breaks()
            complaints(world, 20 * n + 10, 10)
            noticed(relay, before)
            proxy.heal()
            at_head(world)
        proxy.slow(0.05)
        complaints(world, 40, 10)
        at_head(world)
    whole(world, direct)


def test_the_database_is_cut_off_and_comes_back(world: World, place: Place, brokers: Brokers) -> None:
    proxy = Proxy(place.tcp)
    try:
        complaints(world, 0, 5)
        with relaying(replace(place, url=proxy.url), brokers) as relay:
            at_head(world)
            proxy.cut()
            complaints(world, 5, 5)
            noticed(relay, 0)
            proxy.heal()
            at_head(world)
    finally:
        proxy.close()
    whole(world, brokers)


@pytest.mark.crash
def test_three_brokers_one_is_lost_and_writing_goes_on(place: Place) -> None:
    """And what is written goes on to reach the workers."""
    with started(3) as kafka, closing(opened(place)) as world:
        brokers = with_topics(kafka.access())
        complaints(world, 0, 5)
        with relaying(place, brokers), brought("faust", world, brokers) as worker:
            at_head(world)
            with closing(kafka.admin()) as admin:
                (topic,) = admin.describe_topics([brokers.facts])
            assert len(topic["partitions"][0]["replica_nodes"]) == 3
            with topics_of(brokers) as topics:
                kept, wrong = topics.check(1)
            assert ([one.settings["min.insync.replicas"] for one in kept], wrong) == (["2", "2"], [])
            kafka.kill(topic["partitions"][0]["leader_id"])
            complaints(world, 5, 50)
            at_head(world)
            until(partial(carried, world, worker, count(100)), "by Kafka again")
            assert worker.failed is None
            at_head(world)
        whole(world, brokers)


def test_a_topic_made_anew_is_filled_from_the_start(
    world: World, place: Place, brokers: Brokers, kafka: Kafka
) -> None:
    complaints(world, 0, 5)
    with relaying(place, brokers):
        at_head(world)
        with closing(kafka.admin()) as admin:
            admin.delete_topics([brokers.facts, brokers.verdicts])
        complaints(world, 5, 5)
        until(lambda: not topics_there(brokers), "they are gone")
        with_topics(brokers)
        every = set(range(1, heads(world)["facts"] + 1))
        until(lambda: {one.place for one in published(brokers, 1, "facts")} == every, "all is there again")
    whole(world, brokers, in_order=False)  # until it noticed, it went on where it was


def topics_there(brokers: Brokers) -> bool:
    with topics_of(brokers) as topics:
        return bool(topics.seen())


def test_a_body_that_no_topic_takes_is_left_out_and_the_lane_goes_on(
    world: World, place: Place, brokers: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.wire.LARGEST", 1000)
    complaints(world, 0, 3)
    with relaying(place, brokers):
        at_head(world)
    found = published(brokers, 1, "facts")
    large = {record.place for record in found if record.left_out}
    with world.database.read() as connection:
        rows = connection.execute(text("SELECT place FROM facts WHERE octet_length(body) > 1000")).scalars()
        assert large == set(rows)
    assert 0 < len(large) < len(found) == heads(world)["facts"]


def test_tenants_without_a_partition_are_said_and_the_others_go_on(
    world: World, place: Place, kafka: Kafka, capsys: pytest.CaptureFixture[str]
) -> None:
    brokers = kafka.access()
    with topics_of(brokers) as topics:
        topics.init(1, 1)
    world.ledger.add_tenant("another", [])
    with relaying(place, brokers):
        until(lambda: cursors(world)["facts"] == heads(world)["facts"] > 0, "the first is published")
        until(lambda: "partitions_lacking" in capsys.readouterr().out, "it is said")
        with topics_of(brokers) as topics:
            topics.init(2)
        until(lambda: held(world) == {1, 2}, "both are published")


def lag_of(relay: module.Relay) -> float:
    """Of the facts of the first tenant."""
    return figures(relay)['touchline_relay_lag{lane="facts",tenant="1"}']


def failures(relay: module.Relay) -> float:
    return sum(value for name, value in figures(relay).items() if "_errors_total" in name)


def noticed(relay: module.Relay, before: float) -> None:
    until(lambda: failures(relay) > before, "it noticed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
