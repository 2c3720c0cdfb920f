"""``touchline database``: PostgreSQL in place of a data folder."""

from __future__ import annotations

from dataclasses import asdict
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


@database.command("scrub")
def scrub(url: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """删除个人信息之后，由数据库管理员（超级用户）执行：重写密钥库各表并翻转预写日志，使服务器文件中不再有已销毁的密钥。
    After erasures, by the database's administrator (a superuser), on the database that holds the keys: its tables are written
    anew and the write-ahead log is turned, so that no destroyed key is left in the server's files. Servers may run; each
    table is locked while it is rewritten, and whoever writes waits or is told to send again. Ends with 1 where
    segments of the log are still kept for somebody. What has left the server (archive,
    standbys, backups) it cannot reach, and says so.

    \b
    Example:
      touchline database scrub --database postgresql://postgres@localhost/touchline
    """
    from ledger.errors import unreachable
    from ledger.postgres_engine import shown
    from ledger.scrubbing import scrub as clean

    if not url:
        raise Refused(Exit.USAGE, "请用 --database 指明数据库。", "Name the database with --database.")
    try:
        with unreachable(shown(url)):
            done = clean(url)
    except ValueError as error:
        raise Refused(
            Exit.USAGE, "这需要数据库超级用户：VACUUM FULL、pg_switch_wal、CHECKPOINT。", f"{error}."
        ) from None
    if as_json:
        show(asdict(done))
    else:
        if done.segments:
            say(
                f"密钥库已清净，但仍有 {done.segments} 段旧预写日志被保留（归档、复制槽等）；放开后请再执行一次。",
                f"The key store is clean, but {done.segments} old segments of the write-ahead log are still kept (archive, "
                "replication slots or wal_keep_size); let them go and run it again.",
            )
        else:
            say("服务器文件中已无已销毁的密钥。", "No destroyed key is left in the server's files.")
        if done.archived or done.slots or done.standbys:
            say(
                f"别处可能还有：归档{'已开启' if done.archived else '未开启'}，复制槽 {done.slots}，备库 {done.standbys}。",
                f"Elsewhere some may be: archiving is {'on' if done.archived else 'off'}, {done.slots} replication slots, "
                f"{done.standbys} standbys.",
            )
    if done.segments:
        raise typer.Exit(Exit.NOT_SO)
