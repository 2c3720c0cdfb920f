"""A worker's pulse: its health for whoever restarts it, its figures for Prometheus.

Alive means that decided places move while there is more to decide, whatever the client says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from processors.assignment import Held
from processors.worker import Worker

STALE = 60.0
"""Seconds for which a decided place may stand still while there is more to decide, or the ledger go unread."""


class Vitals:
    """What is read of a worker when it is asked for."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def age(self) -> float:
        """Seconds of the longest standstill: of a tenant with lag, or of looking at the ledger at all."""
        held = self._worker.held().values()
        return max([monotonic() - self._worker.looked, *(one.age() for one in held)])

    def health(self) -> tuple[int, dict[str, object]]:
        """Status and body of ``/healthz``."""
        age = self.age()
        alive = self._worker.status.running and age < STALE
        told = {"status": "ok" if alive else "stalled", "age_seconds": round(age, 3)}
        return (200 if alive else 503), {**told, "tenants": len(self._worker.held()), **self._said()}

    def _said(self) -> dict[str, object]:
        status = self._worker.status
        return {"error": status.error, "clock_doubted": not self._worker.guard.trusted()}

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        held = self._worker.held()
        yield GaugeMetricFamily("touchline_worker_tenants", "Tenants assigned to this worker", len(held))
        yield CounterMetricFamily(
            "touchline_worker_fenced", "Tenants found to be another's", self._worker.fenced
        )
        yield GaugeMetricFamily("touchline_worker_standstill_seconds", "What /healthz looks at", self.age())
        yield _gauge("touchline_worker_decided_place", "Last fact decided", held, lambda one: one.decided)
        yield _gauge(
            "touchline_worker_lag", "Facts appended and not decided", held, lambda one: one.head - one.decided
        )
        yield _gauge(
            "touchline_worker_decided_age_seconds",
            "Standstill while there is lag",
            held,
            lambda one: one.age(),
        )
        facts = CounterMetricFamily(
            "touchline_worker_facts", "Facts taken, and where from", labels=["tenant", "via"]
        )
        refused = CounterMetricFamily(
            "touchline_worker_refused", "Batches of Kafka that were not the ledger's", labels=["tenant"]
        )
        for one in held.values():
            name, counts = str(one.delivery.tenant.number), one.delivery.counts
            facts.add_metric([name, "kafka"], counts.carried)
            facts.add_metric([name, "ledger"], counts.read)
            refused.add_metric([name], counts.refused)
        yield facts
        yield refused


def _gauge(
    name: str, told: str, held: Mapping[int, Held], value: Callable[[Held], float]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, told, labels=["tenant"])
    for one in held.values():
        gauge.add_metric([str(one.delivery.tenant.number)], max(0.0, value(one)))
    return gauge
