"""``touchline defects``: what was reported and recorded, and the cases behind."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.counting import Behind, Month, Project, asked, cases_shown, where_of
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


def add(app: typer.Typer) -> None:
    app.command("defects")(defects)


def defects(
    project: Project = "",
    component: Annotated[str, typer.Option("--component", help="构件 one component")] = "",
    cause: Annotated[str, typer.Option("--cause", help="原因代码 one cause, by its code")] = "",
    party: Annotated[str, typer.Option("--party", help="责任方代码 one responsible party, by its code")] = "",
    month: Month = "",
    cases: Behind = False,
    as_of: AsOfOption = "",
    known_at: KnownAtOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """缺陷：报修与缺陷登记按项目、构件、原因、月份（北京时间）汇总，含不同房屋数；报修的原因以最近一次责任方分析为准。
    Defects as reported, by project, component, cause and month (Asia/Shanghai), with how many different houses; the cause of a
    repair is the one last determined of its case.

    \b
    Example:
      touchline defects --project riverside --cases
      touchline defects --cause construction_quality --party contractor
    """
    where = where_of(
        project_id=project, component=component, cause=cause, responsible_party=party, month=month
    )
    found = asked("defects", where, cases, as_of, known_at, tenant, data, database)
    if as_json:
        show(found)
        return
    if cases:
        cases_shown(found)
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
