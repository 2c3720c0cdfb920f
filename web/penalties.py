"""处罚: proposed penalties, for the approver alone (domain.md 3.5). Deciding appends a fact; nothing is booked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from producers.penalties import OutOfRange, decision
from schemas.fields import Fen, Ref
from web.auth import Caller, House, Reader
from web.events import append_one
from web.paging import Paging, known_only
from web.problems import Refused, answers, not_found
from web.services import Services
from web.shapes import Accepted, PenaltyBody

State = Literal["waiting", "proposed", "confirmed", "waived", "unfounded"]


async def approver(who: Reader) -> Caller:
    """Raises 403 for any key but an approver's, and for sessions that did not begin with one."""
    if not who.approver:
        raise Refused(
            403,
            "approver_only",
            "this needs the approver's key (touchline key create --approver)",
            "需要处罚审批人密钥（touchline key create --approver）",
        )
    return who


Approver = Annotated[Caller, Depends(approver)]
routes = APIRouter(tags=["penalties"], dependencies=[Depends(known_only)])


@routes.get(
    "/penalties",
    summary="List proposed penalties",
    description="The latest opened first; with the approver's key. Off unless the published profile switches them on.",
    response_model=list[PenaltyBody],
    responses=answers(401, 403, 422, 503),
)
async def list_penalties(
    services: House,
    who: Approver,
    page: Paging,
    state: Annotated[State | None, Query()] = None,
    case: Annotated[str | None, Query(description="case id")] = None,
) -> Response:
    found = await run_in_threadpool(
        services.reading.penalties.find,
        who.tenant,
        state=state,
        case_id=case,
        limit=page.limit,
        after=page.after,
    )
    return page.listed(found, lambda one: f"{one['opened'] or ''},{one['id']}")


class Waive(BaseModel):
    """Why, and what the bearer objected (申辩). Both are sealed."""

    model_config = ConfigDict(extra="forbid")

    by: Ref = Field(description="who decides", examples=["fgs-001"])
    reason: str | None = Field(default=None, max_length=2000)
    objection: str | None = Field(default=None, max_length=2000)


class Confirm(Waive):
    amount_fen: Fen = Field(examples=[30000])
    bearer_ref: Ref | None = Field(default=None, description="who bears it", examples=["wx-004"])


@routes.post(
    "/penalties/{penalty_id}/confirm",
    status_code=202,
    summary="Confirm a penalty",
    description="Appends `penalty.confirmed`. The sum stands in the range of the penalty as it is now.",
    response_model=Accepted,
    responses=answers(400, 401, 403, 404, 422, 429, 503),
)
async def confirm(services: House, who: Approver, penalty_id: str, said: Confirm) -> Response:
    return JSONResponse(await _decide(services, who, penalty_id, said), 202)


@routes.post(
    "/penalties/{penalty_id}/waive",
    status_code=202,
    summary="Waive a penalty",
    description="Appends `penalty.waived`.",
    response_model=Accepted,
    responses=answers(400, 401, 403, 404, 422, 429, 503),
)
async def waive(services: House, who: Approver, penalty_id: str, said: Waive) -> Response:
    return JSONResponse(await _decide(services, who, penalty_id, said), 202)


async def _decide(services: Services, who: Caller, penalty_id: str, said: Waive) -> dict[str, Any]:
    found = await run_in_threadpool(services.reading.penalties.get, who.tenant, penalty_id)
    if found is None or found["state"] == "unfounded":
        raise not_found("penalty", "处罚")
    given: dict[str, Any] = {"amount_fen": None, **said.model_dump()}
    try:
        raw = decision(found, services.clock.now(), **given)
    except OutOfRange as error:
        raise Refused(
            422,
            "out_of_range",
            str(error),
            f"金额须在 {error.low} 至 {error.high} 分之间",
            field="amount_fen",
        ) from None
    return await append_one(services, who, raw)
