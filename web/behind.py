"""The cases behind a figure (指标), for the API and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from web.auth import Caller
from web.counting import names
from web.moments import Moment
from web.pages import Pages
from web.paging import Paged
from web.services import Services
from web.words import Words

MOST = 500
"""Lines of the page."""


async def listed(
    services: Services, who: Caller, figure: str, asked: Mapping[str, str], when: Moment, page: Paged
) -> Response:
    """The events that a figure (``satisfaction``, ``defects``) counts, the latest first."""
    found = await run_in_threadpool(
        services.reading.figures.behind,
        who.tenant,
        figure,
        asked,
        **when.instants(),
        limit=page.limit,
        after=page.after,
    )
    return page.listed(found, lambda one: f"{one['time']},{one['event_id']}")


async def shown(
    services: Services,
    who: Caller,
    pages: Pages,
    t: Words,
    figure: str,
    asked: Mapping[str, str],
    columns: Iterable[str],
) -> Response:
    """The same as a page; ``columns``: what the figure is counted by, in the order of the title."""

    def drawn() -> Response:
        found = services.reading.figures.behind(who.tenant, figure, asked, limit=MOST)
        up = f"/wall/{figure}"
        return pages.render(
            "counted.html",
            t,
            title=titled(t(f"figures.{figure}"), asked, columns, t),
            rows=[line(one, t) for one in found],
            up=up,
            back=up,
            most=MOST,
        )

    return await run_in_threadpool(drawn)


def titled(head: str, asked: Mapping[str, str], columns: Iterable[str], t: Words) -> str:
    """What a page of cases is of: the head and what was asked for, a dash for those that name none."""
    plain = ("project_id", "month")
    given = ((name, asked[name]) for name in columns if name in asked)
    return " · ".join((head, *(text or "—" if name in plain else names(text, t) for name, text in given)))


def line(one: Mapping[str, Any], t: Words) -> dict[str, str]:
    """One event as a line of the page."""
    return {
        "time": one["time"][:16].replace("T", " "),
        "title": one["en"] if t.lang == "en" else one["zh"],
        "project": one["project_id"] or "—",
        "house": one["house_id"] or "—",
        "case": one["case_id"] or "",
        "event": one["event_id"],
        "told": told(one["data"], t),
    }


def told(data: Mapping[str, Any], t: Words) -> str:
    """What was counted of it."""
    parts = [
        t("figures.satisfied" if value else "figures.unsatisfied")
        if name == "satisfied"
        else t.label(str(value))
        for name, value in data.items()
    ]
    return " · ".join(parts)
