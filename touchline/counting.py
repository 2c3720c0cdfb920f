"""What the two commands of figures (指标) share: what is asked for, where it is read, and the cases behind."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from touchline.options import moments, table
from touchline.place import place_of

Project = Annotated[str, typer.Option("--project", help="项目 one project")]
Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份 one month")]
Behind = Annotated[bool, typer.Option("--cases", help="列出被计入的事项 the cases that are counted")]
MOST = 100_000
"""Cases that are listed."""


def tenths(thousandths: int) -> str:
    """``86.7 %``"""
    return f"{thousandths // 10}.{thousandths % 10} %"


def where_of(**asked: str) -> dict[str, str]:
    return {name: text for name, text in asked.items() if text}


def asked(
    figure: str,
    where: dict[str, str],
    cases: bool,
    as_of: str,
    known_at: str,
    tenant: str,
    data: Any,
    database: str,
) -> Any:
    from touchline.library import Library

    when = moments(as_of, known_at)
    with Library(place_of(data, database)) as library:
        who, figures = library.tenant(tenant), library.reading.figures
        if cases:
            return figures.behind(who, figure, where, **when, limit=MOST, after=None)
        if figure == "defects":
            return figures.defects(who, where, **when)
        told = not any(when.values()) and "owner_type" not in where
        return {
            **figures.satisfaction(who, where, **when),
            "coverage": figures.coverage(who, where) if told else None,
        }


def cases_shown(found: list[dict[str, Any]]) -> None:
    from schemas.instants import parse_instant
    from schemas.instants import show as shown

    table(
        ("发生于 happened", "触点 touchpoint", "项目 project", "房号 house", "事项 case"),
        (
            (
                shown(parse_instant(one["time"])),
                one["zh"],
                one["project_id"] or "—",
                one["house_id"] or "—",
                one["case_id"] or f"— {one['event_id']}",
            )
            for one in found
        ),
    )
