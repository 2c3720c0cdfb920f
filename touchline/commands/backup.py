"""``touchline backup``, ``touchline restore``, ``touchline ledger copy``: the record somewhere else, whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline import secret_files
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, NoDataOption, say, show

if TYPE_CHECKING:
    from ledger.copying.copy import Copied

KeysOption = Annotated[
    str,
    typer.Option(
        "--keys",
        metavar="URL",
        envvar="TOUCHLINE_KEYS_DATABASE",
        help="密钥库另在一处时 its key store, if elsewhere",
        show_default=False,
        show_envvar=True,
        callback=secret_files.keys_database,
    ),
]


def add(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore)
    ledger = typer.Typer(help="整本台账 The ledger as a whole.", no_args_is_help=True)
    ledger.command("copy")(copy)
    app.add_typer(ledger, name="ledger")


def backup(
    place: Annotated[
        str, typer.Argument(metavar="DIR|FILE.tar", help="不存在或为空的目录，或新文件 new or empty")
    ],
    data: DataOption = DATA,
    database: DatabaseOption = "",
    keys: KeysOption = "",
    as_json: JsonOption = False,
) -> None:
    """在线备份：台账、密钥与通知状态，同一时点，边写边核验；中断则作废。备份含密钥，请严加保管。
    An online backup: the record, the keys and what people were told, as of one instant, verified as it is written; cut
    off, it is none. It holds the keys of all personal data: keep it as you keep those.

    \b
    Example:
      touchline backup /backup/$(date +%F).tar
    """
    from touchline import moving
    from touchline.archive import beside, is_archive, pack, taken

    target = Path(place)
    source = database or str(data)
    if is_archive(target):
        if target.exists():
            raise taken(target)
        with beside(target) as folder:
            done = moving.backup(source, folder, _progress(as_json), keys)
            pack(folder, target)
    else:
        done = moving.backup(source, target, _progress(as_json), keys)
        target.chmod(0o700)
    _tell(done, place, as_json)
    if not as_json:
        say(
            "内含个人信息的密钥，仅属主可读（0600）。",
            "It holds the keys of personal data; only you may read it (0600).",
        )


def restore(
    place: Annotated[str, typer.Argument(metavar="DIR|FILE.tar", help="备份 the backup")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            "--database",
            metavar="URL",
            help="恢复到 PostgreSQL（代替 --data），以空库属主的身份 into PostgreSQL instead: an empty database, as its owner",
        ),
    ] = "",
    erased: Annotated[
        str,
        typer.Option(
            "--erased",
            metavar="DIR|URL",
            help="较新的旧目录或旧库，其中已删除的人不予恢复 where it was: who was erased there stays so",
        ),
    ] = "",
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """把备份恢复到空目录（或空库）：新的时间线从此开始，备份之后的位置一律不再认。读表在首次打开时重新折算。
    Restore a backup into an empty folder or database. A new timeline begins: cursors beyond the backup are refused. The
    tables are folded afresh by the server or the first command that writes. If the old folder is still there, name it
    with --erased.

    \b
    Example:
      touchline restore /backup/2026-11-22.tar --data fresh --erased data
    """
    from touchline import moving
    from touchline.archive import beside, is_archive, unpack

    target, source, keys = to or str(data), Path(place), secret_files.keys_database("")
    if is_archive(source):
        with beside(source if to else data) as folder:
            unpack(source, folder)
            done = moving.restore(folder, target, _progress(as_json), erased, keys)
    else:
        done = moving.restore(source, target, _progress(as_json), erased, keys)
    _tell(done, target, as_json)
    if not as_json:
        if done.erased:
            say(
                f"{done.erased} 人已在备份之后删除，未予恢复。",
                f"{done.erased} persons erased since were left out.",
            )
        if not erased:
            say(
                "备份之后删除过的人又回来了：旧目录若还在，请用 --erased 重做，或再次 touchline person erase。",
                "Who was erased since the backup is back: restore again with --erased OLD, or erase them again.",
            )


def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="数据目录或 URL a data folder or a postgresql:// URL")
    ],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="空目录，或空库属主的 URL empty; a database as its owner")
    ],
    keys: KeysOption = "",
    data: NoDataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """原样复制台账与密钥到另一处（SQLite 目录与 PostgreSQL 之间均可），逐条核验。副本自成时间线；通知状态不复制，副本不会补发。
    Copy the stored bytes of record and keys between folders and PostgreSQL, verified. The copy is on a timeline of its own, and
    tells nobody what is history; the source goes on. To move, end the server first and serve the copy only.

    \b
    Example:
      touchline ledger copy data postgresql://touchline_owner@db/touchline
    """
    from touchline import moving

    _tell(moving.copy(source, target, _progress(as_json), keys), _shown(target), as_json)


def _shown(place: str) -> str:
    from touchline.moving import is_url

    if not is_url(place):
        return place
    from ledger.postgres_engine import shown

    return shown(place)


def _tell(done: Copied, place: str, as_json: bool) -> None:
    if as_json:
        show(
            {
                "place": _shown(place),
                "rows": done.rows,
                "keys": done.keys,
                "erased": done.erased,
                "ledger_id": done.timeline.ledger_id,
                "timeline": done.timeline.current,
                "heads": [str(head) for head in done.heads],
            }
        )
        return
    for head in done.heads:
        print(head)
    say(
        f"{_shown(place)}：{done.rows} 条、{done.keys} 把密钥，已核验。",
        f"{done.rows} rows, {done.keys} keys, verified.",
    )


def _progress(as_json: bool) -> Any:
    if as_json or not sys.stderr.isatty():
        return lambda *_: None

    def tell(what: str, done: int, whole: int) -> None:
        end = "\n" if whole and done >= whole else "\r"
        print(f"{what}: {done}/{whole}" if whole else f"{what}: {done}", end=end, file=sys.stderr, flush=True)

    return tell
