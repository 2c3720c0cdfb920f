"""``touchline verify``: is the record what it was?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, say, show
from touchline.place import Place, open_database, place_of

if TYPE_CHECKING:
    from ledger.database import Database
    from ledger.verifying.hands import Hands
    from ledger.verifying.pages import Reads

WORTH = 100_000
"""Facts for which a further process is worth its start (half a second)."""


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
    first: Annotated[int, typer.Option("--from", min=1, help="自第几条事实起 from this fact place on")] = 1,
    last: Annotated[
        int, typer.Option("--to", min=0, help="至第几条事实（0 为末条） to this one; 0: the last")
    ] = 0,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="从 --expect 的各链末位之后接着核验 go on behind the heads of --expect"
        ),
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="逐条解析正文 parse every body, compare its canonical form")
    ] = False,
    processes: Annotated[
        int,
        typer.Option("--processes", min=0, help="并行进程数（0 自定） beside each other; 0: as is worth it"),
    ] = 0,
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """逐条重算位置、两条哈希链和编号，打印各链末位；有误以 1 结束并指出第一处。保存输出并用 --expect 比对，可发现被截断的尾部。
    Recompute positions, both hash chains and ids, print the heads; ends with 1 naming the first bad place. Keep the
    output and give it back with --expect: a cut-off tail is found too. With --resume as well, only what came after it is
    checked; with --from and --to only those facts, and the verdicts that follow them. What is checked in part is not
    checked for id rows without a fact: a whole run is.

    \b
    Example:
      touchline verify > heads.txt && touchline verify --expect heads.txt
      touchline verify --expect heads.txt --resume > newer.txt
    """
    from ledger.folder import read_server
    from ledger.verify import Places
    from ledger.verify import verify as check

    heads = _heads(expect)
    if resume and not heads:
        raise Refused(Exit.USAGE, "--resume 须与 --expect 同用。", "--resume needs the heads of --expect.")
    if last and last < first:
        raise Refused(Exit.USAGE, "--to 不可小于 --from。", "--to is before --from.")
    place = place_of(data, database)
    source = open_database(place, create=False, writing=False)
    try:
        with _hands(source, place, processes) as hands:
            report = check(
                source, tenant or None, None if as_json else _progress(), expect=heads,
                places=Places(first, last), resume=resume, deep=deep, hands=hands,
            )  # fmt: skip
    finally:
        source.close(checkpoint=isinstance(place, Path) and read_server(place) is None)
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
            say(f"错误 bad: {bad}")
    if not report.ok:
        bad = report.problems[0]
        if not as_json:
            say(
                f"共 {len(report.problems) + report.more} 处，第一处在",
                f"first: {bad.tenant}/{bad.lane}@{bad.place}",
            )
        raise typer.Exit(Exit.NOT_SO)
    if not as_json:
        say(f"核验 {report.checked} 条，全部相符。", f"{report.checked} rows checked, all as they were.")


@contextmanager
def _hands(database: Database, place: Place, processes: int) -> Iterator[Hands]:
    """One process, or several where that many are asked for or there is work for them."""
    from sqlalchemy import func, select

    from ledger.tables import counters
    from ledger.verifying.hands import Hands, ManyHands

    if not processes:
        with database.read() as connection:
            facts = connection.scalar(select(func.sum(counters.c.place))) or 0
        processes = min(os.cpu_count() or 1, max(1, facts // WORTH))
    if processes == 1:
        yield Hands(database)
        return
    with ManyHands.opened(_opening(place), processes) as hands:
        yield hands


def _opening(place: Place) -> Callable[[], Reads]:
    """How each process opens the record for itself."""
    if isinstance(place, Path):
        from ledger.verifying.hands import FolderReader

        return partial(FolderReader, place)
    from ledger.postgres import PostgresDatabase

    return partial(PostgresDatabase.at, place.url, writing=False)


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
