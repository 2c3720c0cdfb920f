"""``touchline database``: PostgreSQL in place of a data folder."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.exits import Exit, Refused
from touchline.options import DatabaseOption, JsonOption, say, show

database = typer.Typer(help="PostgreSQL 数据库。PostgreSQL in place of a data folder.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(database, name="database")


@database.command("migrate")
def migrate(
    role: Annotated[str, typer.Option("--role", help="应用所用的角色 the role that the application uses")],
    keys_role: Annotated[
        str,
        typer.Option("--keys-role", help="密钥库所用的角色，缺省同上 that of the key store, else the same"),
    ] = "",
    url: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """以表的所有者身份建表或升级，并授予应用角色所需的权限；应用角色改不了台账。升级前先备份、停止各服务。
    As the owner: make or upgrade the tables, and grant the application's role what it needs, which is not to change the
    record. Before an upgrade back up and stop the servers. All or nothing; doing it again changes nothing.

    \b
    Example:
      touchline database migrate --database postgresql://touchline_owner@localhost/touchline --role touchline
    """
    from ledger.errors import unreachable
    from ledger.migrating import migrate as bring
    from ledger.postgres_engine import shown

    if not url:
        raise Refused(Exit.USAGE, "请用 --database 指明数据库。", "Name the database with --database.")
    try:
        with unreachable(shown(url)):
            before, now = bring(url, role, keys_role)
    except ValueError as error:
        raise Refused(Exit.USAGE, "这个角色不能用。", f"{error}.") from None
    if as_json:
        show({"before": before or None, "now": now, "role": role, "keys_role": keys_role or role})
    elif before == now:
        say(f"已是最新（{now}），权限已重新授予。", f"Up to date ({now}); the grants were given again.")
    else:
        say(
            f"已建到 {now}（原为 {before or '空'}）。",
            f"The tables are of {now} now (before: {before or 'none'}).",
        )
