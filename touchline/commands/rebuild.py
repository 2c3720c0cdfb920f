"""``touchline rebuild`` and ``touchline recheck``: the tables from the record, and today's rules against yesterday's words."""

from __future__ import annotations

import sys
from typing import Any

import typer

from touchline.exits import Exit
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of


def add(app: typer.Typer) -> None:
    app.command("rebuild")(rebuild)
    app.command("recheck")(recheck)


def rebuild(data: DataOption = DATA, database: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """由台账重新折算读表：另建一套，与现用的逐字比较，然后切换。台账不变。Fold the record afresh into a shadow set, compare it
    with the active one to the byte, swap. The record is not touched. Ends with 1 if anything differed.

    \b
    Example:
      touchline rebuild --json
    """
    from touchline.desk import Counter, server_of
    from touchline.house import House

    counter: Counter | None = server_of(place_of(data, database))
    if counter is not None:
        report = counter.perform("rebuild", {})
    else:
        with House.open(place_of(data, database), create=False) as house:
            report = house.rebuild(_progress)
            house.run_to_head()
    if as_json:
        show(report)
    else:
        _say(report)
    if report["differences"]:
        raise typer.Exit(Exit.NOT_SO)


def _progress(tenant: str, done: int, whole: int) -> None:
    if sys.stderr.isatty():
        print(f"{tenant}: {done}/{whole}", end="\n" if done >= whole else "\r", file=sys.stderr, flush=True)


def _say(report: dict[str, Any]) -> None:
    say(f"折算 {report['facts']} 条事实、{report['verdicts']} 条判定，已切换到 {report['new_set']}。")
    say(
        "",
        f"{report['facts']} facts and {report['verdicts']} verdicts folded; set {report['new_set']} is read now.",
    )
    for tenant, found in report["differences"].items():
        say(f"{tenant}: 与原表不同 {found['count']} 处", "lines that the fresh fold has otherwise:")
        for was, fresh in found["first"]:
            print(f"- {was}\n+ {fresh}")
    if not report["differences"]:
        say("与原表逐字相同。", "Equal to the tables that were, to the byte.")


def recheck(
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """列出今天的规则会另作判断之处；只读，不改台账。List where today's rules would conclude otherwise; reads only. Ends with 1
    if there is any.

    \b
    Example:
      touchline recheck --tenant yunqi
    """
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        found = library.reading.recheck(library.tenant(tenant))
    if as_json:
        show(found)
    else:
        table(
            ("差异 what", "判定 type", "时间 time", "履约 row", "规则 rule"),
            ((d["what"], d["type"], d["time"], d["row"], d["rule"]) for d in found),
        )
        say(f"{len(found)} 处不同。", f"{len(found)} differ.")
    if found:
        raise typer.Exit(Exit.NOT_SO)
