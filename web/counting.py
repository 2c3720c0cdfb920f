"""What the two rooms of figures (指标) share: how one is asked for, and what a page shows of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from schemas.fields import MONTH_FORM
from web.moments import Moment
from web.words import Words

Project = Annotated[str | None, Query(max_length=200, description="project id; empty: those that name none")]
Month = Annotated[
    str | None,
    Query(pattern=MONTH_FORM, description="month in Asia/Shanghai", examples=["2026-11"]),
]
_Instant = Annotated[
    str | None, Query(max_length=40, description="RFC 3339 with an offset (a `+` is written `%2B`)")
]


async def moment(as_of: _Instant = None, known_at: _Instant = None) -> Moment:
    """Which moment a figure is asked for of."""
    return Moment(as_of, known_at)


When = Annotated[Moment, Depends(moment)]


def where(**asked: str | None) -> dict[str, str]:
    """Column -> text, of what was asked for."""
    return {name: text for name, text in asked.items() if text is not None}


def link(path: str, **asked: str) -> str:
    """To the cases behind a figure."""
    return f"{path}?{urlencode(asked)}"


def percent(thousandths: int | None) -> str:
    """``86.7%``"""
    return "—" if thousandths is None else f"{thousandths // 10}.{thousandths % 10}%"


def names(code: str, t: Words) -> str:
    """A code of a figure's key; a dash where the event named none."""
    return t.label(code) if code else "—"
