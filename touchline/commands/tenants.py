"""``touchline tenant``: the groups of companies whose record this is."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, say, show, table
from touchline.place import place_of

tenants = typer.Typer(
    help="租户。Tenants: groups of companies that share customers, staff and ladders.", no_args_is_help=True
)


def add(app: typer.Typer) -> None:
    app.add_typer(tenants, name="tenant")


@tenants.command("add")
def add_tenant(
    name: Annotated[
        str,
        typer.Argument(help="名称，登记后不变，可用汉字 a name, which never changes, e.g. a company code"),
    ],
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """登记租户，并发布随附的时限政策、岗位和 2024–2026 年工作日历。Register a tenant and publish the shipped policies,
    roles and calendars in the same transaction.

    \b
    Example:
      touchline tenant add yunqi
    """
    from touchline.desk import desk

    with desk(place_of(data, database), create=True) as counter:
        made = counter.perform("tenant.add", {"name": name})
    if as_json:
        show(made)
    else:
        say(f"已登记租户 {name}（第 {made['number']} 号），发布 {made['published']} 项。")
        say("", f"Tenant {name} is number {made['number']}; {made['published']} publications.")


@tenants.command("list")
def list_tenants(data: DataOption = DATA, database: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """列出租户。List the tenants.

    \b
    Example:
      touchline tenant list --json
    """
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        found = [{"number": tenant.number, "name": tenant.name} for tenant in library.ledger.tenants()]
    if as_json:
        show(found)
    else:
        table(("号", "租户 tenant"), ((str(one["number"]), str(one["name"])) for one in found))
