"""What the process of the alerts tells Prometheus, read when it is asked for: is it at work, how far behind. What was
sent the gateways tell."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from alerts.service import Alerts
from alerts.tables import cursors
from ledger.database import Database
from ledger.lanes import engine_state
from ledger.ledger import Ledger


class AlertMeters:
    """A collector. Where the database does not answer, what it would have told is left out."""

    def __init__(self, alerts: Alerts, database: Database, ledger: Ledger) -> None:
        self._alerts = alerts
        self._database = database
        self._ledger = ledger

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        ringing = "1 while this process sends, 0 while it stands by"
        yield GaugeMetricFamily("touchline_alerts_ringing", ringing, int(self._alerts.ringing))
        held_up = "Since when something keeps it from going on"
        yield GaugeMetricFamily("touchline_alerts_held_up_seconds", held_up, self._alerts.held_up())
        try:
            yield from self._standing()
        except SQLAlchemyError:
            return

    def _standing(self) -> list[Metric]:
        lag = GaugeMetricFamily(
            "touchline_alerts_lag", "Verdicts appended and not looked at", labels=["tenant"]
        )
        tenants = self._ledger.tenants()
        with self._database.read() as conn:
            read = {row.tenant: row.verdict_place for row in conn.execute(select(cursors))}
            for tenant in tenants:
                last = engine_state(conn, tenant).verdict_place
                lag.add_metric([str(tenant.number)], last - read.get(tenant.number, last))
        return [lag]
