"""A policy published to a tenant of a house. A profile and its version stand once: the same again is the first answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.candidate import Appended
from ledger.tenants import Tenant
from schemas.canonical import Json
from touchline.defaults import published_policy
from touchline.house import House

DEADLINE = 60.0


def publish(house: House, tenant: Tenant, data: Mapping[str, Json]) -> dict[str, Any]:
    """``{"status": 202, "event_id", "place", "duplicate"}``, or the refusal: status, field, reason, reason_zh."""
    (outcome,) = house.ledger.append(tenant, [published_policy(data, house.clock.now())]).result(DEADLINE)
    if house.runner is not None:
        house.runner.wake()
    if isinstance(outcome, Appended):
        return {
            "status": 202,
            "event_id": outcome.event_id,
            "place": outcome.place,
            "duplicate": outcome.duplicate,
        }
    if outcome.status == 409 and (kept := outcome.extra.get("event_id")):
        with house.database.read() as conn:  # said at another time is still the same publication
            fact = house.ledger.fact(conn, tenant, str(kept))
        if fact is not None and dict(fact.data) == dict(data):
            return {"status": 202, "event_id": fact.event_id, "place": fact.place, "duplicate": True}
    return {
        "status": outcome.status,
        "field": outcome.field,
        "reason": outcome.reason,
        "reason_zh": outcome.reason_zh,
    }
