"""Kafka in: takes the records of other systems' topics in, each partition in its order, and leaves out none.

Offsets are committed after the ledger has committed. Whatever falls in between (a crash, a rebalance, a lost answer) is
delivered again, and sent twice is kept once. What kafka-python does by default would lose or add: it commits by itself, begins
at the end of a topic, reads what transactions took back, and stays away for 30 s after an outage (``kafka_clients``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from ledger.brokers import Brokers
from ledger.membership import polled
from producers.inbox.taking import Taken
from producers.kafka_clients import opened, why
from producers.records import Delivery
from producers.subscriber_meters import SubscriberMeters

POLL = 500
"""Milliseconds that it waits for records; a signal ends it that much later."""
TOGETHER = 500
"""Records that are handed over in one go."""
COMMIT = 10_000
"""Milliseconds for an offset to be committed."""
AGAIN, LONGEST = 0.2, 5.0
"""Seconds before what could not be kept is handed over again: at first, and at most."""
CONSUMER = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "max_poll_records": TOGETHER,
    "fetch_max_bytes": 8 << 20,
    "bootstrap_timeout_ms": 5000,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "metadata_max_age_ms": 30_000,  # so soon a partition more is seen; by itself, five minutes
}


class NotNow(Exception):
    """Not everything could be kept now. Given again, nothing is kept twice."""


class Subscriber:
    """``run`` it in the thread that may wait; ``stop`` ends it after what is in hand. ``take`` keeps records in their order,
    durably, before it returns, or raises NotNow."""

    def __init__(
        self,
        brokers: Brokers,
        topics: Sequence[str],
        group: str,
        take: Callable[[Sequence[Delivery]], Taken],
        session: float = 10.0,
    ) -> None:
        self._brokers = brokers
        self._topics = list(topics)
        self._group = group
        self._take = take
        self._session = session
        self.taken = Taken()
        self.meters = SubscriberMeters()
        self._log = structlog.get_logger("subscriber")
        self._ending = threading.Event()
        self._told = ""
        self._pause = AGAIN
        self._mine: set[Any] = set()
        self.turned = monotonic()
        """When it last came round, on the clock of ``monotonic``."""

    def stop(self) -> None:
        """From any thread, or a signal's handler."""
        self._ending.set()

    def run(self) -> None:
        """Returns after ``stop``. While Kafka is away it waits, and goes on. Raises what ``take`` raises beside NotNow."""
        while not self._ending.is_set():
            self.turned = monotonic()
            try:
                consumer = opened(
                    KafkaConsumer,
                    self._brokers,
                    "subscriber",
                    group_id=self._group,
                    session_timeout_ms=int(self._session * 1000),
                    heartbeat_interval_ms=int(self._session * 1000 / 4),
                    **CONSUMER,
                )
                try:
                    self._turns(consumer)
                finally:
                    self._mine = set()
                    self.meters.standing({})
                    with suppress(KafkaError):
                        consumer.close(autocommit=False, timeout_ms=5000)
            except KafkaError as error:
                self._held_up("kafka", why(error))
                self._ending.wait(1.0)

    def _turns(self, consumer: Any) -> None:
        there = consumer.topics()
        if lacking := [topic for topic in self._topics if topic not in there]:
            self._held_up("kafka", f"no such topic, or no right to it: {', '.join(lacking)}")
            self._ending.wait(2.0)
            return
        consumer.subscribe(self._topics)
        while not self._ending.is_set():
            self.turned = monotonic()
            found = polled(consumer, POLL)
            self._look(consumer)
            if found:
                self._hand_over(consumer, found)
            ends = {part: consumer.highwater(part) for part in consumer.assignment()}
            self.meters.standing(
                {part: end - consumer.position(part) for part, end in ends.items() if end is not None}
            )

    def _look(self, consumer: Any) -> None:
        """Of partitions that are newly ours: has anything expired that was never taken?"""
        mine = set(consumer.assignment())
        fresh, self._mine = mine - self._mine, mine
        for part, first in (consumer.beginning_offsets(list(fresh)) if fresh else {}).items():
            done = consumer.committed(part)
            self._log.info("partition_taken", topic=part.topic, partition=part.partition, offset=done or 0)
            if done is not None and done < first:
                self.meters.expired.inc(first - done)
                self._log.error(
                    "records_expired", topic=part.topic, partition=part.partition, records=first - done
                )

    def _hand_over(self, consumer: Any, found: Mapping[Any, Sequence[Any]]) -> None:
        deliveries = [
            Delivery.of(part.topic, part.partition, one.offset, one.headers, one.value)
            for part, records in found.items()
            for one in records
        ]
        try:
            taken = self._take(deliveries)
        except NotNow as error:
            self._held_up("ledger", str(error))
            self._wait(consumer, {part: records[0].offset for part, records in found.items()})
            return
        self.taken.add(taken)
        self.meters.add(taken)
        if self._told:
            self._told = ""
            self._log.info("going_on")
        self._pause = AGAIN
        self.meters.waiting.set(0)
        done = {part: OffsetAndMetadata(records[-1].offset + 1, "", -1) for part, records in found.items()}
        try:
            consumer.commit(done, timeout_ms=COMMIT)
        except KafkaError as error:  # lost to another, or Kafka is away: it is delivered again, and known
            self.meters.uncommitted.inc()
            self._log.warning("offset_not_committed", error=type(error).__name__)

    def _wait(self, consumer: Any, back: Mapping[Any, int]) -> None:
        """Stay in the group, take nothing, and stand again before what could not be kept."""
        self._seek(consumer, back)
        end = monotonic() + self._pause
        self._pause = min(LONGEST, self._pause * 2)
        while not self._ending.is_set() and monotonic() < end:
            self.turned = monotonic()
            consumer.pause(*consumer.assignment())
            came = polled(consumer, int(min(POLL, max(1, (end - monotonic()) * 1000))))
            self._seek(consumer, {part: records[0].offset for part, records in came.items()})
        consumer.resume(*consumer.assignment())

    @staticmethod
    def _seek(consumer: Any, back: Mapping[Any, int]) -> None:
        mine = consumer.assignment()
        for part, offset in back.items():
            if part in mine:  # what is another's by now, he is given
                consumer.seek(part, offset)

    def _held_up(self, by: str, why: str) -> None:
        self.meters.waiting.set(1)
        self.meters.errors.labels(by).inc()
        if self._told != why:
            self._told = why
            self._log.error("held_up", by=by, why=why)
