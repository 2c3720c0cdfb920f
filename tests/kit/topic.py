"""The facts topic of a world on a real Kafka, written by the test's own hand: as the relay does it, or otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.structs import OffsetAndMetadata
from sqlalchemy import select

from ledger import wire
from ledger.brokers import partition_of
from ledger.tables import facts
from ledger.tenants import Tenant
from processors.transport import Reached
from producers.kafka_clients import options
from tests.kit.kafka import IN_ORDER, Kafka
from tests.kit.world import World

Bend = Callable[[list[wire.Record]], Iterable[wire.Record]]
"""What is made of the records on their way."""


class Topic:
    """``word``.facts with some partitions."""

    def __init__(self, kafka: Kafka, partitions: int = 4) -> None:
        self.kafka = kafka
        self.brokers = kafka.access()
        self.partitions = partitions
        self.make()

    @property
    def name(self) -> str:
        return self.brokers.facts

    def make(self) -> None:
        with contextlib.closing(self.kafka.admin()) as admin:
            admin.create_topics([NewTopic(self.name, num_partitions=self.partitions, replication_factor=1)])

    def wipe(self) -> None:
        """Everything in it is gone."""
        with contextlib.closing(self.kafka.admin()) as admin:
            admin.delete_records({TopicPartition(self.name, n): -1 for n in range(self.partitions)})

    def from_the_start(self, group: str) -> None:
        """Whoever comes to this group, which is new, begins with the first record of each partition."""
        parts = [TopicPartition(self.name, n) for n in range(self.partitions)]
        with contextlib.closing(
            KafkaConsumer(**options(self.brokers, "test"), group_id=group, enable_auto_commit=False)
        ) as one:
            one.assign(parts)
            one.commit({part: OffsetAndMetadata(0, "", -1) for part in parts})

    def members(self, group: str) -> list[Any]:
        """Who is in it, as the brokers say."""
        with contextlib.closing(self.kafka.admin()) as admin:
            found: list[Any] = admin.describe_groups([group])[group]["members"]
        return found

    def publish(
        self, world: World, after: int = 0, bend: Bend = lambda rows: rows, tenants: Sequence[Tenant] = ()
    ) -> None:
        """Every fact of the world's tenant, or of these, behind ``after``."""
        found = [
            record for tenant in tenants or [world.tenant] for record in bend(lane(world, tenant, after))
        ]
        self.send(found)

    def send(self, records: Iterable[wire.Record]) -> None:
        """These, in this order."""
        with self.producer() as producer:
            for record in records:
                value, headers = wire.written(record)
                producer.send(
                    self.name, value, key=wire.key_of(record.tenant), partition=partition_of(record.tenant),
                    headers=headers,
                )  # fmt: skip

    @contextlib.contextmanager
    def producer(self) -> Iterator[Any]:
        made = KafkaProducer(**options(self.brokers, "test"), **IN_ORDER)
        try:
            yield made
            made.flush(20)
        finally:
            made.close()

    def reached(self, world: World, session: float = 6.0) -> Reached:
        return Reached(
            topic=self.name,
            group=f"{self.brokers.topics}.workers",
            ledger_id=world.database.ledger_id,
            options=options(self.brokers, "worker"),
            session=session,
        )


def lane(world: World, tenant: Tenant, after: int) -> list[wire.Record]:
    """The fact lane as records."""
    c = facts.c
    query = select(c.place, c.recorded, c.body, c.hash).where(c.tenant == tenant.number, c.place > after)
    mine = world.database.ledger_id
    with world.database.read() as conn:
        return [
            wire.Record(
                tenant=tenant.number,
                place=place,
                recorded=recorded,
                after=None,
                hash=hashed,
                ledger_id=mine,
                timeline=mine,
                body=body,
            )
            for place, recorded, body, hashed in conn.execute(query.order_by(c.place))
        ]


def forged(record: wire.Record) -> wire.Record:
    """Another subject, at the same place."""
    return replace(record, body=record.body.replace(b"leak", b"mold"))
