"""Kafka in, against a real Kafka and a real PostgreSQL: killed, taken over, cut off; nothing is lost and nothing is doubled."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from ledger.clock import SimulatedClock
from ledger.verify import verify
from producers.inbox.letters import Letters
from producers.inbox.lists import Lists
from producers.inbox.taking import Taken, take
from producers.intake import Intake
from producers.kafka_clients import opened, options
from producers.records import Delivery
from producers.subscriber import CONSUMER, NotNow, Subscriber
from tests.kit.kafka import Kafka
from tests.kit.places import name_of
from tests.kit.postgres import Cluster
from tests.kit.records import Sent, binary, make_topic, send, structured, ticket
from tests.kit.subscribers import subscribed
from tests.ledger.house import START, House
from tests.touchline.commands import ROOT, until


@pytest.fixture
def house(cluster: Cluster) -> Iterator[House]:
    place = cluster.ledger()
    made = House.open(place, SimulatedClock(START))
    made.tenant()
    yield made
    made.close()
    cluster.drop(place)


def keeping(house: House) -> Callable[[Sequence[Delivery]], Taken]:
    intake, letters, (tenant,) = (
        Intake(house.ledger, house.clock),
        Letters(house.ledger),
        house.ledger.tenants(),
    )
    return lambda deliveries: take(intake, letters, tenant, "crm", deliveries, 1 << 20)


def tickets(house: House) -> list[str]:
    (tenant,) = house.ledger.tenants()
    with house.database.read() as connection:
        return [str(fact.ticket) for fact in house.ledger.facts(connection, tenant, 0, 5000)]


def committed(kafka: Kafka, group: str, topic: str, partitions: int = 1) -> list[int | None]:
    with closing(
        opened(KafkaConsumer, kafka.access(), "test", group_id=group, enable_auto_commit=False)
    ) as one:
        return [one.committed(TopicPartition(topic, n)) for n in range(partitions)]


@pytest.mark.crash
def test_killed_between_the_two_commits(house: House, kafka: Kafka) -> None:
    topic, group = make_topic(kafka), kafka.name("group")
    send(kafka, topic, [(0, structured(ticket("a"))), (0, ([], b"none")), (0, binary(ticket("b")))])
    words = [name_of(house.place), kafka.servers[0], topic, group]
    victim = [sys.executable, "-m", "tests.kit.subscriber_victim", *words]
    assert subprocess.run(victim, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL
    assert tickets(house) == ["T-a", "T-b"]
    assert committed(kafka, group, topic) == [None]
    send(kafka, topic, [(0, structured(ticket("c")))])
    with subscribed(kafka.access(), topic, group, keeping(house)) as after:
        until(lambda: after.taken.received == 4, "all are delivered again, and one more")
    assert after.taken == Taken(4, kept=1, duplicates=3)
    assert tickets(house) == ["T-a", "T-b", "T-c"]
    assert committed(kafka, group, topic) == [4]
    found = Lists(house.ledger).listed(house.ledger.tenants()[0])
    assert [(one["state"], one["source"]) for one in found] == [("dead", "crm")]
    assert verify(house.ledger.database).ok


def test_two_share_the_partitions_and_one_goes(house: House, kafka: Kafka) -> None:
    topic, group, keep = make_topic(kafka, 4), kafka.name("group"), keeping(house)

    def bring(first: int) -> None:
        send(kafka, topic, [(n % 4, structured(ticket(f"{n}"))) for n in range(first, first + 40)])

    bring(100)
    with subscribed(kafka.access(), topic, group, keep) as one:
        until(lambda: len(tickets(house)) == 40, "one takes all")
        with subscribed(kafka.access(), topic, group, keep) as other:
            until(lambda: _parts(one) == _parts(other) == 2, "they share")
            bring(200)
            until(lambda: len(tickets(house)) == 80, "both take")
            until(lambda: other.taken.kept == 20, "and count what they took, after the commit")
        until(lambda: _parts(one) == 4, "the one that is left has all again")
        bring(300)
        until(lambda: len(tickets(house)) == 120, "and takes them")
    assert one.taken.kept + other.taken.kept == 120
    for part in range(4):
        mine = [int(name[2:]) for name in tickets(house) if int(name[2:]) % 4 == part]
        assert mine == sorted(mine), "order is kept within a partition"
    assert committed(kafka, group, topic, 4) == [30] * 4


def _parts(one: Subscriber) -> int:
    return len(next(iter(one.meters.lag.collect())).samples)


def test_while_the_ledger_is_away_it_waits_and_skips_nothing(house: House, kafka: Kafka) -> None:
    topic, group, keep = make_topic(kafka, 2), kafka.name("group"), keeping(house)
    away = threading.Event()
    away.set()
    tried: list[list[int]] = []

    def held(deliveries: Sequence[Delivery]) -> Taken:
        if away.is_set():
            tried.append([one.offset for one in deliveries])
            raise NotNow("no word from the database")
        return keep(deliveries)

    send(kafka, topic, [(n % 2, structured(ticket(f"{n}"))) for n in range(6)])
    with subscribed(kafka.access(), topic, group, held) as one:
        until(lambda: len(tried) >= 3, "it tries again")
        send(kafka, topic, [(0, structured(ticket("6")))])
        until(lambda: len(tried) >= 4, "and again")
        assert _gauge(one, "touchline_subscriber_waiting") == 1
        assert {offsets[0] for offsets in tried} == {0}
        assert _parts(one) == 2, "it stayed in the group"
        away.clear()
        until(lambda: one.taken.received == 7, "it goes on")
        until(lambda: _gauge(one, "touchline_subscriber_waiting") == 0, "and says so")
        until(lambda: committed(kafka, group, topic, 2) == [4, 3], "and says how far it is")
    assert one.taken == Taken(7, kept=7)
    assert sorted(tickets(house)) == [f"T-{n}" for n in range(7)]


def test_while_kafka_is_cut_off_it_waits_and_skips_nothing(house: House, kafka: Kafka) -> None:
    topic, group = make_topic(kafka), kafka.name("group")
    brokers = kafka.access(proxied=True)
    send(kafka, topic, [(0, structured(ticket("a")))])
    with subscribed(brokers, topic, group, keeping(house)) as one:
        until(lambda: one.taken.kept == 1, "taken")
        kafka.proxies[0].cut()
        send(kafka, topic, [(0, structured(ticket("b")))])
        kafka.proxies[0].heal()
        until(lambda: one.taken.kept == 2, "it came back by itself")
    assert tickets(house) == ["T-a", "T-b"]


def test_a_topic_that_grows_behind_a_slow_line_is_taken_from(
    house: House, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONSUMER, "metadata_max_age_ms", 300)
    topic, group = make_topic(kafka), kafka.name("group")
    send(kafka, topic, [(0, structured(ticket("a")))])
    with subscribed(kafka.access(proxied=True), topic, group, keeping(house), session=6.0) as one:
        until(lambda: one.taken.kept == 1, "taken")
        kafka.proxies[0].slow(0.3)  # longer there and back than a poll
        with closing(kafka.admin()) as admin:
            admin.create_partitions({topic: 2})
        send(kafka, topic, [(1, structured(ticket("b")))])
        until(lambda: one.taken.kept == 2, "from the new partition")


def test_what_a_partition_brings_that_is_gained_while_it_waits_is_taken(
    house: House, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its records come before it can be paused, and are put back."""
    monkeypatch.setitem(CONSUMER, "metadata_max_age_ms", 100)
    monkeypatch.setattr("producers.subscriber.AGAIN", 2.0)
    topic, group, keep = make_topic(kafka), kafka.name("group"), keeping(house)
    away, tried = threading.Event(), threading.Event()
    away.set()

    def held(deliveries: Sequence[Delivery]) -> Taken:
        if away.is_set():
            tried.set()
            raise NotNow("no word from the database")
        return keep(deliveries)

    send(kafka, topic, [(0, structured(ticket("a")))])
    with subscribed(kafka.access(), topic, group, held) as one:
        until(tried.is_set, "it waits")
        with closing(kafka.admin()) as admin:
            admin.create_partitions({topic: 2})
        send(kafka, topic, [(1, structured(ticket("b")))])
        away.clear()
        until(lambda: one.taken.received == 2, "both are taken")
    assert sorted(tickets(house)) == ["T-a", "T-b"]


