"""The two topics of a ledger: made, grown, and looked at. Tenant n is partition n - 1 of both, so partitions only grow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAuthorizationFailedError

from ledger.brokers import Brokers
from producers.kafka_clients import opened

AHEAD = 8
"""Partitions are made in such steps, so that a new tenant mostly finds its own: consumers need minutes to see new ones."""
MESSAGE = 4 << 20
"""Bytes of the largest message; bodies beyond ``ledger.wire.LARGEST`` are left out."""
WAIT = 10_000
"""Milliseconds for brokers to answer."""
KEPT = {"retention.ms": "-1", "retention.bytes": "-1"}
"""For ever, when a topic is made. Afterwards the operator may shorten it: what expired is read from the ledger."""


@dataclass(frozen=True, slots=True)
class Topic:
    """As the brokers have it."""

    name: str
    id: str
    """Given by Kafka when it is made: a topic that was deleted and made again has another."""
    partitions: int
    copies: int
    least: int
    """Copies in step of the partition that has fewest."""
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something to be put right, for people."""

    topic: str
    zh: str
    en: str


class WrongCount(ValueError):
    """Partitions are never taken away, and every tenant needs its own."""


class TopicsLacking(KafkaError):  # type: ignore[misc]  # the library has no types
    """The topics are not there; run touchline kafka init."""


class Topics:
    """Asks the brokers, and tells them. All methods raise KafkaError where they do not answer. ``close`` it."""

    def __init__(self, brokers: Brokers) -> None:
        self.brokers = brokers
        self._admin = opened(
            KafkaAdminClient, brokers, "topics", bootstrap_timeout_ms=WAIT, request_timeout_ms=WAIT
        )

    def seen(self) -> dict[str, tuple[str, int]]:
        """(id, partitions) of those of the two that exist: one question."""
        return {
            topic["name"]: (str(topic["topic_id"]), len(topic["partitions"])) for topic in self._described()
        }

    def _described(self) -> list[Any]:
        found = self._admin.describe_topics([self.brokers.facts, self.brokers.verdicts])
        for topic in found:
            if (
                topic["error_code"] == TopicAuthorizationFailedError.errno
            ):  # else it would look as if it were not there
                raise TopicAuthorizationFailedError(topic["name"])
        return [topic for topic in found if topic["error_code"] == 0]

    def found(self) -> dict[str, Topic]:
        """Those of the two that exist."""
        there = self._described()
        if not there:
            return {}
        asked = [ConfigResource("topic", topic["name"]) for topic in there]
        settings = self._admin.describe_configs(asked, config_filter="all")["topic"]
        return {
            topic["name"]: Topic(
                topic["name"],
                str(topic["topic_id"]),
                len(topic["partitions"]),
                min(len(part["replica_nodes"]) for part in topic["partitions"]),
                min(len(part["isr_nodes"]) for part in topic["partitions"]),
                {key: value["value"] for key, value in settings[topic["name"]].items()},
            )
            for topic in there
        }

    def init(self, tenants: int, partitions: int = 0) -> list[Topic]:
        """Make what is missing, grow what is short, set what is otherwise; done twice it changes nothing. ``partitions``: so
        many instead of a step ahead of the tenants. Raises WrongCount, with nothing done."""
        found = self.found()
        most = max((topic.partitions for topic in found.values()), default=0)
        if partitions and partitions < max(tenants, most):
            raise WrongCount(
                f"{partitions} partitions asked for, {tenants} tenants and {most} partitions are there"
            )
        count = partitions or max(most, AHEAD * -(-max(tenants, 1) // AHEAD))
        copies = min(3, len(self._admin.describe_cluster()["brokers"]))
        for name in (self.brokers.facts, self.brokers.verdicts):
            topic = found.get(name)
            if topic is None:
                made = {
                    "num_partitions": count,
                    "replication_factor": copies,
                    "configs": KEPT | wanted(copies),
                }
                self._admin.create_topics({name: made})
                continue
            if topic.partitions < count:
                self._admin.create_partitions({name: count})
            if changed := otherwise(topic):
                self._admin.alter_configs([ConfigResource("topic", name, changed)], incremental=True)
        return self._seen(count)

    def _seen(self, count: int) -> list[Topic]:
        """What was said to one broker, the others come to know a moment later."""
        end = time.monotonic() + WAIT / 1000
        while True:
            self._admin.wait_for_topics([self.brokers.facts, self.brokers.verdicts], timeout_ms=WAIT)
            found = list(self.found().values())
            if len(found) == 2 and all(one.partitions >= count and not otherwise(one) for one in found):
                return found
            if time.monotonic() > end:
                raise KafkaTimeoutError(f"the brokers do not show {count} partitions and our settings yet")
            time.sleep(0.05)

    def check(self, tenants: int) -> tuple[list[Topic], list[Wrong]]:
        """What is there, and what of it is not as it should be."""
        found = self.found()
        wrong = []
        for name in (self.brokers.facts, self.brokers.verdicts):
            topic = found.get(name)
            if topic is None:
                wrong.append(Wrong(name, "没有这个主题", "there is no such topic"))
                continue
            if topic.partitions < tenants:
                many = f"{topic.partitions} / {tenants}"
                wrong.append(Wrong(name, f"分区少于租户：{many}", f"fewer partitions than tenants: {many}"))
            if topic.least < int(topic.settings["min.insync.replicas"]):
                wrong.append(
                    Wrong(
                        name, "同步副本不足，暂不可写", "too few copies are in step, it takes no records now"
                    )
                )
            for key, value in otherwise(topic).items():
                was = topic.settings.get(key)
                wrong.append(
                    Wrong(name, f"{key} 是 {was}，应为 {value}", f"{key} is {was}, should be {value}")
                )
        if len({topic.partitions for topic in found.values()}) > 1:
            many = " / ".join(str(topic.partitions) for topic in found.values())
            wrong.append(
                Wrong(self.brokers.topics, f"两个主题分区数不同：{many}", f"partitions differ: {many}")
            )
        return list(found.values()), wrong

    def close(self) -> None:
        self._admin.close()


def wanted(copies: int) -> dict[str, str]:
    """Settings of a topic with so many copies.

    Never compacted: all records of a tenant have one key, and but the last of them would go. Stamped by the broker: it
    refuses records whose own stamp is an hour ahead, and retention counts from it.
    """
    return {
        "cleanup.policy": "delete",
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MESSAGE),
        "min.insync.replicas": str(2 if copies > 2 else 1),
        "unclean.leader.election.enable": "false",
    }


def otherwise(topic: Topic) -> dict[str, str]:
    """The settings that it lacks. A larger message or more copies in step are right too."""
    lacks = {}
    for key, value in wanted(topic.copies).items():
        have = topic.settings.get(key, "")
        if have == value or (value.isdigit() and have.isdigit() and int(have) > int(value)):
            continue
        lacks[key] = value
    return lacks


def topics_of(brokers: Brokers) -> closing[Topics]:
    """``with topics_of(brokers) as topics``."""
    return closing(Topics(brokers))
