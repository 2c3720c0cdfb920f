"""回访覆盖率: the cases behind each share of return visits, for the API and as a page."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from web.auth import House, Reader
from web.behind import MOST
from web.counting import Project, link, percent, where
from web.pages import Page, SignedIn, Text
from web.paging import Paging, known_only
from web.problems import Refused, answers
from web.shapes import Member
from web.words import Words

routes = APIRouter()
_api = APIRouter(tags=["figures"], dependencies=[Depends(known_only)])
_pages = APIRouter(include_in_schema=False)
PAGE = "/wall/satisfaction/coverage"
UP = "/wall/satisfaction"
Standing = Annotated[
    Literal["ripe", "done", "missed", "unreached", "unripe"] | None,
    Query(description="how a case stands; `ripe`: done or missed; none for all"),
]


async def asked(
    project: Project = None,
    period: Annotated[
        str | None, Query(max_length=40, description="as the share names it", examples=["2026-11"])
    ] = None,
    obligation: Annotated[
        str | None, Query(max_length=200, description="duty", examples=["repair.return_visit_coverage"])
    ] = None,
    keys: Annotated[
        str | None,
        Query(
            max_length=2000, description="`keys` of the share, as JSON", examples=['{"project":"riverside"}']
        ),
    ] = None,
) -> dict[str, str]:
    """Which share: column -> text."""
    if keys is not None and not _keyed(keys):
        en, zh = (
            "must be a JSON object of texts, as the share names them",
            "必须是 JSON 对象，与汇总中的 keys 相同",
        )
        raise Refused(422, "bad_keys", f"keys: {en}", zh, field="keys")
    return where(project_id=project, period=period, obligation=obligation, keys=keys)


Asked = Annotated[dict[str, str], Depends(asked)]


def _keyed(keys: str) -> bool:
    try:
        found = json.loads(keys)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(isinstance(text, str) for text in found.values())


@_api.get(
    "/satisfaction/coverage",
    summary="The cases behind a share of return visits",
    description="Of now: who was visited (`done`), who was not in time (`missed`), who was called as often as the policy asks "
    "and not reached (`unreached`), who is not due yet (`unripe`). The latest first. Lists are arrays; "
    '`Link: <…>; rel="next"` leads on.',
    response_model=list[Member],
    responses=answers(401, 403, 422, 503),
)
async def members(
    services: House, who: Reader, asked: Asked, page: Paging, standing: Standing = None
) -> Response:
    found = await run_in_threadpool(
        services.reading.figures.members,
        who.tenant,
        asked,
        stands=standing or "",
        limit=page.limit,
        after=page.after,
    )
    return page.listed(found, lambda one: f"{one['opened']},{one['promise_id']}")


@_pages.get(PAGE)
async def page_of_members(
    services: House, who: SignedIn, pages: Page, t: Text, asked: Asked, standing: Standing = None
) -> Response:
    """The cases behind one figure of a share."""

    def drawn() -> Response:
        found = services.reading.figures.members(who.tenant, asked, stands=standing or "", limit=MOST)
        told = (t(f"figures.{standing}") if standing else "", asked.get("project_id"), asked.get("period"))
        return pages.render(
            "counted.html",
            t,
            title=" · ".join((t("figures.coverage"), *(word for word in told if word))),
            rows=[_line(one, t) for one in found],
            up=UP,
            back=UP,
            most=MOST,
        )

    return await run_in_threadpool(drawn)


def rows(found: list[dict[str, Any]], t: Words) -> list[tuple[tuple[str, str], ...]]:
    """Shares as lines of a table: (text, where it leads; "" for nowhere) by cell."""
    return [
        (
            (one["period"], _link(one, "")),
            (one["project_id"] or "—", ""),
            (one["en" if t.lang == "en" else "zh"], ""),
            *((str(one[name]), _link(one, name) if one[name] else "") for name in ("done", "ripe")),
            (percent(one["share"]), _link(one, "missed") if one["done"] < one["ripe"] else ""),
            *((str(one[name]), _link(one, name) if one[name] else "") for name in ("unreached", "unripe")),
        )
        for one in found
    ]


def _link(one: dict[str, Any], standing: str) -> str:
    keys = json.dumps(one["keys"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    more = {"standing": standing} if standing else {}
    return link(
        PAGE,
        obligation=one["obligation"],
        project=one["project_id"],
        period=one["period"],
        keys=keys,
        **more,
    )


def _line(one: dict[str, Any], t: Words) -> dict[str, str]:
    return {
        "time": one["opened"][:16].replace("T", " "),
        "title": one["en"] if t.lang == "en" else one["zh"],
        "project": one["project_id"] or "—",
        "house": one["house_id"] or "—",
        "case": one["case_id"] or "",
        "event": "",
        "told": t(f"figures.{one['standing']}"),
    }


routes.include_router(_api)
routes.include_router(_pages)
