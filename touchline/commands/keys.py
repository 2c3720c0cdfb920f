"""``touchline key``: the keys with which sources write and programs read."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show
from touchline.place import place_of

keys = typer.Typer(help="接口密钥。API keys: one source of one tenant each.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(keys, name="key")


@keys.command("create")
def create(
    source: Annotated[
        str, typer.Option("--source", "-s", help="来源系统，例如 call-centre the source system")
    ],
    tenant: TenantOption = "",
    write_only: Annotated[bool, typer.Option("--write-only", help="只写不读 writes, does not read")] = False,
    admin: Annotated[
        bool,
        typer.Option(
            "--admin", help="还可发布政策、受理个人信息请求 also publishes, and handles erasure requests"
        ),
    ] = False,
    approver: Annotated[
        bool, typer.Option("--approver", help="处罚审批人：可见并审批处罚 sees penalties and decides on them")
    ] = False,
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """创建密钥，只显示这一次。Create a key; it is shown this once and kept as a hash only.

    \b
    Example:
      touchline key create --tenant yunqi --source call-centre
    """
    from touchline.desk import desk

    with desk(place_of(data, database)) as counter:
        made = counter.perform(
            "key.create",
            {
                "tenant": tenant,
                "source": source,
                "write_only": write_only,
                "admin": admin,
                "approver": approver,
            },
        )
    if as_json:
        show(made)
    else:
        print(made["key"])
        say(f"租户 {made['tenant']}，来源 {source}。密钥只显示这一次。", "It is not shown again.")
