"""``touchline template``: an empty ledger in Chinese, which imports without a mapping."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, NoDataOption, say

LEDGERS = ("complaints", "repairs", "followups")


def add(app: typer.Typer) -> None:
    app.command("template")(template)


def template(
    ledger: Annotated[str, typer.Argument(metavar="|".join(LEDGERS), help="投诉、报修、回访 which ledger")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="写到文件；否则写到标准输出 else standard output"
        ),
    ] = "",
    data: NoDataOption = DATA,
) -> None:
    """空白台账（xlsx）：下拉选项、填写示例；填好后直接用 touchline import 导入。An empty ledger with drop-downs and examples;
    filled in, `touchline import` takes it as it is.

    \b
    Example:
      touchline template complaints > 投诉台账.xlsx
    """
    from producers.sheets.ledgers import ledger as known
    from producers.sheets.template import template as made

    write(made(known(one_of(ledger))), output)


def one_of(ledger: str) -> str:
    """Raises Refused for a ledger that is none."""
    if ledger not in LEDGERS:
        raise Refused(
            Exit.USAGE,
            f"没有台账 {ledger}：可选 {'、'.join(LEDGERS)}。",
            f"No ledger {ledger}: {', '.join(LEDGERS)}.",
        )
    return ledger


def write(content: bytes, output: str) -> None:
    """To the file, or to standard output where that is no terminal."""
    if output:
        try:
            Path(output).write_bytes(content)
        except OSError as error:
            raise Refused(
                Exit.UNAVAILABLE, f"写不了文件 {output}。", f"{output}: {error.strerror}."
            ) from None
        say(f"已写入 {output}。", f"Written to {output}.")
        return
    no_terminal()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def no_terminal() -> None:
    """Raises Refused where standard output is a terminal."""
    if sys.stdout.isatty():
        raise Refused(
            Exit.USAGE,
            "请用 -o 指明文件，或重定向标准输出。",
            "Name a file with -o, or redirect standard output.",
        )
