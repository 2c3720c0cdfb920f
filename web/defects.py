"""缺陷: defects as reported, for the API and as a page; every figure opens its cases."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from web import behind
from web.auth import Caller, House, Reader
from web.counting import Month, Project, When, link, names, where
from web.pages import Page, SignedIn, Text
from web.paging import Paging, known_only
from web.problems import answers
from web.services import Services
from web.shapes import Counted, DefectsBody
from web.words import Words

routes = APIRouter()
_api = APIRouter(tags=["figures"], dependencies=[Depends(known_only)])
_pages = APIRouter(include_in_schema=False)
PAGE = "/wall/defects"
Part = Annotated[str | None, Query(max_length=200, description="component; empty: those that name none")]
Cause = Annotated[
    str | None,
    Query(max_length=64, description="cause; empty: not determined", examples=["construction_quality"]),
]
Party = Annotated[
    str | None,
    Query(max_length=64, description="responsible party; empty: none named", examples=["contractor"]),
]
Origin = Annotated[str | None, Query(max_length=64, description="repair or defect", examples=["repair"])]


async def asked(
    project: Project = None,
    origin: Origin = None,
    component: Part = None,
    cause: Cause = None,
    responsible_party: Party = None,
    month: Month = None,
) -> dict[str, str]:
    """Which figures: column -> text."""
    return where(
        project_id=project,
        origin=origin,
        component=component,
        cause=cause,
        responsible_party=responsible_party,
        month=month,
    )


Asked = Annotated[dict[str, str], Depends(asked)]


@_api.get(
    "/defects",
    summary="Defects by project, origin, component, cause and month",
    description="Repairs reported and defects recorded, counted apart; `houses` are different ones. The cause and the "
    "responsible party of a repair are those last determined of its case (`repair.cause_determined`); the month stays that of "
    "the report. `known_at`: as it was known then; `as_of`: of what had happened by then.",
    response_model=DefectsBody,
    responses=answers(401, 403, 422, 503),
)
async def figures(
    services: House,
    who: Reader,
    asked: Asked,
    when: When,
) -> Response:
    found = await run_in_threadpool(services.reading.figures.defects, who.tenant, asked, **when.instants())
    return JSONResponse(found)


@_api.get(
    "/defects/cases",
    summary="The reports behind a defect figure, with their cases",
    description='The latest first. Lists are arrays; `Link: <…>; rel="next"` leads on.',
    response_model=list[Counted],
    responses=answers(401, 403, 422, 503),
)
async def cases(
    services: House,
    who: Reader,
    asked: Asked,
    when: When,
    page: Paging,
) -> Response:
    return await behind.listed(services, who, "defects", asked, when, page)


def line(services: Services, who: Caller, month: str, t: Words) -> str:
    """The month in one line, for the wall, with its causes as far as they are determined, the most frequent first."""
    found = services.reading.figures.defects(who.tenant, {"month": month})
    causes: Counter[str] = Counter()
    for one in found["figures"]:
        causes[one["cause"]] += one["reports"]
    known = [f"{names(cause, t)} {n}" for cause, n in causes.most_common() if cause]
    total = found["total"]
    return " · ".join((t("figures.defects.line", n=total["reports"], houses=total["houses"]), *known))


@_pages.get(PAGE)
async def page(services: House, who: SignedIn, pages: Page, t: Text) -> Response:
    """The figures."""

    def drawn() -> Response:
        found = services.reading.figures.defects(who.tenant, {})
        rows = [
            (
                link(
                    PAGE + "/cases",
                    project=one["project_id"],
                    **{name: one[name] for name in ("origin", "component", "cause", "month")},
                ),
                (
                    one["month"],
                    one["project_id"] or "—",
                    *(names(one[name], t) for name in ("origin", "component", "cause")),
                    one["reports"],
                    one["houses"],
                ),
            )
            for one in found["figures"]
        ]
        total = found["total"]
        heads = ("month", "project", "origin", "component", "cause", "reports", "houses")
        return pages.render(
            "figures.html",
            t,
            title=t("figures.defects"),
            hint=t("figures.defects.hint"),
            heads=[t(f"figures.{head}") for head in heads],
            rows=rows,
            keys=5,
            none=t("figures.defects.none"),
            total=("", "", "", "", "", total["reports"], total["houses"]),
            back=PAGE,
        )

    return await run_in_threadpool(drawn)


@_pages.get(PAGE + "/cases")
async def page_of_cases(
    services: House,
    who: SignedIn,
    pages: Page,
    t: Text,
    asked: Asked,
) -> Response:
    """The cases behind one figure."""
    return await behind.shown(
        services,
        who,
        pages,
        t,
        "defects",
        asked,
        ("project_id", "origin", "component", "cause", "responsible_party", "month"),
    )


routes.include_router(_api)
routes.include_router(_pages)
