"""时限看板: the deadline wall at /, its live part (``wall_board.py``), and the acknowledgement of a breach."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from web.alerts import acknowledge
from web.auth import House, session_of
from web.door import renew
from web.masthead import masthead
from web.pages import Page, SignedIn, Text, said
from web.problems import Refused, not_found
from web.wall_board import CHIPS, board

routes = APIRouter(include_in_schema=False)
Chosen = Annotated[str, Query(alias="wall", max_length=20)]


def valid(chosen: str) -> str:
    return chosen if chosen in CHIPS else "all"


@routes.get("/")
async def wall(
    request: Request, services: House, who: SignedIn, pages: Page, t: Text, chosen: Chosen = "all"
) -> Response:
    """The whole page."""

    def drawn() -> Response:
        shown = {**masthead(services, t), **board(services, who, valid(chosen), t)}
        return pages.render("wall.html", t, **shown, who=who)

    page = await run_in_threadpool(drawn)
    renew(page, services, session_of(request))
    return page


@routes.get("/wall/board")
async def live(
    request: Request, services: House, who: SignedIn, pages: Page, t: Text, chosen: Chosen = "all"
) -> Response:
    """The live part alone."""

    def drawn() -> Response:
        return pages.render("board.html", t, **board(services, who, valid(chosen), t))

    part = await run_in_threadpool(drawn)
    renew(part, services, session_of(request))
    return part


@routes.post("/wall/promises/{promise_id}/acknowledge")
async def take_note(services: House, who: SignedIn, t: Text, promise_id: str) -> Response:
    """Acknowledge the standing breach of a promise."""
    found = await run_in_threadpool(services.reading.histories.explain, who.tenant, promise_id)
    standing = [
        one["verdict"]
        for one in (found or {}).get("announced", [])
        if one["kind"] == "breached" and one["standing"]
    ]
    if not standing:
        raise not_found("standing breach", "未撤回的超时")
    try:
        await acknowledge(services, who, standing[-1], None, None)
    except Refused:
        return Response(status_code=204, headers=said("touchline:said", text=t("ack.failed"), bad=True))
    return Response(status_code=204, headers=said("touchline:said", text=t("acked"), bad=False))
