"""``touchline inbox``: who may deliver to POST /in/{source}, and how it is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of

inboxes = typer.Typer(
    help="原样接收：厂商系统推送到 POST /in/来源。Raw webhooks of other systems.", no_args_is_help=True
)
SourceOption = Annotated[str, typer.Option("--source", "-s", help="来源 the source")]


def add(app: typer.Typer) -> None:
    app.add_typer(inboxes, name="inbox")


@inboxes.command("add")
def add_(
    source: SourceOption,
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="映射文件 the mapping")],
    verify: Annotated[
        str, typer.Option("--verify", help="token|hmac|standard-webhooks；首次必填 needed the first time")
    ] = "",
    place: Annotated[
        str,
        typer.Option(
            "--at",
            help="口令或签名的位置 where the token or signature stands: header:NAME, query:NAME; "
            "header:X-Token, header:X-Signature",
        ),
    ] = "",
    secret: Annotated[
        str,
        typer.Option(
            "--secret-file",
            metavar="FILE",
            help="对方定的密钥；- 为标准输入；不给则生成 the vendor's; else one is made",
        ),
    ] = "",
    aliases: Annotated[
        str,
        typer.Option("--aliases", "-a", help="项目与房号的别名表 YAML: their names of estates and houses"),
    ] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """设置或更改一个来源；密钥只显示一次。Add a source, or change its mapping; a secret that is made is shown this once. What
    is dead is mapped by the new mapping with touchline dead replay.

    \b
    Example:
      touchline inbox add --source pbx --mapping pbx.yaml --verify token
    """
    from touchline.desk import desk

    asked = {
        "tenant": tenant,
        "source": source,
        "mapping": _text(str(mapping)),
        "file": mapping.name,
        "aliases": _text(aliases) if aliases else "",
        "verify": verify,
        "place": place,
        "secret": (sys.stdin.readline() if secret == "-" else _text(secret)).strip() if secret else "",
    }
    with desk(place_of(data, database)) as counter:
        made = counter.perform("inbox.add", asked)
    if as_json:
        show(made)
        return
    if made["secret"]:
        print(made["secret"])
    at = (f"，位置 {made['place']}", f" at {made['place']}") if made["place"] else ("", "")
    told = ("密钥不再显示。", "The secret is not shown again.")
    if not made["secret"]:
        told = ("密钥不变。", "The secret stays as it was.")
    say(
        f"租户 {made['tenant']}：POST {made['path']}，验证 {made['verify']}{at[0]}。{told[0]}",
        f"Tenant {made['tenant']}: POST {made['path']}, verified by {made['verify']}{at[1]}. {told[1]}",
    )


@inboxes.command("list")
def list_(data: DataOption = DATA, database: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """列出各来源，不含密钥。Every source, without its secret.

    \b
    Example:
      touchline inbox list
    """
    from producers.inbox.known import listed
    from schemas.instants import format_instant
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        found = [
            {
                "source": one.source,
                "tenant": one.tenant.name,
                "path": f"/in/{one.source}",
                "verify": one.verify,
                "place": one.place,
                "mapping": one.file,
                "changed": format_instant(one.changed),
            }
            for one in listed(library.ledger)
        ]
    if as_json:
        show(found)
    elif found:
        table(("来源 source", "租户 tenant", "地址 path", "验证 verify", "位置 at", "映射 mapping", "更改 changed"),
              [tuple(one.values()) for one in found])  # fmt: skip
    else:
        say("没有。", "None.")


@inboxes.command("unknown")
def unknown(
    source: SourceOption, data: DataOption = DATA, database: DatabaseOption = "", as_json: JsonOption = False
) -> None:
    """列出该来源用过而别名表没有的项目与房号，及没有受理记录的事项编号，各几次；都已照原样保存。Names of estates and houses
    that the source sent and its alias file lacks, and numbers of cases that nothing took in; all was kept as it is.

    \b
    Example:
      touchline inbox unknown --source pbx
    """
    from producers.inbox.known import listed
    from producers.inbox.names import unknown as found_of
    from touchline.bar import bar
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        inbox = next((one for one in listed(library.ledger) if one.source == source), None)
        if inbox is None:
            raise _nobody(source)
        with library.database.read() as conn:
            head = library.ledger.head(conn, inbox.tenant).place
        with bar("查找 looking", head) as step:
            found = found_of(library.ledger, inbox, step)
        if cases := library.reading.cases.unopened(inbox.tenant, source):
            found["cases"] = cases
    if as_json:
        show(found)
    elif found:
        kinds = {"projects": "项目 estate", "houses": "房号 house", "cases": "事项 case"}
        table(
            ("", "名称 name", "次数 count"),
            [(kinds[kind], name, str(n)) for kind, names in found.items() for name, n in names.items()],
        )
    else:
        say(
            "没有。" if inbox.aliases else "没有；该来源没有别名表。",
            "None." if inbox.aliases else "None; it has no alias file.",
        )


@inboxes.command("remove")
def remove(source: SourceOption, data: DataOption = DATA, database: DatabaseOption = "") -> None:
    """停用一个来源并销毁其密钥；已收到的信保留。Let nobody deliver as this source any more; its letters stay.

    \b
    Example:
      touchline inbox remove --source pbx
    """
    from touchline.desk import desk

    with desk(place_of(data, database)) as counter:
        if not counter.perform("inbox.remove", {"source": source}):
            raise _nobody(source)
    say("已停用。", "Removed.")


def _nobody(source: str) -> Refused:
    return Refused(Exit.UNKNOWN, f"没有来源 {source}。", f"There is no inbox of {source}.")


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(Exit.UNKNOWN, f"打不开文件 {file}。", f"{file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Refused(Exit.NOT_SO, f"文件 {file} 不是 UTF-8。", f"{file} is not UTF-8.") from None
