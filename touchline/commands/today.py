"""``touchline today``: whom to call or visit now, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.exits import Exit, Refused
from touchline.lists import everything
from touchline.options import (
    DATA,
    DatabaseOption,
    DataOption,
    JsonOption,
    SourceOption,
    TenantOption,
    named,
    one_of,
    say,
    show,
    table,
)
from touchline.place import place_of

today = typer.Typer(help="今日待办：此刻要回访谁。Whom to call or visit now.", invoke_without_command=True)
WHEN = "now, all, overdue, today, tomorrow, later, undated, no_limit"
SECTIONS = {
    "overdue": "已超时 overdue",
    "today": "今日到期 due today",
    "tomorrow": "明日到期 due tomorrow",
    "later": "之后到期 later",
    "undated": "待定 undated",
    "no_limit": "无期限 no deadline",
}


def add(app: typer.Typer) -> None:
    app.add_typer(today, name="today")


@today.callback()
def list_(
    context: typer.Context,
    person: Annotated[str, typer.Option("--person", help="责任人代码 who is in charge")] = "",
    role: Annotated[str, typer.Option("--role", help="岗位代码 the role that owes it")] = "",
    when: Annotated[str, typer.Option("--when", help=WHEN)] = "now",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """此刻要回访谁：已超时与今日到期。姓名电话不在此列，见 touchline case show 或页面 /today。

    Overdue, and due today. Names and telephone numbers are not in it: touchline case show, or the page /today.

    \b
    Example:
      touchline today --person kf-012
      touchline today done CASE --satisfied
    """
    if context.invoked_subcommand is not None:
        return
    one_of("--when", when, WHEN)
    from projections.today import NOW, Asked
    from touchline.library import Library

    asked = Asked(person=person, role=role, when=NOW if when == "now" else () if when == "all" else (when,))
    with Library(place_of(data, database)) as library:
        whose, worklist = library.tenant(tenant), library.reading.worklist
        found = everything(lambda limit, after: worklist.find(whose, asked, limit=limit, after=after), "due")
    if as_json:
        show(found)
    elif found:
        table(
            (
                *("时限 due", "", "回访 visit", "责任 owed by", "编号 ticket", "房号 house", "未接通 missed"),
                "事项 case",
            ),
            (
                (
                    (one["due"] or "—")[:16].replace("T", " "),
                    SECTIONS[one["when"]],
                    one["zh"],
                    " ".join(filter(None, (one["person"], *map(named, one["owes"])))),
                    one["ticket"],
                    one["house_id"],
                    str(one["attempts"] or ""),
                    one["case_id"],
                )
                for one in found
            ),
        )
    else:
        say("没有要回访的客户。", "Nobody to call or visit.")


@today.command("done")
def done(
    case: Annotated[str, typer.Argument(metavar="CASE", help="事项号，或投诉、报修编号 its id or ticket")],
    visited: Annotated[bool, typer.Option("--visited", help="已回访，未问或未表态 made, no answer")] = False,
    satisfied: Annotated[bool, typer.Option("--satisfied", help="已回访，满意 made, satisfied")] = False,
    unsatisfied: Annotated[
        bool, typer.Option("--unsatisfied", help="已回访，不满意 made, not satisfied")
    ] = False,
    unreached: Annotated[bool, typer.Option("--unreached", help="未接通 nobody was reached")] = False,
    mark: Annotated[
        int, typer.Option("--mark", min=0, max=5, help="整体评分 1 到 5；0 未评 overall mark")
    ] = 0,
    home: Annotated[
        bool, typer.Option("--home", help="上门，不是电话 in the home, not by telephone")
    ] = False,
    obligation: Annotated[
        str, typer.Option("--obligation", help="义务；省略时为最先到期的 the one due first if left out")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="谁回访的 who called")] = "",
    tenant: TenantOption = "",
    source: SourceOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """记录一次回访的结果；重复执行不会多记。File what came of a visit; the same again files nothing more.

    \b
    Example:
      touchline today done 5d0f6a52-6c9e-5b0b-9a3f-0e6a0a0f9f51 --satisfied --mark 5 --by kf-012
      touchline today done TS-2026-0301 --unreached
    """
    from touchline.desk import desk

    given = {"visited": visited, "satisfied": satisfied, "unsatisfied": unsatisfied, "unreached": unreached}
    results = [name for name, said in given.items() if said]
    if len(results) != 1:
        raise Refused(
            Exit.USAGE,
            "请给一个结果：--visited、--satisfied、--unsatisfied 或 --unreached。",
            "Give one result: --visited, --satisfied, --unsatisfied or --unreached.",
        )
    asked = {
        "tenant": tenant, "source": source, "case": case, "result": results[0], "obligation": obligation,
        "mark": mark, "channel": "visit_home" if home else "phone_out", "by": by,
    }  # fmt: skip
    with desk(place_of(data, database)) as counter:
        told = counter.perform("today.done", asked)
    if as_json:
        show(told)
    elif told["again"]:
        say(f"{told['zh']}：这一次已经记录过。", "This one was recorded already.")
    else:
        say(f"{told['zh']}：已记录（序号 {told['place']}）。", f"Recorded: {told['en']}.")
