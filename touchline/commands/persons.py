"""``touchline person``: what is kept of somebody, a copy of it, and its erasure (个人信息保护法 arts. 44–47)."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, named, say, show
from touchline.place import place_of

if TYPE_CHECKING:
    from touchline.library import Library

persons = typer.Typer(
    help="个人信息：查找、副本、删除。People's data: find, copy, erase.", no_args_is_help=True
)
RefArgument = Annotated[
    str,
    typer.Argument(metavar="REF", help="个人引用（person find 给出） the reference that person find gives"),
]
ByOption = Annotated[
    str, typer.Option("--by", help="经办人代码，默认系统用户名 who handles it; the login name by default")
]
REASONS = ("customer_request", "consent_withdrawn", "purpose_reached", "retention_expired", "unlawful")


def add(app: typer.Typer) -> None:
    app.add_typer(persons, name="person")


@persons.command("find")
def find(
    number: Annotated[
        str, typer.Option("--number", help="客户编号（须同时给 --source） customer number, with --source")
    ] = "",
    source: Annotated[str, typer.Option("--source", "-s", help="编号所属来源 whose number it is")] = "",
    phone: Annotated[
        str, typer.Option("--phone", help="电话；- 从标准输入读 - reads it from standard input")
    ] = "",
    event: Annotated[
        str, typer.Option("--event", help="事件编号：其中文字属于谁 an event id: whose texts stand in it")
    ] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """按客户编号或电话查个人引用；编号和电话本身不存明文。The reference of whoever has this number or phone; neither is kept in
    clear. Letters that name them and are not touchpoints yet (touchline dead) are told too. Ends with 3 where nobody has it
    (any more). A phone on a command line stays in the shell's history: --phone -
    reads it from standard input.

    \b
    Example:
      echo 13800000000 | touchline person find --phone -
    """
    if [bool(number), bool(phone), bool(event)].count(True) != 1 or bool(number) != bool(source):
        raise Refused(
            Exit.USAGE,
            "请给 --number 和 --source，或 --phone，或 --event。",
            "Give --number and --source, or --phone, or --event.",
        )
    from producers.inbox.naming import Naming
    from touchline.library import Library

    if phone == "-":
        phone = sys.stdin.readline().strip()
    with Library(place_of(data, database)) as library:
        naming, whose = Naming(library.ledger), library.tenant(tenant)
        if event:
            found = _of_event(library, tenant, event)
        else:
            one = library.ledger.customer(whose, source=source, number=number, phone=phone)
            found = [one] if one else []
        letters = {one: [letter.letter for letter in naming.of(whose, one)] for one in found}
        if not found and not event:  # nobody who is known
            given = naming.given(whose, source=source, number=number, phone=phone)
            letters[""] = [letter.letter for letter in naming.letters(whose, given)]
    for ids in letters.values():
        if ids:
            say(
                f"写有此人的来件：{'、'.join(ids)}。",
                f"Letters that name them: {', '.join(ids)} (touchline dead show).",
            )
    if not found:
        raise Refused(Exit.UNKNOWN, "没有这样的人（或已删除）。", "Nobody is known by that (any more).")
    if as_json:
        show([{"person": one, "letters": letters[one]} for one in found])
    else:
        print("\n".join(found))


def _of_event(library: Library, tenant: str, event_id: str) -> list[str]:
    from producers.dossier import persons_of

    with library.database.read() as connection:
        fact = library.ledger.fact(connection, library.tenant(tenant), event_id)
    return sorted(persons_of(fact)) if fact is not None else []


@persons.command("export")
def export(
    ref: RefArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="写入新文件（仅本人可读） a new file, for its owner alone")
    ] = Path("-"),
    purpose: Annotated[str, typer.Option("--purpose", help="用途代码 what for, a code")] = "subject_copy",
    by: ByOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """个人信息副本：此人的全部事件，明文，每行一个 JSON；先记下查阅记录。A copy of all events of a person, opened, one JSON
    object a line; that somebody looked is recorded first. Also the texts without a customer in cases that are this
    person's alone; last, a line for each letter that names them and is no touchpoint yet (touchline dead show). --json: one
    array.

    \b
    Example:
      touchline person export 7c1e… --output copy.ndjson
    """
    from producers.dossier import copied
    from touchline.desk import desk
    from touchline.library import Library

    if str(output) != "-" and output.exists():
        raise Refused(Exit.USAGE, f"文件 {output} 已存在。", f"{output} is there already.")
    arguments = {"tenant": tenant, "person": ref, "purpose": purpose, "by": by or _login()}
    with desk(place_of(data, database)) as counter:
        told = counter.perform("person.accessed", arguments)
    if told["erased"]:
        say(
            f"此人的个人信息已删除（{told['erased']}）。",
            f"Erased at {told['erased']}: there is nothing to copy.",
        )
        raise typer.Exit(Exit.NOT_SO)
    with Library(place_of(data, database)) as library, _written(output) as file:
        count = 0
        for line in copied(library.ledger, library.tenant(tenant), ref, _progress()):
            text = json.dumps(line, ensure_ascii=False)
            file.write(("[" if not count else ",\n") * as_json + text + "\n" * (not as_json))
            count += 1
        file.write(("]\n" if count else "[]\n") if as_json else "")
    say(f"已导出 {count} 条。", f"{count} lines.")


@contextmanager
def _written(output: Path) -> Iterator[TextIO]:
    if str(output) == "-":
        yield sys.stdout
        return
    try:
        made = os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise Refused(Exit.UNKNOWN, f"写不了文件 {output}。", f"{output}: {error.strerror}.") from None
    with open(made, "w", encoding="utf-8") as file:
        yield file


def _progress() -> Any:
    def tell(done: int, whole: int) -> None:
        if sys.stderr.isatty():
            print(f"{done}/{whole}", end="\n" if done >= whole else "\r", file=sys.stderr, flush=True)

    return tell


@persons.command("erase")
def erase(
    ref: RefArgument,
    reason: Annotated[str, typer.Option("--reason", help=f"依据代码 why, a code: {', '.join(REASONS)} …")],
    by: ByOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问 do not ask")] = False,
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """删除个人信息：销毁此人的密钥和索引，不可恢复；台账与哈希链不变，文字显示为已删除。含其独有事项中未写客户的文字。法定保存期
    或争议未了的，请先不要删除：本命令不代为判断。只写此人的死信一并丢弃；还写有他人的列出编号，处理后才记已执行。Destroy
    a person's keys and index, for good; the record and its chain stay, the texts read as erased. Also texts without a
    customer in cases that are this person's alone, and dead letters that name nobody else. Those that name others too are
    told by id: until they are replayed or discarded the erasure is not stated as executed. Whether a retention period or a
    dispute forbids it, this command does not know: that is yours to judge before.

    \b
    Example:
      touchline person erase 7c1e… --reason customer_request --yes
    """
    from touchline.desk import desk

    if not yes:
        _ask(ref)
    arguments = {"tenant": tenant, "person": ref, "basis": reason, "by": by or _login()}
    with desk(place_of(data, database)) as counter:
        done = counter.perform("person.erase", arguments)
    if as_json:
        show(done)
        return
    if left := done["letters_left"]:
        say(
            f"{len(left)} 封死信还写有他人，未丢弃：{'、'.join(left)}。请重放或丢弃（touchline dead replay|discard），"
            "重放时略去此人；之后才记为已执行。",
            f"{len(left)} dead letters name others too, and stay: replay or discard them. A replay leaves this person out; "
            "only then the erasure is stated as executed.",
        )
    if done["before"]:
        say(f"此前已删除（{done['erased']}）。", f"Erased before, at {done['erased']}.")
    else:
        say(
            f"已删除（{done['erased']}，依据：{named(reason)}），另有 {done['unnamed']} 处未写客户的文字，"
            f"{len(done['letters'])} 封死信。",
            f"Erased, and {done['unnamed']} texts without a customer, {len(done['letters'])} dead letters. Older backups hold "
            "the keys still: destroy them too.",
        )
        say("早先的备份里还有密钥：请一并销毁。")
        if database:
            say(
                "数据库服务器的文件里仍有痕迹，请管理员执行 touchline database scrub。",
                "The database server's files hold traces still: its administrator runs touchline database scrub.",
            )


def _ask(ref: str) -> None:
    if not sys.stdin.isatty():
        raise Refused(
            Exit.USAGE, "删除不可恢复：请加 --yes 确认。", "Erasure is for good: confirm it with --yes."
        )
    say(f"将永久删除 {ref} 的个人信息，不可恢复。", f"The personal data of {ref} will be gone for good.")
    if input("输入 yes 继续 type yes to go on: ").strip().lower() != "yes":
        raise Refused(Exit.NOT_SO, "未删除。", "Nothing was erased.")


def _login() -> str:
    with suppress(KeyError, OSError, ImportError):
        return getpass.getuser()
    return "operator"
