"""``touchline satisfaction`` and ``touchline defects``: what return visits and reports found, and the cases behind."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from touchline.options import (
    DATA,
    AsOfOption,
    DatabaseOption,
    DataOption,
    JsonOption,
    KnownAtOption,
    TenantOption,
    moments,
    named,
    show,
    table,
)
from touchline.place import place_of

Project = Annotated[str, typer.Option("--project", help="项目 one project")]
Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份 one month")]
Behind = Annotated[bool, typer.Option("--cases", help="列出被计入的事项 the cases that are counted")]
MOST = 100_000


def add(app: typer.Typer) -> None:
    app.command("satisfaction")(satisfaction)
    app.command("defects")(defects)


def satisfaction(
    project: Project = "",
    owner_type: Annotated[str, typer.Option("--owner-type", help="业主类型 one owner type")] = "",
    month: Month = "",
    cases: Behind = False,
    as_of: AsOfOption = "",
    known_at: KnownAtOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """满意度：回访结果按项目、业主类型、月份（北京时间）汇总，含威尔逊区间；样本不足不公布；并列回访覆盖率。
    Satisfaction as return visits found it, by project, owner type and month (Asia/Shanghai), with Wilson intervals; nothing
    from fewer answers than the minimum sample; and how many of the closed cases were visited (of now, for all owner types).

    \b
    Example:
      touchline satisfaction --month 2026-11
    """
    where = _where(project_id=project, owner_type=owner_type, month=month)
    found = _asked("satisfaction", where, cases, as_of, known_at, tenant, data, database)
    if as_json:
        show(found)
        return
    if cases:
        _cases(found)
        return
    least = found["minimum_sample"]
    lines = [*found["figures"], {**found["total"], "project_id": "合计 total", "owner_type": "", "month": ""}]
    table(
        (
            "项目 project",
            "业主 owners",
            "月份 month",
            "回访 visits",
            "答复 answers",
            "满意率 satisfied",
            "均分 mean",
        ),
        (
            (
                one["project_id"] or "—",
                named(one["owner_type"]) or "—",
                one["month"] or "—",
                str(one["visits"]),
                str(one["answered"]),
                _share(one) if one["share"] is not None else f"样本不足 under {least}",
                "—" if one["mean"] is None else tenths(one["mean"]),
            )
            for one in lines
        ),
    )
    if found["coverage"]:
        _coverage(found["coverage"])


def defects(
    project: Project = "",
    component: Annotated[str, typer.Option("--component", help="构件 one component")] = "",
    month: Month = "",
    cases: Behind = False,
    as_of: AsOfOption = "",
    known_at: KnownAtOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """缺陷：报修与缺陷登记按项目、构件、原因、月份（北京时间）汇总，含不同房屋数。
    Defects as reported, by project, component, cause and month (Asia/Shanghai), with how many different houses.

    \b
    Example:
      touchline defects --project riverside --cases
    """
    where = _where(project_id=project, component=component, month=month)
    found = _asked("defects", where, cases, as_of, known_at, tenant, data, database)
    if as_json:
        show(found)
        return
    if cases:
        _cases(found)
        return
    lines = [
        *found["figures"],
        {
            "project_id": "合计 total",
            **dict.fromkeys(("origin", "component", "cause", "month"), ""),
            **found["total"],
        },
    ]
    table(
        (
            "项目 project",
            "来源 origin",
            "构件 component",
            "原因 cause",
            "月份 month",
            "次数 reports",
            "户数 houses",
        ),
        (
            (
                one["project_id"] or "—",
                named(one["origin"]) or "—",
                named(one["component"]) or "—",
                named(one["cause"]) or "—",
                one["month"] or "—",
                str(one["reports"]),
                str(one["houses"]),
            )
            for one in lines
        ),
    )


def _coverage(found: list[dict[str, Any]]) -> None:
    table(
        (
            "月份 month",
            "项目 project",
            "回访覆盖率 return visits made",
            "已回访 of 应回访",
            "覆盖率 share",
            "未接通 unreached",
            "未到期 not due yet",
        ),
        (
            (
                one["period"],
                one["project_id"] or "—",
                one["zh"],
                f"{one['done']} / {one['ripe']}",
                "—" if one["share"] is None else tenths(one["share"]),
                str(one["unreached"]),
                str(one["unripe"]),
            )
            for one in found
        ),
    )


def tenths(thousandths: int) -> str:
    """``86.7 %``"""
    return f"{thousandths // 10}.{thousandths % 10} %"


def _share(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{tenths(one['share'])} ({tenths(low)} – {tenths(high)})"


def _where(**asked: str) -> dict[str, str]:
    return {name: text for name, text in asked.items() if text}


def _asked(
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


def _cases(found: list[dict[str, Any]]) -> None:
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
