"""Figures for Prometheus. Each tenant has a registry of its own: a key sees its own tenant and no other; the operator's token
(``TOUCHLINE_METRICS_TOKEN_FILE``) sees all of them, told apart by the label ``tenant``. docs/metrics.md is the table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import cast

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import trouble
from ledger.lanes import engine_state
from ledger.tenants import Tenant
from producers.counts import Counts
from projections.store import OtherFold
from schemas.instants import SECOND, day_of
from web.auth import Scraper
from web.costly import Costly
from web.problems import answers
from web.services import Services

routes = APIRouter(tags=["operations"])
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATENCY = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class TenantMeters:
    """What is counted as it happens, for one tenant."""

    def __init__(self, tenant: Tenant, services: Services) -> None:
        self.registry = CollectorRegistry()
        self.latency = Histogram(
            "touchline_append_seconds",
            "From the request to the answer of POST /events, commit included",
            buckets=_LATENCY,
            registry=self.registry,
        )
        self.registry.register(Standing(tenant, services))


class Standing:
    """What is read when it is asked for: positions, ages, promises, alerts."""

    def __init__(self, tenant: Tenant, services: Services) -> None:
        self._tenant = tenant
        self._services = services
        self._promises = Costly(lambda: services.reading.promises.counts(tenant))
        self._sent = Costly(lambda: services.alerts.counts(tenant))
        self._letters = Costly(lambda: services.inbox.lists.standing(tenant))

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        services, tenant = self._services, self._tenant
        yield from _counted(services.intake.counted(tenant))
        with services.ledger.database.read() as conn:
            head = services.ledger.head(conn, tenant)
            state = engine_state(conn, tenant)
            waiting = services.ledger.facts(conn, tenant, state.decided, 1)
        age = (services.clock.now() - waiting[0].recorded) / SECOND if waiting else 0.0
        yield _gauge("touchline_fact_place", "Last fact appended", head.place)
        yield _gauge("touchline_decided_place", "Last fact that the engine decided", state.decided)
        yield _gauge("touchline_verdict_place", "Last verdict appended", state.verdict_place)
        yield _gauge("touchline_engine_lag", "Facts appended and not decided", head.place - state.decided)
        yield _gauge("touchline_engine_lag_seconds", "Age of the oldest fact not decided", max(0.0, age))
        with suppress(OtherFold):  # while the tables are folded afresh nobody knows what will stand in them
            yield from self._tables()
        late = services.alerts.lateness(tenant)
        yield _gauge("touchline_alert_lateness_seconds_max", "Of the last 100 alerts", late["max_ms"] / 1000)
        yield _gauge("touchline_alert_lateness_seconds_p99", "Of the last 100 alerts", late["p99_ms"] / 1000)
        sent = GaugeMetricFamily("touchline_deliveries", "Alert deliveries", labels=["channel", "state"])
        for channel, states in sorted(self._sent().items()):
            for word, number in sorted(states.items()):
                sent.add_metric([channel, word], number)
        yield sent
        standing = GaugeMetricFamily("touchline_letters", "Deliveries to /in by state", labels=["state"])
        for word, number in self._letters().items():
            standing.add_metric([word], number)
        yield standing

    def _tables(self) -> list[Metric]:
        """What the read models tell. Raises OtherFold."""
        tenant, reading, now = self._tenant, self._services.reading, self._services.clock.now()
        promises = GaugeMetricFamily("touchline_promises", "Promises by state on the wall", labels=["state"])
        for code, number in sorted(self._promises().items()):
            promises.add_metric([code], number)
        days = GaugeMetricFamily(
            "touchline_calendar_days_left", "Days that a calendar still tells", labels=["calendar"]
        )
        for name, last in reading.published.horizons(tenant).items():
            days.add_metric([name], last - day_of(now))
        waited = max(0.0, (now - reading.engine.earliest(tenant)) / SECOND)
        return [
            promises,
            days,
            _gauge("touchline_due_seconds", "Since something was due that nobody has concluded", waited),
            _gauge(
                "touchline_parked",
                "Events that a rule failed on, and scopes that stand still",
                len(reading.engine.parked(tenant)),
            ),
        ]


class Process:
    """What is of the whole process: its engine, its clock, its database."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        status = self._services.runner_status()
        yield _gauge("touchline_engine_running", "1 while the engine runs", bool(status.get("running")))
        yield _gauge("touchline_engine_held_up", "1 while nothing can be decided", bool(status.get("error")))
        yield _gauge("touchline_rebuilding", "1 while the tables are rebuilt", bool(status.get("rebuild")))
        yield _gauge(
            "touchline_clock_in_doubt", "1 while no deadline is concluded", bool(status.get("clock_doubted"))
        )


