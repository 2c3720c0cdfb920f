"""The web application: rooms of routes put together. Nothing is made at import."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from ledger.access import Recent
from projections.store import OtherFold
from web import (
    admin,
    alerts,
    approval,
    assets,
    cases,
    correlation,
    dead,
    defects,
    door,
    events,
    health,
    inbox,
    lanes,
    lately,
    metrics,
    note,
    openapi,
    parked,
    penalties,
    persons,
    problems,
    promises,
    reports,
    satisfaction,
    stream,
    today,
    wall,
    wall_case,
    wall_complaint,
    wall_why,
)
from web.asking import Asking
from web.bell import Bell
from web.headers import SecurityHeaders
from web.limits import Buckets, without_nul
from web.pages import NotSignedIn, Pages, to_the_door, words_of
from web.services import Services
from web.waiting import Waiting

_PAGES = ("/wall", "/today", "/sign-in")
_ROOMS = (
    events,
    lanes,
    cases,
    promises,
    reports,
    satisfaction,
    defects,
    alerts,
    stream,
    metrics,
    health,
    door,
    wall,
    wall_case,
    wall_complaint,
    wall_why,
    lately,
    today,
    note,
    admin,
    persons,
    penalties,
    approval,
    parked,
    dead,
    inbox,
)


@cache
def _rooms() -> APIRouter:
    """Every room's routes: what a request must bring to each, FastAPI finds out once for all applications of a process."""
    made = APIRouter(dependencies=[Depends(without_nul)])
    for room in _ROOMS:
        made.include_router(room.routes)
    return made


def _page(path: str) -> bool:
    """Whether people look at what stands there."""
    return path == "/" or path.startswith(_PAGES)


def _fault(scope: Scope, ident: str) -> Response:
    """A fault of ours, to people as a page, to programs as a problem."""
    if not _page(scope["path"]):
        return problems.fault().response()
    pages: Pages = scope["app"].state.pages
    t = words_of(Request(scope))
    return pages.render("missing.html", t, 500, what="fault", more=t("fault.id", id=ident))


def create_app(services: Services) -> FastAPI:
    """The application over a running house. Serve it with ``web.server.Server``, which ends its streams."""

    @asynccontextmanager
    async def serving(app: FastAPI) -> AsyncIterator[None]:
        app.state.waiting = Waiting()
        with app.state.bell.ringing():
            yield

    app = FastAPI(
        title="Touchline",
        version=services.settings.version or "0",
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=serving,
        dependencies=[Depends(without_nul)],
    )
    static = assets.load()
    app.state.services = services
    app.state.bell = Bell(services.progress)
    app.state.buckets = Buckets(services.settings.rate, services.settings.burst)
    app.state.recent = Recent()
    app.state.asking = Asking()
    app.state.tries = Buckets(0.5, 10)
    answered = correlation.Answers()
    app.state.meters = metrics.Meters(services, answered.registry)
    app.state.pages = Pages()
    app.router.routes.extend(_rooms().routes)
    app.include_router(assets.router(static))
    app.add_middleware(correlation.Correlation, counted=answered, fault=_fault)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    openapi.install(app)

    @app.exception_handler(NotSignedIn)
    async def _door(request: Request, error: NotSignedIn) -> Response:
        return to_the_door(request)

    plain = app.exception_handlers[HTTPException]

    def _waiting(kind: type[Exception], what: str) -> None:
        """A page says so and looks again by itself; a part of a page leaves what is shown."""
        told = app.exception_handlers[kind]

        @app.exception_handler(kind)
        async def _later(request: Request, error: Exception) -> Response:
            made: Response = await told(request, error)  # type: ignore[misc]
            if not _page(request.url.path):
                return made
            pages: Pages = request.app.state.pages
            far = services.runner_status().get("rebuild") if kind is OtherFold else None
            more = problems.progress(far) if far else ""
            page = pages.render("missing.html", words_of(request), 503, what=what, more=more)
            page.headers.update({"Retry-After": made.headers.get("Retry-After", "5"), "Refresh": "5"})
            return page

    _waiting(OtherFold, "rebuilding")
    _waiting(SQLAlchemyError, "unavailable")

    @app.exception_handler(404)
    async def _missing(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(_PAGES):
            pages: Pages = request.app.state.pages
            return pages.render("missing.html", words_of(request), 404, what="missing")
        made: Response = await plain(request, error)  # type: ignore[misc]
        return made

    return app
