"""最近提醒: what rang last, newest first; it fills the panel while no case is open there."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from web.auth import Caller, House
from web.figures import near, wall_of
from web.pages import Page, SignedIn, Text
from web.services import Services
from web.words import Words

routes = APIRouter(include_in_schema=False)
MOST = 14


def lines(services: Services, who: Caller, t: Words) -> list[dict[str, Any]]:
    """Alerts as people read them in passing; what was taken back since is struck through."""
    now = services.clock.now()
    return [
        {
            "place": one["place"],
            "wall": wall_of(one["type"]),
            "label": t.verdict(one["type"], one["kind"].partition("retracted:")[2]),
            "name": (one["en"] if t.lang == "en" else one["zh"]) or one["zh"],
            "where": " · ".join(part for part in (one["house_id"], one["project_id"]) if part),
            "at": near(one["recorded"], now, t),
            "case_id": one["case_id"],
            "promise_id": one["promise_id"],
            "gone": one["state"] == "retracted",
            "acked": one["state"] == "acknowledged",
        }
        for one in services.alerts.list(who.tenant, limit=MOST)
    ]


@routes.get("/wall/lately")
async def lately(services: House, who: SignedIn, pages: Page, t: Text) -> Response:
    """The list alone. What the board shows as breached may not have rung yet: then the list says so, and is asked for again."""

    def drawn() -> Response:
        behind = services.alerts.behind(who.tenant)  # asked before the list is read, never after
        page = pages.render("lately.html", t, alerts=lines(services, who, t))
        if behind:
            page.headers["HX-Trigger"] = "behind"
        return page

    return await run_in_threadpool(drawn)
