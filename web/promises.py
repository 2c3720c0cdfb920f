"""履约时限: promises, and why each is due when it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from web.auth import House, Reader
from web.paging import Paging, known_only
from web.problems import answers, not_found
from web.shapes import PromiseBody, State, Wall

routes = APIRouter(tags=["promises"], dependencies=[Depends(known_only)])


@routes.get(
    "/promises",
    summary="List promises",
    description='By due instant. Lists are arrays; `Link: <…>; rel="next"` leads on.',
    response_model=list[PromiseBody],
    responses=answers(401, 403, 422, 503),
)
async def list_promises(
    services: House,
    who: Reader,
    page: Paging,
    wall: Annotated[Wall | None, Query(description="state as the wall shows it")] = None,
    state: Annotated[State | None, Query(description="state of the promise")] = None,
    case: Annotated[str | None, Query(description="case id")] = None,
    project: Annotated[str | None, Query(description="project id")] = None,
) -> Response:
    found = await run_in_threadpool(
        services.reading.promises.find,
        who.tenant,
        state=state,
        wall=wall,
        case_id=case,
        project_id=project,
        limit=page.limit,
        after=page.after,
    )
    return page.listed(found, lambda one: f"{one['due'] or ''},{one['id']}")


@routes.get(
    "/promises/{promise_id}",
    summary="One promise",
    response_model=PromiseBody,
    responses=answers(401, 403, 404, 422, 503),
)
async def one_promise(services: House, who: Reader, promise_id: str) -> Response:
    found = await run_in_threadpool(services.reading.promises.get, who.tenant, promise_id)
    if found is None:
        raise not_found("promise", "时限")
    return JSONResponse(found)


@routes.get(
    "/promises/{promise_id}/explain",
    summary="Why a promise is due when it is",
    description="Trigger, policy version, calendar days counted and skipped, pauses, evidence, cut and chain of "
    "causes. Takes a verdict's id as well.",
    response_model=dict[str, Any],
    responses=answers(401, 403, 404, 422, 503),
)
async def explain(services: House, who: Reader, promise_id: str) -> Response:
    found = await run_in_threadpool(
        services.reading.histories.explain, who.tenant, promise_id, penalties=who.approver
    )
    if found is None:
        raise not_found("promise or verdict", "时限或判定")
    return JSONResponse(found)
