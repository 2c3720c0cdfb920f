"""Before a lane is published: what stands last in its partition must stand in the ledger too.

A database that was restored to an earlier moment, or a copy that goes on by itself, lives another life
(``ledger.timeline``): it has, or will have, other events at places that the topic has already told to everybody. It is not
published there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from time import monotonic
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError
from sqlalchemy import text

from ledger.brokers import Brokers, tenant_of
from ledger.postgres import PostgresDatabase
from ledger.wire import NotARecord, Record, read
from producers.kafka_clients import opened

LAST = 16
"""Records looked at: what is none of ours is passed over."""
WAIT = 10.0


class OtherLife(Exception):
    """The topic tells another life of this ledger, or another ledger; it is not published there."""


def check(
    database: PostgresDatabase, brokers: Brokers, tenants: Iterable[int], partition_of: Callable[[int], int]
) -> None:
    """Both lanes of these tenants. Raises OtherLife; KafkaError or DBAPIError where one of the two is away."""
    parts = [
        TopicPartition(topic, partition_of(tenant))
        for tenant in tenants
        for topic in (brokers.facts, brokers.verdicts)
    ]
    consumer = opened(
        KafkaConsumer, brokers, "relay-check", enable_auto_commit=False, isolation_level="read_committed",
        bootstrap_timeout_ms=5000, request_timeout_ms=5000, fetch_max_wait_ms=100,
    )  # fmt: skip
    with closing(consumer):
        for part, value, headers in _last(consumer, parts):
            try:
                record = read(tenant_of(part.partition), value, headers)
            except NotARecord:
                continue
            _compare(database, part.topic, "verdicts" if part.topic == brokers.verdicts else "facts", record)


def _last(consumer: Any, parts: list[Any]) -> Iterable[tuple[Any, bytes | None, Any]]:
    known = [part for part in parts if part.partition in (consumer.partitions_for_topic(part.topic) or ())]
    ends = consumer.end_offsets(known)
    begins = consumer.beginning_offsets(known)
    waiting = {part for part in known if ends[part] > begins[part]}
    consumer.assign(sorted(waiting))
    for part in waiting:
        consumer.seek(part, max(begins[part], ends[part] - LAST))
    deadline = monotonic() + WAIT
    while waiting:
        for part, records in consumer.poll(timeout_ms=500).items():
            for record in records:
                yield part, record.value, record.headers
        waiting = {part for part in waiting if consumer.position(part) < ends[part]}
        if waiting and monotonic() > deadline:
            raise KafkaTimeoutError("the last records of the topics could not be read")


def _compare(database: PostgresDatabase, topic: str, lane: str, record: Record) -> None:
    if record.ledger_id != database.ledger_id:
        raise OtherLife(f"{topic}, tenant {record.tenant}: it carries ledger {record.ledger_id[:36]}")
    with database.read() as connection:
        given = {"tenant": record.tenant, "place": record.place}
        found = connection.scalar(
            text(f"SELECT hash FROM {lane} WHERE tenant = :tenant AND place = :place"), given
        )
    if found is None:
        raise OtherLife(f"{topic}, tenant {record.tenant}: it has place {record.place}, the ledger does not")
    if bytes(found) != record.hash:
        raise OtherLife(f"{topic}, tenant {record.tenant}: another event stands at place {record.place}")
