"""What the relay tells Prometheus: how far behind it is, how old that is, what was acknowledged and what failed."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ledger.postgres import PostgresDatabase
from producers.relay_lane import LANES
from producers.relay_place import NOW

_LAGS = {
    lane: text(
        "WITH held AS (SELECT unnest(CAST(:tenants AS bigint[])) AS tenant, unnest(CAST(:places AS bigint[])) AS place),"
        " relay AS (SELECT tenant, place FROM held UNION ALL"
        "  SELECT tenants.number, coalesce(kept.place, 0) FROM tenants"
        f"  LEFT JOIN relay_cursors AS kept ON kept.tenant = tenants.number AND kept.lane = '{lane}'"
        "  WHERE tenants.number NOT IN (SELECT tenant FROM held)"
        f"  AND NOT EXISTS (SELECT FROM relays WHERE relays.tenant = tenants.number AND relays.until >= {NOW}))"
        f" SELECT relay.tenant, head.{column} - relay.place,"
        " coalesce((extract(epoch FROM clock_timestamp()) * 1000000 - waiting.recorded) / 1000000, 0)"
        f" FROM relay JOIN {heads} AS head ON head.tenant = relay.tenant"
        f" LEFT JOIN LATERAL (SELECT recorded FROM {lane} WHERE {lane}.tenant = relay.tenant"
        f"  AND {lane}.place = relay.place + 1) AS waiting ON true"
    )
    for lane, heads, column in (("facts", "counters", "place"), ("verdicts", "engines", "verdict_place"))
}
"""What this process publishes stands where it says; what no relay holds, where its cursor was left: so while the brokers are
away, or lack a partition, the lag grows where it can be seen."""


class RelayMeters:
    """Counted by the relay; the lag is read when it is asked for, of the tenants that this process publishes and of
    those that nobody does."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.registry = CollectorRegistry()
        self._database = database
        self._lock = threading.Lock()
        self._places: dict[str, dict[int, int]] = {lane: {} for lane in LANES}
        self._forged: dict[tuple[int, str], int] = {}
        self.published = Counter(
            "touchline_relay_published",
            "Records that the brokers acknowledged",
            ["lane"],
            registry=self.registry,
        )
        self.errors = Counter(
            "touchline_relay_errors",
            "Failures, by where: send, kafka, database",
            ["where"],
            registry=self.registry,
        )
        for lane in LANES:
            self.published.labels(lane)
        for where in ("send", "kafka", "database"):
            self.errors.labels(where)
        self.registry.register(self)

    def stands(self, places: dict[str, dict[int, int]], forged: dict[tuple[int, str], int]) -> None:
        """By lane and tenant, how far was acknowledged; tenants that others publish are not among them. ``forged``: how many
        records were not the ledger's when a lane was taken."""
        with self._lock:
            self._places, self._forged = places, forged

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            places, forged = self._places, self._forged
        tenants = GaugeMetricFamily("touchline_relay_tenants", "Tenants that this process publishes")
        tenants.add_metric([], len(places["facts"]))
        yield tenants
        others = GaugeMetricFamily(
            "touchline_relay_forged",
            "Records at the end of a partition that were not the ledger's when this process took it",
            labels=["lane", "tenant"],
        )
        for (tenant, lane), count in forged.items():
            others.add_metric([lane, str(tenant)], count)
        yield others
        lag = GaugeMetricFamily(
            "touchline_relay_lag", "Places not acknowledged yet", labels=["lane", "tenant"]
        )
        age = GaugeMetricFamily(
            "touchline_relay_oldest_seconds",
            "Since the oldest of them was recorded",
            labels=["lane", "tenant"],
        )
        up = GaugeMetricFamily(
            "touchline_relay_database_up", "0: the database did not answer, no lag is told"
        )
        try:
            for lane, held in places.items():
                given = {"tenants": list(held), "places": list(held.values())}
                with self._database.read() as connection:
                    for tenant, places_behind, seconds in connection.execute(_LAGS[lane], given):
                        lag.add_metric([lane, str(tenant)], float(places_behind))
                        age.add_metric([lane, str(tenant)], max(0.0, float(seconds)))
            up.add_metric([], 1)
        except (DBAPIError, NoConnectionFree):
            up.add_metric([], 0)
        yield from (lag, age, up)
