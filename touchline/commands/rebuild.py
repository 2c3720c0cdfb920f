"""``touchline rebuild`` and ``touchline recheck``: the tables from the record, and today's rules against yesterday's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline.exits import Exit
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of

if TYPE_CHECKING:
    from projections.rebuild import Far
    from touchline.desk import Counter

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="只比较，不切换 compare only, and go on with the tables as they are")
]
EVERY = 0.3
"""Seconds between two looks at what the server does."""


def add(app: typer.Typer) -> None:
    app.command("rebuild")(rebuild)
    app.command("recheck")(recheck)


def rebuild(
    dry_run: DryRunOption = False,
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """由台账重新折算读表：另建一套，与现用的逐字比较，然后切换；期间读写照常。台账不变。Fold the record afresh into a
    shadow set, compare it with the active one to the byte, swap; reading and writing go on. The record is not touched. Ends
    with 1 if anything differs.

    \b
    Example:
      touchline rebuild --dry-run --json
    """
    from touchline.bar import steps
    from touchline.desk import server_of
    from touchline.house import House

    counter = server_of(place_of(data, database))
    with steps("重建 rebuild") as tell:
        if counter is not None:
            report = _at(counter, dry_run, tell)
        else:
            with House.open(place_of(data, database), create=False) as house:

                def told(far: Far) -> None:
                    tell(far.step, far.done, 2 * far.whole)

                report = house.rebuild(told, dry_run=dry_run)
                if not dry_run:
                    house.run_to_head()
    if as_json:
        show(report)
    else:
        _say(report)
    if report["differences"]:
        raise typer.Exit(Exit.NOT_SO)


def _at(counter: Counter, dry_run: bool, tell: Any) -> Any:
    """Begun at the running server, and looked at until it is done."""
    from time import sleep

    counter.perform("rebuild", {"dry_run": dry_run})
    while True:
        found = counter.perform("rebuild_status", {})
        if not found["running"]:
            return counter.told(found)
        if status := found["status"]:
            tell(status["step"], status["facts"] + status["judged"], 2 * status["whole"])
        sleep(EVERY)


def _say(report: dict[str, Any]) -> None:
    zh, en = ("已切换到", "is read now") if report["swapped"] else ("未切换，现用仍为", "is read as before")
    name = report["new_set"] if report["swapped"] else report["old_set"]
    say(f"折算 {report['facts']} 条事实、{report['verdicts']} 条判定；{zh} {name}。")
    say("", f"{report['facts']} facts and {report['verdicts']} verdicts folded; set {name} {en}.")
    for tenant, found in report["differences"].items():
        say(f"{tenant}：{found['count']} 行不同", f"rows differ; the first {len(found['first'])}:")
        table(
            ("表 table", "键 key", "现用 was", "重算 fresh"),
            ((d["table"], _pairs(d["key"]), _pairs(d["was"]), _pairs(d["fresh"])) for d in found["first"]),
        )
        for name in found["reshaped"]:
            say(f"表 {name} 的列不同，未比较。", "This table has other columns and was not compared.")
    if not report["compared"]:
        say("原来没有可比较的表。", "There were no tables to compare with.")
    elif not report["differences"]:
        say("与原表逐字相同。", "Equal to the tables that were, to the byte.")


def _pairs(found: dict[str, Any] | None) -> str:
    if found is None:
        return "—"
    return " ".join(f"{name}={value}" for name, value in found.items() if name != "tenant")


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
        found = library.reading.engine.recheck(library.tenant(tenant))
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
