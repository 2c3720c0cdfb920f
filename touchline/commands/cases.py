"""``touchline case``: one case as it stands, as it was known, or as it was."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DataOption, JsonOption, TenantOption, instant, show, table

cases = typer.Typer(help="事项。Cases and their histories.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(cases, name="case")


@cases.command("show")
def show_case(
    case_id: Annotated[str, typer.Argument(metavar="ID", help="事项编号 the case id")],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="T", help="截至何时发生的 by what had happened")
    ] = "",
    known_at: Annotated[
        str, typer.Option("--known-at", metavar="T", help="当时知道的 by what was known")
    ] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """事项的触点、判定和时限。T 为 RFC 3339 时间，或日期（当天结束）。A case with touchpoints, verdicts and promises;
    T is RFC 3339 with an offset, or a date, meaning its end.

    \b
    Example:
      touchline case show 6b0c… --known-at 2026-11-20T09:00:00+08:00
    """
    from touchline.library import Library

    if as_of and known_at:
        raise Refused(Exit.USAGE, "--as-of 与 --known-at 只能用一个。", "Use one of --as-of and --known-at.")
    moments = {"as_of": instant(as_of, "--as-of"), "known_at": instant(known_at, "--known-at")}
    with Library(data) as library:
        found = library.reading.history(library.tenant(tenant), case_id, **moments)
    if found is None:
        raise Refused(
            Exit.UNKNOWN, "没有这个事项（或当时还没有）。", f"No case {case_id} (or not yet, then)."
        )
    if as_json:
        show(found)
    else:
        _print(found)


def _print(history: dict[str, Any]) -> None:
    case = history["case"]
    mode = {"now": "现在 now", "known_at": "当时所知 known at", "as_of": "截至当时 as of"}[history["mode"]]
    print(
        f"事项 {case['id']}  {case['kind']}  {case['state']}  {case.get('ticket') or ''}  {mode} {history.get('at') or ''}"
    )
    table(
        ("触点 touchpoint", "发生 time", "记录 recorded", "来源 source", "状态 state"),
        ((t["zh"], t["time"], t["recorded"], t["source"] or "", t["state"]) for t in history["touchpoints"]),
    )
    if history["verdicts"]:
        print()
        table(
            ("判定 verdict", "时间 time", "记录 recorded", "义务 obligation"),
            ((v["zh"], v["time"], v["recorded"], v.get("obligation") or "") for v in history["verdicts"]),
        )
    if history["promises"]:
        from touchline.commands.promises import print_promises

        print()
        print_promises(history["promises"])
