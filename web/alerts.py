"""提醒: alerts as people receive them, and taking note of one. An acknowledgement is a fact like any other."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.instants import NEVER, format_instant
from web.auth import AnyCaller, Caller, House, Reader, services_of
from web.events import append_one
from web.paging import Limit, known_only, listed
from web.problems import answers, not_found
from web.services import Services
from web.shapes import Accepted, AlertBody

routes = APIRouter(tags=["alerts"], dependencies=[Depends(known_only)])
_INSTANTS = ("due", "time", "recorded", "acknowledged_at")


def shown(alert: dict[str, Any]) -> dict[str, Any]:
    """An alert as the API shows it: instants as text, null for none."""
    made = {name: value for name, value in alert.items() if name not in _INSTANTS}
    for name in _INSTANTS:
        at = alert.get(name, 0)
        made[name] = format_instant(at) if 0 < at < NEVER else None
    made["deliveries"] = [
        {
            **delivery,
            **{
                name: format_instant(delivery[name]) if 0 < delivery[name] < NEVER else None
                for name in ("delivered_at", "next_attempt")
            },
        }
        for delivery in alert.get("deliveries", [])
    ]
    for name in ("retracts", "retracted_by", "acknowledged_by", "case_id", "house_id", "project_id"):
        made[name] = alert.get(name) or None
    return made


@routes.get(
    "/alerts",
    summary="List alerts",
    description="Newest first. `after` takes the `place` of the last one seen.",
    response_model=list[AlertBody],
    responses=answers(401, 403, 422, 503),
)
async def list_alerts(
    request: Request,
    services: House,
    who: Reader,
    limit: Limit = 100,
    after: Annotated[
        int, Query(ge=0, lt=2**63, description="the place of the last alert seen; 0 = begin")
    ] = 0,
) -> Response:
    found = await run_in_threadpool(services.alerts.list, who.tenant, limit=limit, after=after)
    return listed(request, [shown(alert) for alert in found], limit, lambda alert: str(alert["place"]))


class Remark(BaseModel):
    """What may be said with it."""

    model_config = ConfigDict(extra="forbid")

    by: str | None = Field(default=None, max_length=64, examples=["staff-17"])
    remark: str | None = Field(default=None, max_length=2000)


async def acknowledge(
    services: Services, who: Caller, verdict_id: str, by: str | None, remark: str | None
) -> dict[str, Any]:
    """Append ``alert.acknowledged`` as the caller's source; the answer of an appended event."""

    def verdict() -> dict[str, Any] | None:
        return services.reading.histories.explain(who.tenant, verdict_id)

    found = await run_in_threadpool(verdict)
    if found is None or not found.get("verdict"):
        raise not_found("alert", "提醒")
    said = found["verdict"]["data"]
    data = {
        "verdict_id": verdict_id,
        "promise_id": said.get("promise_id"),
        # by these two the rule finds the promise; the ladder of one that is taken note of may then rest
        "obligation_key": said.get("obligation_key"),
        "keys": said.get("keys"),
        "by": by,
        "remark": remark,
    }
    raw: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"ack-{uuid4()}",
        "type": "alert.acknowledged",
        "time": format_instant(services.clock.now()),
        "data": {name: value for name, value in data.items() if value},
    }
    case = (found.get("promise") or {}).get("case_id")
    if case:
        raw["caseid"] = case
    return await append_one(services, who, raw)


@routes.post(
    "/alerts/{verdict_id}/acknowledge",
    status_code=202,
    summary="Take note of an alert",
    description="Appends `alert.acknowledged` as the key's source. It changes no promise; who took note first stays.",
    response_model=Accepted,
    responses=answers(400, 401, 403, 404, 422, 429, 503),
)
async def acknowledge_alert(
    request: Request, who: AnyCaller, verdict_id: str, remark: Annotated[Remark | None, Body()] = None
) -> dict[str, Any]:
    said = remark or Remark()
    return await acknowledge(services_of(request), who, verdict_id, said.by, said.remark)
