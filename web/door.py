"""登录: enter a key, or follow a one-time link; sign out; choose the language. Forms come from our own pages only."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from ledger.access import Access, digest_of
from web import sessions
from web.auth import LINK, find_access, key_name, same_origin, services_of, session_of
from web.limits import Buckets
from web.pages import LANGUAGE_COOKIE, Page, Text
from web.problems import Refused
from web.services import Services
from web.words import LANGUAGES

routes = APIRouter(include_in_schema=False)
_YEAR = 365 * 86400


def enter(response: Response, services: Services, access: Access, key: str, approver: str = "") -> Response:
    """Put the signed cookie on the answer. ``approver``: the digest of an approver's key."""
    seconds = services.settings.session_seconds
    session = sessions.Session(
        tenant=access.tenant.name,
        source=access.source,
        key=key,
        write_only=access.write_only,
        expires=int(time.time()) + seconds,
        approver=approver,
    )
    _keep(response, services, session)
    return response


def _keep(response: Response, services: Services, session: sessions.Session) -> None:
    """The cookie: for our pages alone, out of reach of scripts, and by TLS alone where people reach us by TLS."""
    settings = services.settings
    response.set_cookie(
        sessions.COOKIE,
        sessions.seal(settings.secret, session),
        max_age=settings.session_seconds,
        secure=settings.public_url.startswith("https:"),
        httponly=True,
        samesite="strict",
        path="/",
    )


def renew(response: Response, services: Services, session: sessions.Session | None) -> None:
    """A page that is looked at keeps its reader signed in: a new cookie once half of the time is gone."""
    seconds = services.settings.session_seconds
    if session is not None and session.key and session.expires - time.time() < seconds / 2:
        fresh = sessions.Session(
            tenant=session.tenant,
            source=session.source,
            key=session.key,
            write_only=session.write_only,
            expires=int(time.time()) + seconds,
            approver=session.approver,
        )
        _keep(response, services, fresh)


def from_our_page(request: Request) -> None:
    if not same_origin(request):
        raise Refused(403, "foreign_origin", "this form was sent from another site", "请求来自其他站点")


@routes.get("/sign-in")
async def door(pages: Page, words: Text) -> Response:
    return pages.render("sign_in.html", words, problem="")


@routes.post("/sign-in")
async def sign_in(request: Request, pages: Page, words: Text, key: Annotated[str, Form()] = "") -> Response:
    from_our_page(request)
    services = services_of(request)
    tries: Buckets = request.app.state.tries
    try:
        tries.admit("door")
    except Refused:
        return pages.render("sign_in.html", words, 429, problem="sign_in.slow")
    secret = key.strip()
    found = await run_in_threadpool(find_access, services, secret) if secret else None
    if found is None:
        tries.charge("door", 1)
        return pages.render("sign_in.html", words, 401, problem="sign_in.bad")
    if found.write_only:
        return pages.render("sign_in.html", words, 403, problem="sign_in.write_only")
    approver = digest_of(secret) if found.approver else ""
    return enter(RedirectResponse("/", 303), services, found, key_name(secret), approver)


@routes.get("/sign-in/once/{nonce}")
async def once(request: Request, nonce: str, pages: Page, words: Text) -> Response:
    """A page that leads on, not a redirect: a strict cookie is not sent on a redirect that began elsewhere."""
    services = services_of(request)
    found = services.admin.redeem(nonce) if services.admin is not None else None
    if found is None:
        if session_of(request) is not None:
            return RedirectResponse("/", 303)
        return pages.render("sign_in.html", words, 410, problem="sign_in.spent")
    return enter(pages.render("going.html", words), services, found, LINK + found.source)


@routes.post("/sign-out")
async def sign_out(request: Request) -> Response:
    from_our_page(request)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="strict")
    return response


@routes.post("/language")
async def language(
    request: Request, lang: Annotated[str, Form()] = "zh", back: Annotated[str, Form()] = "/"
) -> Response:
    from_our_page(request)
    there = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(there, 303)
    chosen = lang if lang in LANGUAGES else "zh"
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR, samesite="strict", httponly=True, path="/")
    return response
