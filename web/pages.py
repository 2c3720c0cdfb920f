"""What all pages share: templates, the reader's language, and who is signed in."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.assets import load
from web.auth import Caller, caller, session_of
from web.problems import Refused
from web.words import LANGUAGES, Words

LANGUAGE_COOKIE = "touchline_lang"


class NotSignedIn(Exception):
    """A page was asked for without a session: the browser is sent to the door."""


@cache
def _templates() -> Environment:
    """Each template is compiled once, for all applications of a process."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = lambda name: load()[name].url
    return made


class Pages:
    """Templates with the assets' addresses; automatic escaping always on, an unknown name is an error."""

    def __init__(self) -> None:
        self._templates = _templates()

    def render(self, name: str, words: Words, status: int = 200, /, **values: Any) -> HTMLResponse:
        page = self._templates.get_template(name).render(t=words, **values)
        return HTMLResponse(page, status, headers={"Vary": "Cookie"})


def pages_of(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def words_of(request: Request) -> Words:
    """The cookie's language, else Chinese: it does not follow the browser, call centres share machines."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "zh")
    return Words(chosen if chosen in LANGUAGES else "zh")


async def signed_in(request: Request) -> Caller:
    """The caller behind the session. Without one a page leads to the door, and a part of a page says so."""
    if session_of(request) is None and "authorization" not in request.headers:
        raise NotSignedIn
    try:
        who = await caller(request)
    except Refused as refused:
        if refused.status == 401:
            raise NotSignedIn from None
        raise
    if who.write_only:
        raise NotSignedIn
    return who


def to_the_door(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse("/sign-in", 303)


def said(event: str, **detail: object) -> dict[str, str]:
    """A word for the page's script."""
    return {"HX-Trigger": json.dumps({event: detail})}


async def _pages(request: Request) -> Pages:
    return pages_of(request)


async def _words(request: Request) -> Words:
    return words_of(request)


SignedIn = Annotated[Caller, Depends(signed_in)]
Page = Annotated[Pages, Depends(_pages)]
Text = Annotated[Words, Depends(_words)]
