"""Events as other systems write them into their own topics: structured or binary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.admin import NewTopic

from producers.kafka_clients import options
from tests.kit.kafka import IN_ORDER, Kafka

Sent = tuple[list[tuple[str, bytes]], bytes | None]
"""(headers, value)"""
PHONE = "13800138000"


def ticket(own_id: str, time: str = "2026-11-20T09:00:00+08:00", **more: Any) -> dict[str, Any]:
    """What a CRM says of a complaint."""
    data = {"description": "卫生间渗水", "customer": {"number": "C-1", "name": "王女士", "phone": PHONE}}
    return {
        "specversion": "1.0", "id": own_id, "source": "/crm", "type": "complaint.received", "time": time,
        "ticket": f"T-{own_id}", "data": data, **more,
    }  # fmt: skip


def structured(event: Any) -> Sent:
    return [("content-type", b"application/cloudevents+json; charset=UTF-8")], json.dumps(event).encode()


def binary(event: dict[str, Any]) -> Sent:
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"]
    return [*headers, ("content-type", b"application/json")], json.dumps(event["data"]).encode()


def make_topic(kafka: Kafka, partitions: int = 1, name: str = "") -> str:
    """A topic of another system."""
    name = name or kafka.name("crm")
    admin = kafka.admin()
    try:
        admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)])
        admin.wait_for_topics([name])
    finally:
        admin.close()
    return name


def send(kafka: Kafka, topic: str, records: Sequence[tuple[int, Sent]]) -> None:
    """(partition, what), in order."""
    producer = KafkaProducer(**options(kafka.access(), "test"), acks="all", **IN_ORDER)
    try:
        sent = [
            producer.send(topic, value, headers=headers, partition=partition)
            for partition, (headers, value) in records
        ]
        for one in sent:
            one.get(20)
    finally:
        producer.close()
