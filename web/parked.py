"""暂停处理: events that a rule failed on, and scopes that stand still; listed for readers, resumed by an administrator."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from ledger.errors import Busy, NotKept, Stopped
from producers.persons import NotTaken
from producers.resuming import resume as resumed
from schemas.fields import Code, Ref
from web.auth import Caller, House, Reader
from web.paging import known_only
from web.persons import Administrator
from web.problems import Refused, answers, not_found, refused
from web.services import Services

routes = APIRouter(tags=["operations"], dependencies=[Depends(known_only)])
_ID = "5d0f6a52-6c9e-5b0b-9a3f-0e6a0a0f9f51"


class ParkedBody(BaseModel):
    """(rule, event), or with a ``scope`` that this scope stands still; ``error`` is the class of what went wrong, never its
    text."""

    event_id: str = Field(description="where a scope stands still: the newest event in it", examples=[_ID])
    rule: str = Field(examples=["promises"])
    scope: str = Field(
        description="what stands still until it is resumed or its rule can take what is new in it; empty: the event is kept out"
    )
    error: str = Field(examples=["KeyError"])
    verdict: str = Field(description="the verdict event.parked", examples=[_ID])
    parked: str | None = Field(description="when the rule failed")
    type: str = Field(examples=["complaint.received"])
    time: str | None
    case_id: str
    place: int = Field(description="of the fact; 0 for a verdict", examples=[42])


class Resume(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rule: Code = Field(examples=["promises"])
    by: Ref = Field(description="who has it done", examples=["it-007"])


class Resumed(BaseModel):
    place: int | None = Field(description="of the fact event.resumed; null where somebody else asked before")


@routes.get(
    "/parked",
    summary="Events that a rule failed on, in the order recorded, and scopes that stand still",
    response_model=list[ParkedBody],
    responses=answers(401, 403, 422, 503),
)
async def parked(services: House, who: Reader) -> Response:
    return JSONResponse(await run_in_threadpool(services.reading.engine.parked_list, who.tenant))


@routes.post(
    "/parked/{event_id}/resume",
    status_code=202,
    summary="Give a parked event to its rule again",
    description="With an administrator's key, after the rule was mended. Scopes that stand still and name this event are tried "
    "again too. What fails again is parked again.",
    response_model=Resumed,
    responses=answers(400, 401, 403, 404, 422, 503),
)
async def resume(services: House, who: Administrator, event_id: str, asked: Resume) -> Response:
    return JSONResponse((await run_in_threadpool(_resume, services, who, event_id, asked)).model_dump(), 202)


def _resume(services: Services, who: Caller, event_id: str, asked: Resume) -> Resumed:
    verdict = next(
        (
            one["verdict"]
            for one in services.reading.engine.parked(who.tenant)
            if (one["event_id"], one["rule"]) == (event_id, asked.rule)
        ),
        None,
    )
    if verdict is None:
        raise not_found("parked event", "暂停处理的事件")
    try:
        kept = resumed(services.intake, services.clock, who.tenant, asked.rule, event_id, verdict, asked.by)
    except NotTaken as error:
        raise refused(error.problem) from None
    except (Busy, Stopped, NotKept) as error:
        raise Refused(
            503, "not_kept", str(error), "未能保存, 请稍后重试", headers={"Retry-After": "1"}
        ) from None
    return Resumed(place=kept.place if kept is not None else None)
