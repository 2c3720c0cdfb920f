"""What the two rooms of figures (指标) share: how one is asked for, and what a page shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any
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


def titled(head: str, asked: Mapping[str, str], columns: Iterable[str], t: Words) -> str:
    """What a page of cases is of: the head and what was asked for, a dash for those that name none."""
    plain = ("project_id", "month")
    given = ((name, asked[name]) for name in columns if name in asked)
    return " · ".join((head, *(text or "—" if name in plain else names(text, t) for name, text in given)))


def names(code: str, t: Words) -> str:
    """A code of a figure's key; a dash where the event named none."""
    return t.label(code) if code else "—"


def behind(found: list[dict[str, Any]], t: Words) -> list[dict[str, Any]]:
    """The events behind a figure as lines of a page."""
    return [
        {
            "time": one["time"][:16].replace("T", " "),
            "title": one["en"] if t.lang == "en" else one["zh"],
            "project": one["project_id"] or "—",
            "house": one["house_id"] or "—",
            "case": one["case_id"] or "",
            "event": one["event_id"],
            "told": told(one["data"], t),
        }
        for one in found
    ]


def told(data: Mapping[str, Any], t: Words) -> str:
    """What was counted of it."""
    parts = [
        t("figures.satisfied" if value else "figures.unsatisfied")
        if name == "satisfied"
        else t.label(str(value))
        for name, value in data.items()
    ]
    return " · ".join(parts)
