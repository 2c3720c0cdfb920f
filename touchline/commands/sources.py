"""``touchline source``: which sources report late, how late, and how far each has reported."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of

sources = typer.Typer(
    help="来源报数：哪些来源晚报、晚多久、报到何时。Sources that report late.", no_args_is_help=True
)


def add(app: typer.Typer) -> None:
    app.add_typer(sources, name="source")


@sources.command("declare")
def declare(
    source: Annotated[str, typer.Option("--source", "-s", help="来源 the source")],
    within: Annotated[
        str,
        typer.Option(
            "--reports-within",
            metavar="LENGTH",
            help="最迟多久报来：30min、26h、2d，至多 31d；0h 为即时 how late it may report",
        ),
    ],
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """申报一个来源最迟多久报来：它可能办结的时限到期后先待核实，至多等这么久；它发 source.reported_through 则提前核实。

    Declare how late a source may report: a promise that it might have discharged stands unconfirmed at most so long; its
    own source.reported_through ends that sooner. The newest declaration counts.

    \b
    Example:
      touchline source declare --source property-ledger --reports-within 26h
    """
    from touchline.desk import desk

    with desk(place_of(data, database)) as counter:
        made = counter.perform("source.declare", {"tenant": tenant, "source": source, "within": within})
    if as_json:
        show(made)
        return
    say(
        f"租户 {made['tenant']}：来源 {source} 最迟 {within} 报来（序号 {made['place']}）。",
        f"Source {source} reports within {within}.",
    )


@sources.command("list")
def list_(
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """列出发过事件或申报过的来源：时延、报到何时、落后多少秒。Every source that sent or declared something: its delay, how far
    it has reported, how many seconds that lags behind now. `late`: it lags more than it declared.

    \b
    Example:
      touchline source list
    """
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        found = library.reading.published.sources(library.tenant(tenant))
    if as_json:
        show(found)
    elif found:
        table(
            ("来源 source", "时延 reports within", "报数截至 reported through", "落后 lag", "", "类型 types"),
            (
                (
                    one["source"],
                    one["reports_within"] or "即时 at once",
                    one["reported_through"] or "未报 never",
                    "" if one["lag_seconds"] is None else _length(one["lag_seconds"]),
                    "逾时 late" if one["late"] else "",
                    str(len(one["types"])),
                )
                for one in found
            ),
        )
    else:
        say("没有。", "None.")


def _length(seconds: int) -> str:
    """1d 02:03:04"""
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {clock}" if days else clock
