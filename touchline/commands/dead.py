"""``touchline dead``: what sources sent that could not be read or mapped."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of

dead = typer.Typer(
    help="死信：收到而未能解析或映射的原文。What was received and could not be read or mapped.",
    no_args_is_help=True,
)
LetterArgument = Annotated[str, typer.Argument(metavar="ID", help="信的编号 the letter's id")]
SourceOption = Annotated[str, typer.Option("--source", "-s", help="只看此来源 of this source alone")]
ByOption = Annotated[str, typer.Option("--by", help="经办人代码 who does it")]
PAGE = 500
FIELDS = {
    "id": "编号", "place": "次序", "source": "来源", "media": "格式", "size": "字节", "received": "收到", "state": "状态",
    "field": "字段", "reason": "原因（英文）", "reason_zh": "原因", "faults": "问题数", "events": "触点数", "decided": "处理于",
    "by": "经办人", "cause": "缘由", "opened": "查阅于", "opened_by": "查阅人",
}  # fmt: skip
"""What a letter has, in Chinese."""
STATE = {
    "dead": "死信", "waiting": "待解析", "mapped": "已写入", "skipped": "已略过", "replayed": "已重放", "discarded": "已丢弃",
}  # fmt: skip


def add(app: typer.Typer) -> None:
    app.add_typer(dead, name="dead")


@dead.command("list")
def list_(
    source: SourceOption = "",
    state: Annotated[
        str,
        typer.Option("--state", help="dead|waiting|mapped|skipped|replayed|discarded|all"),
    ] = "dead",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """按收到先后列出，附原因；原因中没有原文。In order of receiving, with the reason, which holds nothing of the content.

    \b
    Example:
      touchline dead list --source pbx
    """
    from producers.inbox.lists import Lists
    from producers.inbox.tables import STATES
    from touchline.library import Library

    if state not in (*STATES, "all"):
        raise Refused(Exit.USAGE, f"没有状态 {state}。", f"--state is one of {', '.join(STATES)}, all.")
    found: list[dict[str, Any]] = []
    with Library(place_of(data, database)) as library:
        lists, whose = Lists(library.ledger), library.tenant(tenant)
        wanted = {"state": "" if state == "all" else state, "source": source}
        while page := lists.listed(whose, after=found[-1]["place"] if found else 0, limit=PAGE, **wanted):
            found += page
    if as_json:
        show(found)
    elif found:
        rows = [
            (one["id"], one["received"] or "", one["source"], _state(one["state"]), _why(one))
            for one in found
        ]
        table(("编号 id", "收到 received", "来源 source", "状态 state", "原因 reason"), rows)
    else:
        say("没有。", "None.")


@dead.command("show")
def show_(
    letter: LetterArgument,
    clear: Annotated[
        bool, typer.Option("--clear", help="显示原文；记下谁看过 the content too; who looked is recorded")
    ] = False,
    by: ByOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """一封信及其原因；--clear 显示原文（可能含个人信息）。One letter and why it is dead; --clear shows what was sent, which
    may hold personal data.

    \b
    Example:
      touchline dead show 2b1f… --clear --by it-007
    """
    from producers.inbox.lists import Lists
    from touchline.library import Library

    if clear and not by:
        raise Refused(Exit.USAGE, "--clear 须用 --by 写明查阅人。", "--clear needs --by: who looks.")
    place = place_of(data, database)
    content: dict[str, Any] = {}
    if clear:
        from touchline.desk import desk

        with desk(place) as counter:
            content = counter.perform("dead.open", {"tenant": tenant, "letter": letter, "by": by})
    with Library(place) as library:
        found = Lists(library.ledger).one(library.tenant(tenant), letter)
    if found is None:
        raise Refused(Exit.UNKNOWN, f"没有信 {letter}。", f"There is no letter {letter}.")
    told = {**found, **({"content": content} if clear else {})}
    if as_json:
        show(told)
        return
    for name, value in found.items():
        print(
            f"{FIELDS[name]} {name}: {_state(value) if name == 'state' else '' if value is None else value}"
        )
    if clear:
        print(f"\n{content['media']}\n{content['query'] or ''}\n{content['body']}")


@dead.command("replay")
def replay(
    letter: Annotated[str, typer.Argument(metavar="[ID]", help="信的编号 the letter's id")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="全部，按收到先后 all, in order of receiving")
    ] = False,
    source: SourceOption = "",
    by: ByOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """改好映射（touchline inbox add）后重新映射；仍失败的留作死信。Map them again after their mapping was mended (touchline
    inbox add); what fails again stays dead, with its new reason. Ends with 1 if any did.

    \b
    Example:
      touchline dead replay --all --source pbx --by it-007
    """
    from touchline.desk import desk

    if bool(letter) == everything:
        raise Refused(Exit.USAGE, "请给信的编号，或 --all。", "Name a letter, or --all.")
    asked = {"tenant": tenant, "source": source, "letter": letter, "by": by}
    with desk(place_of(data, database)) as counter:
        done = counter.perform("dead.replay", asked)
    if letter and not done:
        raise Refused(Exit.UNKNOWN, f"没有死信 {letter}。", f"There is no dead letter {letter}.")
    failed = [one for one in done if one["state"] == "dead"]
    if as_json:
        show(done)
    else:
        for one in failed:
            print(f"{one['id']}: {_why(one)}")
        say(
            f"重新映射 {len(done)} 封，仍失败 {len(failed)} 封。",
            f"{len(done)} replayed, {len(failed)} failed again.",
        )
    if failed:
        raise typer.Exit(Exit.NOT_SO)


@dead.command("discard")
def discard(
    letter: LetterArgument,
    reason: Annotated[str, typer.Option("--reason", help="代码，如 test_data a code, such as test_data")],
    by: Annotated[str, typer.Option("--by", help="经办人代码 who does it")],
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """丢弃：销毁原文的密钥，不可恢复；来源、时间、原因和经办人保留。Destroy what it holds, for good; source, time, reason and
    who did it stay.

    \b
    Example:
      touchline dead discard 2b1f… --reason test_data --by it-007
    """
    from touchline.desk import desk

    asked = {"tenant": tenant, "letter": letter, "cause": reason, "by": by}
    with desk(place_of(data, database)) as counter:
        done = counter.perform("dead.discard", asked)
    if as_json:
        show(done)
    else:
        say("已丢弃，原文不可恢复。", "Discarded; what it held is gone.")


def _state(state: str) -> str:
    return f"{STATE.get(state, '')} {state}".strip()


def _why(one: dict[str, Any]) -> str:
    where = f"{one['field']}：" if one["field"] else ""
    more = f" (+{one['faults'] - 1})" if one["faults"] > 1 else ""
    return f"{where}{one['reason_zh']} {one['reason']}{more}" if one["reason"] else ""
