"""``touchline report``: figures for people who answer for others."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, instant, show, table
from touchline.place import place_of

report = typer.Typer(help="报表。Reports.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(report, name="report")


@report.callback()
def _whole() -> None:
    """With this a single report, too, is called by its name."""


@report.command("late-entries")
def late_entries(
    since: Annotated[str, typer.Option("--since", metavar="T", help="自何时补录 entered at or after")] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="T", help="到何时止；日期含当天 up to; a date with that day")
    ] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """补录明细：按时完成、事后补录的承诺，按部门与补录人汇总，逐条列出事项。Promises kept in time whose proof was entered late,
    by department and person, then one by one with their cases.

    \b
    Example:
      touchline report late-entries --since 2026-11-01
    """
    from schemas.instants import DAY, parse_instant
    from schemas.instants import show as shown
    from touchline.library import Library

    first = instant(since, "--since")
    if first is not None and len(since) == 10:
        first -= DAY - 1  # that day counts from its beginning
    last = instant(until, "--until")
    with Library(place_of(data, database)) as library:
        found = library.reading.figures.late_entries(
            library.tenant(tenant), since=first, until=None if last is None else last + 1, limit=100_000
        )
    if as_json:
        show(found)
        return
    table(
        ("部门 department", "补录人 entered by", "条数 count"),
        ((one["department"] or "—", one["person"], str(one["count"])) for one in found["by"]),
    )
    if not found["entries"]:
        return
    print()
    table(
        ("补录于 entered", "发生于 happened", "到期 due", "补录人 by", "时限 promise", "事项 case"),
        (
            (
                *(shown(parse_instant(one[name])) for name in ("entered", "happened", "due")),
                one["person"],
                one["zh"],
                one["case_id"],
            )
            for one in found["entries"]
        ),
    )