EVENTS = {
    "received": "Events and deliveries that came, whatever way",
    "kept": "Events appended",
    "duplicate": "Events and deliveries sent again",
    "dead": "Events and deliveries that became dead letters",
    "skipped": "Deliveries that their mapping leaves out",
    "failed": "Events that could not be decided; their senders were told to send again",
}


def _counted(counts: Counts) -> Iterable[Metric]:
    """received = kept + duplicate + refused + dead + skipped + failed, but for what is under way."""
    for name, words in EVENTS.items():
        value = counts.duplicates if name == "duplicate" else getattr(counts, name)
        yield CounterMetricFamily(f"touchline_events_{name}", words, value=value)
    refused = CounterMetricFamily(
        "touchline_events_refused", "Events and requests refused, by status", labels=["status"]
    )
    for status, number in sorted(counts.statuses.items()):
        refused.add_metric([str(status)], number)
    yield refused


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


class Meters:
    """The meters of the process and of every tenant that was seen. ``of`` is used on the event loop."""

    def __init__(self, services: Services, answered: CollectorRegistry) -> None:
        self._services = services
        self._known: dict[int, TenantMeters] = {}
        self._lock = Lock()
        self._process = Process(services)
        self._answered = answered

    def of(self, tenant: Tenant) -> TenantMeters:
        found = self._known.get(tenant.number)
        if found is None:
            with self._lock:
                found = self._known.setdefault(tenant.number, TenantMeters(tenant, self._services))
        return found

    def one(self, tenant: Tenant) -> Iterable[Metric]:
        """As the tenant's own key sees it."""
        yield from self.of(tenant).registry.collect()
        yield from self._process.collect()

    def all(self) -> Iterable[Metric]:
        """As the operator sees it: each tenant under its number, never its name. Where the database is away there is nothing
        but that, and what the process knows by itself."""
        families: dict[str, Metric] = {}
        up = True
        try:
            for tenant in self._services.ledger.tenants():
                for metric in self.of(tenant).registry.collect():
                    family = families.setdefault(
                        metric.name, Metric(metric.name, metric.documentation, metric.type)
                    )
                    for sample in metric.samples:
                        labels = {"tenant": str(tenant.number), **sample.labels}
                        family.samples.append(sample._replace(labels=labels))
        except (SQLAlchemyError, sqlite3.Error) as error:
            if not trouble(error):
                raise
            up, families = False, {}
        yield from families.values()
        yield from self._process.collect()
        yield from self._answered.collect()
        yield _gauge("touchline_database_up", "0: the database did not answer", up)


class _Collected:
    """What ``generate_latest`` reads."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def exposition(metrics: Iterable[Metric]) -> bytes:
    """The text of Prometheus 0.0.4."""
    return generate_latest(cast(CollectorRegistry, _Collected(metrics)))


@routes.get(
    "/metrics",
    summary="Figures for Prometheus: of the caller's tenant, or of all with the operator's token",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **answers(401, 403, 503)},
)
async def metrics(request: Request, who: Scraper) -> Response:
    meters: Meters = request.app.state.meters
    body = await run_in_threadpool(
        lambda: exposition(meters.all() if who is None else meters.one(who.tenant))
    )
    return Response(body, media_type=CONTENT_TYPE)
