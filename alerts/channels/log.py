"""The log: always at hand, for those who collect logs anyway."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from alerts.deliveries import Outcome
from alerts.message import Alert
from alerts.routing import BREACHED, STEP
from schemas.instants import Instant, format_instant, show
from schemas.tracing import trace_id


class Log:
    """One line for each alert: codes and references, no personal data."""

    name = "log"
    room = 0
    per_minute = 0

    def __init__(self) -> None:
        self._log = structlog.get_logger("alerts")

    def size(self, alerts: Sequence[Alert]) -> int:
        return 0

    def send(self, alerts: Sequence[Alert], at: Instant) -> Outcome:
        for alert in alerts:
            say = self._log.warning if alert.type in (BREACHED, STEP) else self._log.info
            say(
                "alert",
                verdict_id=alert.verdict_id,
                tenant=alert.tenant_name,
                type=alert.type,
                kind=alert.kind,
                obligation=alert.obligation,
                zh=alert.zh,
                promise_id=alert.promise_id,
                case_id=alert.case_id,
                due=show(alert.due),
                recorded=format_instant(alert.recorded),
                to=list(alert.to),
                **({"trace_id": trace_id(alert.traceparent)} if alert.traceparent else {}),
            )
        return Outcome()

    def close(self) -> None:
        pass
