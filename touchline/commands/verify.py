"""``touchline verify``: is the record what it was?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DataOption, JsonOption, say, show


def add(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    expect: Annotated[
        str,
        typer.Option(
            "--expect",
            metavar="FILE|HEADS",
            help="以前核验的输出，或其中的文字 an earlier output, or its text",
        ),
    ] = "",
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="只核验一个租户 one tenant only")] = "",
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """逐条重算位置、两条哈希链和编号，打印各链末位；有误以 1 结束并指出第一处。保存输出并用 --expect 比对，可发现被截断的尾部。
    Recompute positions, both hash chains and ids, print the heads; ends with 1 naming the first bad place. Keep the
    output and give it back with --expect: a cut-off tail is found too.

    \b
    Example:
      touchline verify > heads.txt && touchline verify --expect heads.txt
    """
    from ledger.database import Database
    from ledger.folder import read_server
    from ledger.verify import verify as check

    heads = _heads(expect)
    database = Database.open(data, create=False)
    try:
        report = check(database, tenant or None, None if as_json else _progress(), expect=heads)
    finally:
        database.close(checkpoint=read_server(data) is None)
    if as_json:
        show(
            {
                "ok": report.ok,
                "checked": report.checked,
                "heads": [_plain(head) for head in report.heads],
                "problems": [_plain(bad) for bad in report.problems],
                "more": report.more,
            }
        )
    else:
        for head in report.heads:
            print(head)
        for bad in report.problems[:20]:
            say(f"错误 bad: {bad.tenant}/{bad.lane}@{bad.place}: {bad.what}")
    if not report.ok:
        first = report.problems[0]
        if not as_json:
            say(
                f"共 {len(report.problems) + report.more} 处，第一处在",
                f"first: {first.tenant}/{first.lane}@{first.place}",
            )
        raise typer.Exit(Exit.NOT_SO)
    if not as_json:
        say(f"核验 {report.checked} 条，全部相符。", f"{report.checked} rows checked, all as they were.")


def _heads(expect: str) -> list[Any]:
    from ledger.verify import LaneHead

    if not expect:
        return []
    try:
        text = expect if "@" in expect else Path(expect).read_text(encoding="utf-8")
        return [LaneHead.parse(word) for word in text.split()]
    except OSError as error:
        raise Refused(Exit.UNKNOWN, f"打不开文件 {expect}。", f"{expect}: {error.strerror}.") from None
    except ValueError as error:
        raise Refused(Exit.USAGE, "--expect 的内容读不懂。", f"{error}.") from None


def _progress() -> Any:
    if not sys.stderr.isatty():
        return None

    def tell(tenant: str, lane: str, done: int, whole: int) -> None:
        end = "\n" if done >= whole else "\r"
        print(f"{tenant}/{lane}: {done}/{whole}", end=end, file=sys.stderr, flush=True)

    return tell


def _plain(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in type(found).__dataclass_fields__}
