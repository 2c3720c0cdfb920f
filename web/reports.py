"""报表: late entries (补录明细), and which obligations the sources can open and settle (义务覆盖), the latter as a page too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from web.auth import Caller, House, Reader
from web.moments import instant
from web.pages import Page, SignedIn, Text
from web.paging import Limit, known_only
from web.problems import answers
from web.services import Services
from web.shapes import LateEntries, Obligations
from web.words import Words

routes = APIRouter()
_api = APIRouter(tags=["reports"], dependencies=[Depends(known_only)], prefix="/reports")
_pages = APIRouter(include_in_schema=False)
PAGE = "/wall/obligations"
STATES = ("never_settled", "never_opened", "covered")
"""What is wrong first: a duty that is always breached, one that is never owed."""
_Moment = Query(max_length=40, description="RFC 3339 with an offset (a `+` is written `%2B`)")


@_api.get(
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
        services.reading.figures.late_entries,
        who.tenant,
        since=instant(since, "since"),
        until=instant(until, "until"),
        limit=limit,
    )
    return JSONResponse(found)


@_api.get(
    "/obligations",
    summary="Which published obligations the sources seen can open and settle",
    description="By row (O1, O2, …). `never_opened`: no source has sent what opens it, so it is never owed; `never_settled`: "
    "nor what settles it, so it is always breached. `missing` names the event types that nobody has sent.",
    response_model=Obligations,
    responses=answers(401, 403, 422, 503),
)
async def obligations(services: House, who: Reader) -> Response:
    found = await run_in_threadpool(services.reading.published.obligations, who.tenant)
    return JSONResponse({"states": states(found), "obligations": found})


def states(found: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {state: sum(one["state"] == state for one in found) for state in sorted(STATES)}


def line(services: Services, who: Caller) -> str:
    """How many of all, for the wall."""
    found = services.reading.published.obligations(who.tenant)
    return f"{states(found)['covered']}/{len(found)}"


@_pages.get(PAGE)
async def page(services: House, who: SignedIn, pages: Page, t: Text) -> Response:
    """Which duties the sources can open and settle, and what nobody sends."""

    def drawn() -> Response:
        found = services.reading.published.obligations(who.tenant)
        groups = [
            {
                "code": state,
                "name": t(f"duties.{state}"),
                "hint": t(f"duties.{state}.hint"),
                "rows": [_shown(one, t) for one in found if one["state"] == state],
            }
            for state in STATES
        ]
        return pages.render("obligations.html", t, groups=groups, back=PAGE)

    return await run_in_threadpool(drawn)


def _shown(one: dict[str, Any], t: Words) -> dict[str, Any]:
    return {
        "row": one["row"],
        "name": one["en"] if t.lang == "en" and one["en"] else one["zh"],
        "key": one["obligation"],
        "opened_by": t.row(one["opened_by"]),
        "settled_by": t.row(one["settled_by"]),
        "missing": [(t.label(name), name) for name in one["missing"]],
    }


routes.include_router(_api)
routes.include_router(_pages)
