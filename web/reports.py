"""报表: late entries (补录明细), and which obligations the sources can open and settle (义务覆盖), for the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from schemas.instants import Instant, parse_instant
from web.auth import House, Reader
from web.paging import Limit, known_only
from web.problems import Refused, answers
from web.shapes import LateEntries, Obligations

routes = APIRouter(tags=["reports"], dependencies=[Depends(known_only)], prefix="/reports")
_Moment = Query(max_length=40, description="RFC 3339 with an offset (a `+` is written `%2B`)")


def moment(text: str | None, field: str) -> Instant | None:
    """422 for what is no instant."""
    if text is None:
        return None
    try:
        return parse_instant(text.replace(" ", "+"))
    except ValueError:
        raise Refused(
            422,
            "bad_time",
            "not an RFC 3339 time with an offset",
            "不是带时区的 RFC 3339 时间",
            field=field,
        ) from None


@routes.get(
    "/late-entries",
    summary="Promises kept in time whose proof was entered late, by person and department",
    description="`count` and `by` are of all that was entered from `since` up to `until`; `entries` are the latest of them.",
    response_model=LateEntries,
    responses=answers(401, 403, 422, 503),
)
async def late_entries(
    services: House,
    who: Reader,
    since: Annotated[str | None, _Moment] = None,
    until: Annotated[str | None, _Moment] = None,
    limit: Limit = 100,
) -> Response:
    found = await run_in_threadpool(
        services.reading.late_entries,
        who.tenant,
        since=moment(since, "since"),
        until=moment(until, "until"),
        limit=limit,
    )
    return JSONResponse(found)


@routes.get(
    "/obligations",
    summary="Which published obligations the sources seen can open and settle",
    description="By row (O1, O2, …). `never_opened`: no source has sent what opens it, so it is never owed; `never_settled`: "
    "nor what settles it, so it is always breached. `missing` names the event types that nobody has sent.",
    response_model=Obligations,
    responses=answers(401, 403, 422, 503),
)
async def obligations(services: House, who: Reader) -> Response:
    found = await run_in_threadpool(services.reading.obligations, who.tenant)
    states = {
        one: sum(o["state"] == one for o in found) for one in ("covered", "never_opened", "never_settled")
    }
    return JSONResponse({"states": states, "obligations": found})
