"""The kit's own promises: what a broker acknowledged it keeps, and its proxies break what they are told to break."""

from __future__ import annotations

from contextlib import closing, suppress

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from ledger.brokers import Brokers
from producers.kafka_clients import options
from tests.kit.kafka import MISSING, Kafka, shared


def topic(kafka: Kafka) -> str:
    name = kafka.name()
    with closing(kafka.admin()) as admin:
        admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
        admin.wait_for_topics([name])
    return name


def sender(access: Brokers, patience: int = 30) -> KafkaProducer:
    """Which gives up after so many seconds."""
    return KafkaProducer(
        **options(access, "test"), acks="all", enable_idempotence=False,
        request_timeout_ms=500 * patience, delivery_timeout_ms=1000 * patience, max_block_ms=1000 * patience,
    )  # fmt: skip


def kept(access: Brokers, name: str, count: int) -> list[bytes]:
    """The first so many records."""
    consumer = KafkaConsumer(
        **options(access, "test"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
    )
    with closing(consumer):
        consumer.assign([TopicPartition(name, 0)])
        return [record.value for _, record in zip(range(count), consumer, strict=False)]


@pytest.mark.crash
def test_what_was_acknowledged_outlives_a_killed_broker(kafka: Kafka) -> None:
    name = topic(kafka)
    with closing(sender(kafka.access())) as producer:
        producer.send(name, b"kept", partition=0).get(10)
    kafka.kill()
    kafka.start()
    assert kept(kafka.access(), name, 1) == [b"kept"]


def test_the_proxies_cut_slow_and_swallow(kafka: Kafka) -> None:
    name, proxy, access = topic(kafka), kafka.proxies[0], kafka.access(proxied=True)
    with closing(sender(access)) as producer, closing(sender(access, 1)) as hasty:
        producer.send(name, b"through", partition=0).get(30)
        with suppress(KafkaError):
            hasty.partitions_for(name)
        proxy.cut()
        with pytest.raises(KafkaError):
            hasty.send(name, b"cut", partition=0).get(10)
        proxy.heal()
        producer.send(name, b"healed", partition=0).get(30)
        proxy.hole()
        with pytest.raises(KafkaError):
            hasty.send(name, b"swallowed", partition=0).get(10)
        proxy.heal()
    with closing(sender(access)) as producer:
        producer.send(name, b"quick", partition=0).get(30)
        proxy.slow(0.2)
        late = producer.send(name, b"late", partition=0)
        with pytest.raises(KafkaError):
            late.get(0.1)
        late.get(30)
    values = [value for value in kept(kafka.access(), name, 3) if value != b"swallowed"]
    assert values[:2] == [b"through", b"healed"]


def test_without_kafka_it_is_said_what_to_install_and_ci_does_not_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TOUCHLINE_TEST_KAFKA", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match=rf"{MISSING}: no java \(apt-get install"):
        shared()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=MISSING):
        shared()
