"""What the subscriber tells Prometheus: what came and what became of it, how far behind it is, and whether it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from producers.inbox.taking import Taken


class SubscriberMeters:
    """received = kept + duplicates + dead."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "touchline_subscriber_records",
            "Records by what became of them: received, kept, duplicates, dead",
            ["became"],
            registry=self.registry,
        )
        self.errors = Counter(
            "touchline_subscriber_errors",
            "Times that it could not go on, by what held it up: kafka, ledger",
            ["by"],
            registry=self.registry,
        )
        self.uncommitted = Counter(
            "touchline_subscriber_uncommitted", "Offsets that could not be committed", registry=self.registry
        )
        self.expired = Counter(
            "touchline_subscriber_expired",
            "Offsets whose records the brokers had dropped before they were taken",
            registry=self.registry,
        )
        self.waiting = Gauge(
            "touchline_subscriber_waiting", "1 while something is away", registry=self.registry
        )
        self.lag = Gauge(
            "touchline_subscriber_lag",
            "Offsets not taken yet, of the partitions that this process has",
            ["topic", "partition"],
            registry=self.registry,
        )
        for by in ("kafka", "ledger"):
            self.errors.labels(by)
        self.add(Taken())

    def add(self, taken: Taken) -> None:
        for name in Taken.__slots__:
            self.records.labels(name).inc(getattr(taken, name))

    def standing(self, lag: Mapping[Any, int]) -> None:
        """By partition, of all that are ours."""
        self.lag.clear()
        for part, behind in lag.items():
            self.lag.labels(part.topic, str(part.partition)).set(behind)
