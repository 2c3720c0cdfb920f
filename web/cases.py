"""事项: cases as they stand, and their history as it was (what had happened, what did we know)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from web.auth import House, Reader
from web.bell import Bell
from web.expected import tag
from web.moments import Moment
from web.paging import Paging, known_only
from web.problems import Refused, answers, not_found
from web.shapes import CaseBody, HistoryBody

routes = APIRouter(tags=["cases"], dependencies=[Depends(known_only)])
When = Annotated[
    str | None,
    Query(description="RFC 3339 with an offset", examples=["2026-11-22T10:00:00+08:00"]),
]


async def until_folded(services: House, bell: Bell, who: Reader, place: int | None) -> None:
    """Wait until the engine has decided fact ``place``, so that who wrote can read. 422 for a place that the ledger
    does not have; 503 with Retry-After when the engine does not get there in time: the fact is kept all the same."""
    if place is None or services.progress.at(who.tenant.number)[0] >= place:
        return

    def head() -> int:
        with services.ledger.database.read() as conn:
            return services.ledger.head(conn, who.tenant).place

    if place > await run_in_threadpool(head):
        raise Refused(
            422,
            "unknown_place",
            f"the ledger has no place {place} yet",
            f"账本还没有第 {place} 条",
            field="after",
        )
    if not await bell.folded(who.tenant.number, place, services.settings.wait):
        raise Refused(
            503,
            "not_folded",
            f"place {place} is kept, but not folded yet; ask again",
            f"第 {place} 条已保存, 但尚未处理完, 请稍后再查",
            field="after",
            headers={"Retry-After": "2"},
        )


@routes.get(
    "/cases",
    summary="List cases",
    description='The latest touched first. Lists are arrays; `Link: <…>; rel="next"` leads on.',
    response_model=list[CaseBody],
    responses=answers(401, 403, 422, 503),
)
async def list_cases(
    services: House,
    who: Reader,
    page: Paging,
    kind: Annotated[str | None, Query(examples=["complaint"])] = None,
    state: Annotated[Literal["open", "closed"] | None, Query()] = None,
) -> Response:
    found = await run_in_threadpool(
        services.reading.cases.find, who.tenant, kind=kind, state=state, limit=page.limit, after=page.after
    )
    return page.listed(found, lambda case: f"{case['last'] or ''},{case['id']}")


@routes.get(
    "/cases/{case_id}",
    summary="One case",
    description="With `after=PLACE` the answer waits (bounded) until the engine has folded that place: who wrote can "
    "read. If it does not get there in time: 503 with Retry-After; the fact is kept all the same. "
    "The `ETag` is the place of the case's last fact: `POST /events` takes it as `If-Match`.",
    response_model=CaseBody,
    responses=answers(401, 403, 404, 422, 503),
)
async def one_case(
    request: Request,
    services: House,
    who: Reader,
    case_id: str,
    after: Annotated[
        int | None, Query(ge=0, lt=2**63, description="fact place to wait for", examples=[42])
    ] = None,
) -> Response:
    await until_folded(services, request.app.state.bell, who, after)
    found = await run_in_threadpool(services.reading.cases.get, who.tenant, case_id)
    if found is None:
        raise await run_in_threadpool(_gone, services, who, case_id)
    if who.approver:
        found["penalties"] = await run_in_threadpool(
            services.reading.penalties.find, who.tenant, case_id=case_id
        )
    return JSONResponse(found, headers={"ETag": tag(found["place"])})


def _gone(services: House, who: Reader, case_id: str) -> Refused:
    """Why there is no such case: it never was one, or what made it one was withdrawn. Its history then still tells."""
    seen = services.reading.histories.of(who.tenant, case_id)
    if seen is None:
        return not_found("case", "事项")
    where = f"/cases/{case_id}/history"
    if any(fact["state"] == "stands" for fact in seen["touchpoints"]):
        what, what_zh = "the touchpoint that opened it was withdrawn", "受理它的触点已撤回"
    else:
        what, what_zh = "its touchpoints were withdrawn", "其触点均已撤回"
    return Refused(
        404,
        "withdrawn",
        f"no such case any more: {what}; {where} still tells of it",
        f"该事项已不存在：{what_zh}；经过见 {where}",
    )


@routes.get(
    "/cases/{case_id}/history",
    summary="A case's history, now or at an instant",
    description="`known_at`: both lanes as recorded by then, as it was. `as_of`: recomputed from events that had "
    "happened by then, corrections and withdrawals counting whatever their own time. Not both.",
    response_model=HistoryBody,
    responses=answers(401, 403, 404, 422, 503),
)
async def history(
    request: Request,
    services: House,
    who: Reader,
    case_id: str,
    as_of: When = None,
    known_at: When = None,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="fact place to wait for")] = None,
) -> Response:
    when = Moment(as_of, known_at).instants()
    await until_folded(services, request.app.state.bell, who, after)
    read = services.reading.histories.whole if who.approver else services.reading.histories.of
    found = await run_in_threadpool(read, who.tenant, case_id, **when)
    if found is None:
        raise not_found("case", "事项")
    return JSONResponse(found)