def test_what_a_transaction_took_back_is_not_taken(house: House, kafka: Kafka) -> None:
    topic, group = make_topic(kafka), kafka.name("group")
    with closing(
        KafkaProducer(**options(kafka.access(), "test"), transactional_id=kafka.name("tx"), acks="all")
    ) as producer:
        producer.init_transactions()
        for own_id, end in (("no", producer.abort_transaction), ("yes", producer.commit_transaction)):
            producer.begin_transaction()
            headers, value = structured(ticket(own_id))
            producer.send(topic, value, headers=headers, partition=0)
            producer.flush(10)
            end()
    with subscribed(kafka.access(), topic, group, keeping(house)) as one:
        until(lambda: one.taken.received > 0, "taken")
    assert tickets(house) == ["T-yes"]


def _send(producer: KafkaProducer, topic: str, record: Sent) -> None:
    producer.send(topic, record[1], headers=record[0], partition=0)


class NoText(str):
    """A header's name that is no UTF-8, as clients in C send it."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


def test_a_header_whose_name_is_no_text_holds_nothing_up(house: House, kafka: Kafka) -> None:
    topic, group = make_topic(kafka), kafka.name("group")
    headers, value = structured(ticket("b"))
    producer = KafkaProducer(**options(kafka.access(), "test"), linger_ms=200, compression_type="gzip")
    with closing(producer):  # one batch
        _send(producer, topic, structured(ticket("a")))
        producer.send(topic, value, headers=[*headers, (NoText("x"), b"1")], partition=0)
        producer.send(topic, b"?", headers=[(NoText("x"), b"1")], partition=0)
        _send(producer, topic, structured(ticket("c")))
        producer.flush(10)
    with subscribed(kafka.access(), topic, group, keeping(house)) as one:
        until(lambda: one.taken.received == 4, "all are taken")
    assert one.taken == Taken(4, kept=3, dead=1)
    assert tickets(house) == ["T-a", "T-b", "T-c"]


def test_a_topic_that_is_not_there_is_waited_for(house: House, kafka: Kafka) -> None:
    missing = kafka.name("later")
    with subscribed(kafka.access(), missing, kafka.name("group"), keeping(house)) as one:
        until(lambda: _gauge(one, "touchline_subscriber_waiting") == 1, "it says so")
        make_topic(kafka, name=missing)
        send(kafka, missing, [(0, structured(ticket("a")))])
        until(lambda: one.taken.kept == 1, "it is there now")


def test_what_expired_before_it_was_taken_is_told(house: House, kafka: Kafka) -> None:
    topic, group = make_topic(kafka), kafka.name("group")
    send(kafka, topic, [(0, structured(ticket("a")))])
    with subscribed(kafka.access(), topic, group, keeping(house)) as one:
        until(lambda: one.taken.received == 1, "taken")
    send(kafka, topic, [(0, structured(ticket("b"))), (0, structured(ticket("c")))])
    with closing(kafka.admin()) as admin:
        admin.delete_records({TopicPartition(topic, 0): 2})
    with subscribed(kafka.access(), topic, group, keeping(house)) as two:
        until(lambda: two.taken.received == 1, "taken")
        until(lambda: _gauge(two, "touchline_subscriber_expired_total") == 1, "told")
    assert tickets(house) == ["T-a", "T-c"]


def _gauge(one: Subscriber, name: str) -> float | None:
    return one.meters.registry.get_sample_value(name)
