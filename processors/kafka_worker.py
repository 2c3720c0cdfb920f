"""The worker's second feed: kafka-python, under the same contract as Faust, so that neither is a single point of trust.

Nothing is committed: the engine row says where a tenant goes on, the consumer begins at the end of the topic, and what lies
between is read from the ledger. Callbacks come on the client's own thread and return at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from ledger.brokers import tenant_of
from ledger.membership import polled
from processors.transport import AGAIN, METADATA, MOST, Reached, reachable, records
from processors.worker import Worker

POLL = 100
"""Milliseconds of a poll at most: so soon it is seen that the end has come."""


class KafkaPython:
    """``processors.transport.Client``."""

    def __init__(self, worker: Worker, reached: Reached) -> None:
        self._worker = worker
        self._reached = reached
        self._ending = threading.Event()

    def end(self) -> None:
        self._ending.set()

    def run(self) -> None:
        """Raises KafkaError where brokers take a connection and answer nothing."""
        while not reachable(self._reached.options["bootstrap_servers"]):
            if self._ending.wait(AGAIN):
                self._worker.stop()
                return
        session = int(self._reached.session * 1000)
        consumer = KafkaConsumer(
            **self._reached.options,
            group_id=self._reached.group,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            partition_assignment_strategy=[RoundRobinPartitionAssignor],  # processors.transport
            session_timeout_ms=session,
            heartbeat_interval_ms=session // 4,
            max_poll_records=MOST,
            metadata_max_age_ms=int(METADATA * 1000),
        )
        try:
            consumer.subscribe([self._reached.topic], listener=_Listener(self._worker))
            while not self._ending.is_set():
                self._turn(consumer)
        finally:
            self._worker.stop()  # before the group is left: who comes next finds nothing under way
            consumer.close(autocommit=False)

    def _turn(self, consumer: Any) -> None:
        for partition, batch in polled(consumer, POLL).items():
            tenant = tenant_of(partition.partition)
            self._worker.deliver(tenant, records(self._reached.ledger_id, batch), patience=0.0)
        assigned, paused = consumer.assignment(), consumer.paused()
        full = {one for one in assigned if self._worker.crowded(tenant_of(one.partition))}
        if full - paused:
            consumer.pause(*(full - paused))
        if free := (paused & assigned) - full:
            consumer.resume(*free)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        self._worker.revoke(tenant_of(one.partition) for one in revoked)

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        self._worker.assign(tenant_of(one.partition) for one in assigned)

    def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        self.on_partitions_revoked(lost)
