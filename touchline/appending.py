"""What ``append`` and ``import`` do at the counter: events are offered to the intake, and each is answered by itself."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ledger.candidate import Appended, Outcome
from ledger.tenants import Tenant
from schemas.canonical import Json, NotStrict, read_json

if TYPE_CHECKING:
    from touchline.house import House

DEADLINE = 60.0
"""Seconds that an append waits for its commit."""


def append(house: House, tenant: Tenant, source: str, lines: list[str]) -> Json:
    """Lines of JSON -> an answer for each, as ``POST /events`` would answer it."""
    answers: list[Json] = [None] * len(lines)
    offered: list[tuple[int, Json]] = []
    for at, line in enumerate(lines):
        try:
            offered.append((at, read_json(line)))
        except NotStrict as error:
            answers[at] = {
                "status": 400,
                "code": "not_json",
                "field": error.field,
                "reason": error.reason,
                "reason_zh": "这一行不是 JSON",
            }
    told: Future[list[Outcome]] = house.intake.submit_many(tenant, source, [raw for _, raw in offered])
    for (at, _), outcome in zip(offered, told.result(DEADLINE), strict=True):
        answers[at] = _outcome(outcome)
    return answers


def imported(house: House, tenant: Tenant, source: str, events: list[Json]) -> Json:
    """Events -> "kept", "again" or a refusal for each."""
    told = house.intake.submit_many(tenant, source, events)
    return [_told(outcome) for outcome in told.result(DEADLINE)]


def _told(outcome: Outcome) -> Json:
    if isinstance(outcome, Appended):
        return "again" if outcome.duplicate else "kept"
    return {
        "code": outcome.code,
        "field": outcome.field,
        "reason": outcome.reason,
        "reason_zh": outcome.reason_zh,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Appended):
        return {
            "status": 202,
            "event_id": outcome.event_id,
            "case_id": outcome.case_id or None,
            "place": outcome.place,
            "duplicate": outcome.duplicate,
        }
    return {
        "status": outcome.status,
        "code": outcome.code,
        "field": outcome.field,
        "reason": outcome.reason,
        "reason_zh": outcome.reason_zh,
        **outcome.extra,
    }
