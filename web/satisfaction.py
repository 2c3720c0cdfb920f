"""满意度: satisfaction as return visits found it, for the API and as a page; every figure opens its cases."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from web import behind, coverage
from web.auth import Caller, House, Reader
from web.counting import Month, Project, When, link, names, percent, where
from web.pages import Page, SignedIn, Text
from web.paging import Paging, known_only
from web.problems import answers
from web.services import Services
from web.shapes import Counted, SatisfactionBody
from web.words import Words

routes = APIRouter()
_api = APIRouter(tags=["figures"], dependencies=[Depends(known_only)])
_pages = APIRouter(include_in_schema=False)
PAGE = "/wall/satisfaction"
Owner = Annotated[str | None, Query(max_length=64, description="owner type", examples=["break_in"])]


async def asked(
    project: Project = None,
    owner_type: Owner = None,
    month: Month = None,
) -> dict[str, str]:
    """Which figures: column -> text."""
    return where(project_id=project, owner_type=owner_type, month=month)


Asked = Annotated[dict[str, str], Depends(asked)]


@_api.get(
    "/satisfaction",
    summary="Satisfaction by project, owner type and month",
    description="Of completed return visits. `share`, `interval` (Wilson) and `mean` are thousandths; null below the minimum "
    "sample of answers, which a policy publishes. `known_at`: as it was known then; `as_of`: of what had happened by then. "
    "`coverage`: how many of the closed cases were visited, as far as it has come; null for another moment than now, and for "
    "one owner type.",
    response_model=SatisfactionBody,
    responses=answers(401, 403, 422, 503),
)
async def figures(
    services: House,
    who: Reader,
    asked: Asked,
    when: When,
) -> Response:
    instants = when.instants()

    def read() -> dict[str, Any]:
        reading = services.reading.figures
        told = not any(instants.values()) and "owner_type" not in asked
        return {
            **reading.satisfaction(who.tenant, asked, **instants),
            "coverage": reading.coverage(who.tenant, asked) if told else None,
        }

    return JSONResponse(await run_in_threadpool(read))


@_api.get(
    "/satisfaction/cases",
    summary="The return visits behind a satisfaction figure, with their cases",
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
    return await behind.listed(services, who, "satisfaction", asked, when, page)


def said(one: dict[str, Any], least: int, t: Words) -> str:
    """The share with its interval, or that there are too few answers."""
    if one["share"] is None:
        return t("figures.few", n=one["answered"], least=least)
    low, high = one["interval"]
    return f"{percent(one['share'])} ({percent(low)}–{percent(high)})"


def line(services: Services, who: Caller, month: str, t: Words) -> str:
    """The month in one line, for the wall."""
    found = services.reading.figures.satisfaction(who.tenant, {"month": month})
    return said(found["total"], found["minimum_sample"], t)


@_pages.get(PAGE)
async def page(services: House, who: SignedIn, pages: Page, t: Text) -> Response:
    """The figures."""

    def drawn() -> Response:
        found = services.reading.figures.satisfaction(who.tenant, {})
        least = found["minimum_sample"]
        rows = [
            (
                link(
                    PAGE + "/cases",
                    project=one["project_id"],
                    owner_type=one["owner_type"],
                    month=one["month"],
                ),
                (
                    one["month"],
                    one["project_id"] or "—",
                    names(one["owner_type"], t),
                    one["visits"],
                    one["answered"],
                    said(one, least, t),
                    percent(one["mean"]),
                ),
            )
            for one in found["figures"]
        ]
        total = found["total"]
        whole = (
            "",
            "",
            "",
            total["visits"],
            total["answered"],
            said(total, least, t),
            percent(total["mean"]),
        )
        heads = ("month", "project", "owners", "visits", "answers", "satisfied", "mean")
        hint = t("figures.satisfaction.hint", least=least)
        return pages.render(
            "satisfaction.html",
            t,
            title=t("figures.satisfaction"),
            hint=hint,
            heads=[t(f"figures.{head}") for head in heads],
            rows=rows,
            keys=3,
            none=t("figures.satisfaction.none"),
            total=whole,
            back=PAGE,
            covered=coverage.rows(services.reading.figures.coverage(who.tenant, {}), t),
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
        services, who, pages, t, "satisfaction", asked, ("project_id", "owner_type", "month")
    )


routes.include_router(_api)
routes.include_router(_pages)
routes.include_router(coverage.routes)
