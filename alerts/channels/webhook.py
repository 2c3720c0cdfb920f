"""Signed webhook (Standard Webhooks): one call for each alert, its id the verdict's, the same at every retry.

The header ``traceparent`` (W3C) is of the trace of the request that was its cause; each retry is a span of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from alerts.deliveries import Outcome
from alerts.message import Alert, line, link
from alerts.routing import RETRACTED
from alerts.settings import AlertSettings, BadSettings
from alerts.signing import Signer
from schemas.canonical import canonical
from schemas.instants import NEVER, SECOND, Instant, format_instant

_TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


def payload(alert: Alert, base_url: str) -> dict[str, Any]:
    """{"type", "timestamp", "data"}: everything an alert says, RFC 3339 instants. It depends on the verdict alone, so
    that a retry carries the same bytes."""
    zh, en = line(alert, alert.recorded)
    data: dict[str, Any] = {
        "verdict_id": alert.verdict_id,
        "tenant": alert.tenant_name,
        "kind": alert.kind,
        "obligation": alert.obligation,
        "row": alert.row,
        "zh": alert.zh,
        "en": alert.en,
        "promise_id": alert.promise_id,
        "case_id": alert.case_id,
        "project_id": alert.project_id,
        "house_id": alert.house_id,
        "due": None if alert.due == NEVER else format_instant(alert.due),
        "time": format_instant(alert.time),
        "recorded": format_instant(alert.recorded),
        "born_late": alert.born_late,
        "owes": list(alert.owes),
        "to": list(alert.to),
        "text": {"zh": zh, "en": en},
        "link": link(base_url, alert.case_id) or None,
    }
    if alert.type == RETRACTED:
        data["retracts"] = alert.retracts
    return {"type": alert.type, "timestamp": format_instant(alert.recorded), "data": data}


class Webhook:
    """Anything but 2xx is tried again. Redirects are not followed: the signature is for one receiver."""

    name = "webhook"
    room = 0
    per_minute = 0

    def __init__(self, settings: AlertSettings) -> None:
        try:
            self._url = httpx.URL(settings.webhook_url)
        except httpx.InvalidURL:
            raise BadSettings("webhook_url is not an address") from None
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise BadSettings("webhook_url must begin with http:// or https:// and name a host")
        self._signer = Signer(settings.webhook_secret)
        self._base_url = settings.base_url
        self._client = httpx.Client(timeout=settings.webhook_timeout / SECOND)

    def size(self, alerts: Sequence[Alert]) -> int:
        return 0

    def send(self, alerts: Sequence[Alert], at: Instant) -> Outcome:
        (alert,) = alerts
        body = canonical(payload(alert, self._base_url))
        headers = self._signer.headers(alert.verdict_id, at, body)
        headers["content-type"] = "application/json"
        if alert.traceparent:
            headers["traceparent"] = alert.traceparent
        try:
            # The answer's body is of no use and of no known size: it is not read.
            with self._client.stream("POST", self._url, content=body.encode(), headers=headers) as answer:
                return _outcome(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Outcome(error=f"not reached: {type(error).__name__}", pause=True)
        except httpx.HTTPError as error:
            return Outcome(error=f"no answer: {type(error).__name__}", pause=True, maybe=True)

    def close(self) -> None:
        self._client.close()


def _outcome(answer: httpx.Response) -> Outcome:
    if answer.is_success:
        return Outcome()
    asked = answer.headers.get("retry-after", "")
    wait = int(asked) * SECOND if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    return Outcome(
        error=f"answered HTTP {answer.status_code}", pause=answer.status_code in _TRY_LATER, wait=wait
    )
