"""The options that many commands share, and how they print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Any

import typer

from touchline import secret_files
from touchline.exits import Exit, Refused

DataOption = Annotated[
    Path, typer.Option("--data", envvar="TOUCHLINE_DATA", help="数据目录 the data folder", show_default=True)
]
DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="TOUCHLINE_DATABASE",
        metavar="URL",
        help="代替数据目录 PostgreSQL instead of a data folder: postgresql://role@host/name",
        show_default=False,
        show_envvar=True,
        callback=secret_files.database,
    ),
]
DataGivenOption = Annotated[
    Path | None, typer.Option("--data", envvar="TOUCHLINE_DATA", help="数据目录 the data folder")
]
"""For a command that does without a folder where none is named."""
NoDataOption = Annotated[
    Path, typer.Option("--data", help="此命令不读数据 taken, and not read by this command")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="输出 JSON（列表为完整数组） print JSON, lists as whole arrays")
]
TenantOption = Annotated[
    str, typer.Option("--tenant", "-t", help="租户；只有一个时可省略 may be left out where there is one")
]
SourceOption = Annotated[
    str, typer.Option("--source", "-s", help="来源；只有一个时可省略 may be left out where there is one")
]
AsOfOption = Annotated[
    str, typer.Option("--as-of", metavar="T", help="截至当时已发生的 what had happened by then")
]
KnownAtOption = Annotated[
    str, typer.Option("--known-at", metavar="T", help="当时已知的 as it was known then")
]
MetricsHostOption = Annotated[
    str,
    typer.Option(
        "--metrics-host",
        help="指标监听的地址；本机以外须设 beyond loopback needs TOUCHLINE_BIND_BEYOND_LOOPBACK=yes",
    ),
]
DATA = Path("data")


def show(value: Any) -> None:
    """One JSON document, indented for people only where they read it."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(value, ensure_ascii=False, indent=indent))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns; where somebody watches, the headings are bold and the lines folded (``touchline.columns``)."""
    from touchline.columns import laid_out

    watched = sys.stdout.isatty()
    head, *body = laid_out((headings, *rows), get_terminal_size().columns if watched else 0)
    print("\n".join(f"\x1b[1m{line}\x1b[0m" for line in head) if watched else "\n".join(head))
    for found in body:
        print("\n".join(found))


def named(code: str) -> str:
    """A code as people read it in a table: its Chinese and English name; the code itself where it has none."""
    from schemas.words import label

    zh, en = label(code), label(code, "en")
    return zh if zh == en else f"{zh} {en}"


_line: Callable[[str, str, str], None] | None = None


def lines(line: Callable[[str, str, str], None] | None) -> None:
    """From now on remarks are lines of a log that machines read: ``line(level, zh, en)``; None: print them."""
    global _line
    _line = line


def say(zh: str, en: str = "") -> None:
    """A remark for people, on stderr, so that what a program reads stays clean."""
    if _line is not None:
        _line("info", zh, en)
    else:
        print(f"{zh} {en}".strip(), file=sys.stderr, flush=True)


def refuse(refused: Refused) -> None:
    """The last word of a command."""
    if _line is not None:
        _line("error", refused.zh, refused.en)
    else:
        print(refused, file=sys.stderr, flush=True)


def one_of(option: str, text: str, known: str) -> None:
    """``known``: the words that an option takes, as its help lists them. Raises Refused for any other."""
    if text not in known.split(", "):
        raise Refused(Exit.USAGE, f"{option} 只能是：{known}。", f"{option} is one of: {known}.")


def moments(as_of: str, known_at: str) -> dict[str, int | None]:
    """``--as-of`` and ``--known-at`` for the readers. Raises Refused for both, and as ``instant`` does."""
    if as_of and known_at:
        raise Refused(Exit.USAGE, "--as-of 与 --known-at 只能用一个。", "Use one of --as-of and --known-at.")
    return {"as_of": instant(as_of, "--as-of"), "known_at": instant(known_at, "--known-at")}


def instant(text: str, option: str) -> int | None:
    """``--as-of`` and ``--known-at``: RFC 3339 with an offset, or a date, which means the end of that day (Shanghai).
    "" gives None. Raises Refused."""
    from schemas.instants import end_of_day, parse_day, parse_instant

    if not text:
        return None
    try:
        return end_of_day(parse_day(text)) if len(text) == 10 else parse_instant(text)
    except ValueError as error:
        raise Refused(
            Exit.USAGE,
            f"{option} 不是可用的时间：请写带时区的时间（如 2026-11-20T09:00:00+08:00）或日期（如 2026-11-20，指当天结束）。",
            f"{option}: {error}; or a date (2026-11-20), meaning its end.",
        ) from None
