"""``touchline satisfaction``: what return visits found, the share of them that were made, and the cases behind."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from touchline.counting import MOST, Behind, Month, Project, asked, cases_shown, tenths, where_of
from touchline.options import (
    DATA,
    AsOfOption,
    DatabaseOption,
    DataOption,
    JsonOption,
    KnownAtOption,
    TenantOption,
    named,
    show,
    table,
)
from touchline.place import place_of


class Standing(StrEnum):
    """How a case stands in a share of return visits."""

    RIPE = "ripe"
    DONE = "done"
    MISSED = "missed"
    UNREACHED = "unreached"
    UNRIPE = "unripe"


Coverage = Annotated[
    Standing,
    typer.Option(
        "--coverage",
        help="列出回访覆盖率背后的事项：应回访、已回访、到期未回访、未接通、未到期 the cases behind the share of return visits",
    ),
]


def add(app: typer.Typer) -> None:
    app.command("satisfaction")(satisfaction)


def satisfaction(
    project: Project = "",
    owner_type: Annotated[str, typer.Option("--owner-type", help="业主类型 one owner type")] = "",
    month: Month = "",
    cases: Behind = False,
    coverage: Coverage | None = None,
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
      touchline satisfaction --coverage missed
    """
    where = where_of(project_id=project, owner_type=owner_type, month=month)
    if coverage is not None:
        _members(
            coverage, where, bool(cases or as_of or known_at or owner_type), tenant, data, database, as_json
        )
        return
    found = asked("satisfaction", where, cases, as_of, known_at, tenant, data, database)
    if as_json:
        show(found)
        return
    if cases:
        cases_shown(found)
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
        _shares(found["coverage"])


def _shares(found: list[dict[str, Any]]) -> None:
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


def _share(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{tenths(one['share'])} ({tenths(low)} – {tenths(high)})"


def _members(
    standing: Standing,
    where: dict[str, str],
    more: bool,
    tenant: str,
    data: Any,
    database: str,
    as_json: bool,
) -> None:
    from touchline.library import Library

    if more:
        raise typer.BadParameter(
            "覆盖率只有当前数，不分业主类型 of now, for all owner types: none of --cases, --as-of, --known-at, --owner-type",
            param_hint="--coverage",
        )
    asked = {{"month": "period"}.get(name, name): text for name, text in where.items()}
    with Library(place_of(data, database)) as library:
        found = library.reading.figures.members(
            library.tenant(tenant), asked, stands=standing.value, limit=MOST
        )
    if as_json:
        show(found)
        return
    table(
        (
            "计入 counts since",
            "到期 due",
            "项目 project",
            "房号 house",
            "回访覆盖率 return visits made",
            "事项 case",
        ),
        (
            (
                one["opened"],
                one["due"] or "—",
                one["project_id"] or "—",
                one["house_id"] or "—",
                one["zh"],
                one["case_id"] or "—",
            )
            for one in found
        ),
    )
