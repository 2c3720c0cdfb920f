"""``touchline policy``: policies checked, told in words, compared, published, and tried on a history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import (
    DATA,
    DatabaseOption,
    DataGivenOption,
    DataOption,
    JsonOption,
    NoDataOption,
    TenantOption,
    instant,
    named,
    say,
    show,
    table,
)
from touchline.place import place_of
from touchline.policies import (
    SHIPPED,
    checked,
    print_findings,
    published,
    published_if_told,
    read,
    told_of_file,
)

policy = typer.Typer(help="时限政策。Policies: promises as data.", no_args_is_help=True)

PathArgument = Annotated[
    Path, typer.Argument(metavar="FILE|DIR", help="政策文件或目录 a file or a folder of files")
]


def add(app: typer.Typer) -> None:
    app.add_typer(policy, name="policy")


@policy.command("check")
def check(
    path: PathArgument,
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """检查政策文件：写法、事件类型、键、循环、没有日历的年份。Check policy files: grammar, event types, keys, circles, years
    without a calendar (of what --tenant has published; without it, of what a new tenant gets). Ends with 1 if something
    is wrong, naming file and line.

    \b
    Example:
      touchline policy check policies
    """
    file, found = checked(
        path, published(place_of(data, database), tenant) if tenant else None, as_json=as_json
    )
    if as_json:
        show(
            {
                "ok": True,
                "findings": [one.dump() for one in found],
                "profile": file.profile,
                "version": file.version,
                "policies": sorted(file.policies),
            }
        )
        return
    table(
        ("政策 policy", "行 row", "名称", "类别 kind"),
        ((key, one.row or "", one.zh, one.kind) for key, one in sorted(file.policies.items())),
    )
    print_findings(found)
    count = len(file.policies)
    say(
        f"{file.profile} {file.version}：{count} 条，无误，{len(found)} 处提醒。",
        f"{count} policies, nothing wrong, {len(found)} warnings.",
    )


@policy.command("explain")
def explain(
    key: Annotated[str, typer.Argument(help="政策键 a policy's key, e.g. complaint.close_return_visit")],
    path: Annotated[
        str,
        typer.Option(
            "--path", metavar="FILE|DIR", help="政策文件或目录；shipped 为随附的 a file or folder, or shipped"
        ),
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="T", help="当时生效的版本；省略为现在 the version in force then; else now"
        ),
    ] = "",
    tenant: TenantOption = "",
    data: DataGivenOption = None,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """用中文和英文解释一条政策：触发、到期、办结、责任。Tell a policy in Chinese and English: what opens it, when it is due,
    what settles it, who owes it.

    给出 --tenant、--at、--data 或 --database 时，解释已向该租户发布、当时生效的版本；用 --path 或都不给时，解释文件（随附的）。
    With --tenant, --at, --data or --database it is the version published to that tenant and in force then; with --path, or with
    none of them, that of files (the shipped ones).

    \b
    Example:
      touchline policy explain complaint.close_return_visit
      touchline policy explain complaint.close_return_visit --path mine
      touchline policy explain complaint.close_return_visit --tenant yunhe --at 2026-03-01 --data mine
    """
    if path and (tenant or at):
        raise Refused(
            Exit.USAGE,
            "--path 解释文件，--tenant 和 --at 解释已发布的：请只用一种。",
            "--path tells a file, --tenant and --at what was published: use one or the other.",
        )
    of: dict[str, Any] = {}
    if path or not (tenant or at or data or database):
        lines = told_of_file(path or SHIPPED, key)
    else:
        from schemas.instants import format_instant
        from touchline.in_force import in_force

        found = in_force(place_of(data or DATA, database), tenant, instant(at, "--at"))
        lines = found.told(key)
        of = {"tenant": found.tenant.name, "at": format_instant(found.at), **found.version.dump()}
    if as_json:
        show(
            {
                "key": key,
                **of,
                "lines": [{"zh": [name[0], text[0]], "en": [name[1], text[1]]} for name, text in lines],
            }
        )
        return
    print(key)
    for name, text in lines:
        print(f"  {name[0]}  {text[0]}")
    print()
    for name, text in lines:
        print(f"  {name[1]}: {text[1]}")


@policy.command("diff")
def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="文件、目录或 shipped a file, a folder or shipped")],
    new: Annotated[str, typer.Argument(metavar="B", help="同上 the same")],
    data: NoDataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """比较两份政策：新增、取消、改动。What two profiles say differently. Ends with 1 where they differ.

    \b
    Example:
      touchline policy diff shipped policies
    """
    from schemas.policy_diff import diff as compare

    before, after = read(old), read(new)
    found = compare(before, after)
    names = {key: (one.zh, one.en or "") for file in (before, after) for key, one in file.policies.items()}
    if as_json:
        show(
            [
                {**one.dump(), **dict(zip(("zh", "en"), names.get(one.key, ("", "")), strict=True))}
                for one in found
            ]
        )
    elif found:
        words = {"added": "新增 added", "removed": "取消 removed", "changed": "改动 changed"}
        table(
            ("", "政策 policy", "名称 name", "位置 where", "原 old", "新 new"),
            (
                (
                    words[one.what],
                    one.key,
                    " ".join(names.get(one.key, ())).strip(),
                    one.path,
                    one.old,
                    one.new,
                )
                for one in found
            ),
        )
    say(f"{len(found)} 处不同。", f"{len(found)} differences.")
    if found:
        raise typer.Exit(Exit.NOT_SO)


@policy.command("publish")
def publish(
    path: PathArgument,
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """向一个租户发布政策的新版本，自其生效时刻起的触发按它计算。Publish a version of a profile to a tenant: triggers from its
    effective time on are bound by it; what was promised before stays as it was.

    \b
    Example:
      touchline policy publish mine --tenant yunhe
    """
    from touchline.desk import desk

    place = place_of(data, database)
    file, found = checked(path, published_if_told(place, tenant), as_json=as_json)
    with desk(place) as counter:
        made = counter.perform("policy.publish", {"tenant": tenant, "data": file.published()})
    if made["status"] != 202:
        if made["status"] == 409:
            raise Refused(
                Exit.NOT_SO,
                f"{file.profile} {file.version} 已发布过，内容不同：请改 version 再发布。",
                f"{file.profile} {file.version} was published with other content; raise its version.",
            )
        raise Refused(Exit.NOT_SO, str(made["reason_zh"]), f"{made['field']}: {made['reason']}")
    if as_json:
        show({**made, "profile": file.profile, "version": file.version})
        return
    print_findings(found)
    again = ("此前已发布过。", "It had been published before.") if made["duplicate"] else ("", "")
    say(
        f"已向 {made['tenant']} 发布 {file.profile} {file.version}（第 {made['place']} 位）。{again[0]}",
        f"Published to {made['tenant']} at place {made['place']}. {again[1]}",
    )


@policy.command("whatif")
def whatif(
    path: PathArgument,
    since: Annotated[
        str, typer.Option("--since", help="只看此后触发的 only what was opened from then on")
    ] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """假如一直按这份政策：在内存中重演历史，列出会不同的时限；不写任何东西。What if this had been the policy all along: the
    history folded in memory under both, and which promises would differ. Nothing is written.

    \b
    Example:
      touchline policy whatif mine --since 2026-03-01
    """
    from touchline.trying import compared

    place = place_of(data, database)
    file, _ = checked(path, published_if_told(place, tenant), as_json=as_json)
    told = compared(place, tenant, file, instant(since, "--since"))
    if as_json:
        show(told)
    else:
        _table_of(told, {key: one.zh for key, one in file.policies.items()})


SHOWN = 50
"""Promises that are listed one by one for people."""


def _table_of(told: dict[str, Any], names: dict[str, str]) -> None:
    table(
        ("政策 policy", "名称", "现触发 opened", "假如 if", "现超时 breached", "假如 if"),
        (
            (
                key,
                names.get(key, ""),
                *(str(one[name]) for name in ("opened", "opened_if", "breached", "breached_if")),
            )
            for key, one in told["obligations"].items()
        ),
    )
    for one in told["promises"][:SHOWN]:
        old, new = one["now"], one["if"]
        print(
            f"{one['obligation']} {one['keys']} {one['opened']}: "
            + " → ".join(
                f"{named(side['state'])} {side['due'] or '—'}{' 超时 breached' if side['breached'] else ''}"
                if side
                else "无 none"
                for side in (old, new)
            )
        )
    if (more := told["differ"] - SHOWN) > 0:
        say(f"另有 {more} 条未列出（--json 全部列出）。", f"{more} more, all in --json.")
    say(f"{told['differ']} 条会不同。", f"{told['differ']} promises would differ.")
