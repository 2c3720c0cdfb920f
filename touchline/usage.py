"""A command line that is none (用法有误): what Typer says of it, in Chinese first."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

from typer.exceptions import TyperException

from touchline.exits import Exit, Refused
from touchline.options import refuse

HELP: Final = "Usage: "
"""How the help begins, which is all there is to say where no command was named."""
_KNOWN: Final = tuple(
    (re.compile(form, re.DOTALL), zh)
    for form, zh in (
        (r"No such command '(.+?)'\. Did you mean '(.+)'\?", "没有命令 {}，是否指 {}"),
        (r"No such command '(.+)'\.", "没有命令 {}"),
        (r"Missing argument '(.+)'\.", "缺少参数 {}"),
        (r"Missing option '(.+)'\.", "缺少选项 {}"),
        (r"No such option: (\S+) \(Possible options: (.+)\)", "没有选项 {}，是否指 {}"),
        (r"No such option: (\S+)", "没有选项 {}"),
        (r"Option '(.+)' requires an argument\.", "选项 {} 后面要有值"),
        (r"Option '(.+)' does not take a value\.", "选项 {} 不带值"),
        (r"Got unexpected extra argument\(s\) \((.*)\)", "多出的参数：{}"),
        (r"Invalid value for '(.+?)': .*valid integer.*", "{} 须为整数"),
        (r"Invalid value for '(.+?)': .*valid number.*", "{} 须为数"),
        (r"Invalid value for '(.+?)': .*less than or equal to (\S+)", "{} 不得大于 {}"),
        (r"Invalid value for '(.+?)': .*greater than or equal to (\S+)", "{} 不得小于 {}"),
        (r"Invalid value for '(.+?)': .*is not one of (.+)\.", "{} 只能是：{}"),
        (r"Invalid value for '(.+?)': .*", "{} 的值不可用"),
    )
)
"""What Typer says in full, and the same in Chinese; the first that fits."""


def tell(error: TyperException, words: Sequence[str]) -> None:
    """On stderr; ``words`` are the command line."""
    said = error.format_message()
    if said.startswith(HELP):
        print(said, file=sys.stderr)
    else:
        refuse(_mistaken(said, error, words))


def _mistaken(said: str, error: TyperException, words: Sequence[str]) -> Refused:
    """What is wrong, how the command is used and where its help is."""
    fits = ((form.fullmatch(said), zh) for form, zh in _KNOWN)
    told = next((zh.format(*map(_plain, found.groups())) for found, zh in fits if found), "命令行无法识别")
    zh, en = f"用法有误：{told}。", said if said[-1] in ".?" else f"{said}."
    if (context := getattr(error, "ctx", None)) is not None:
        usage = " ".join(context.get_usage().removeprefix(HELP).split())
        zh, en = f"{zh}用法：{usage}。", f"{en} Usage: {usage}."
        path = context.command_path
    else:
        path = f"touchline {words[0]}"
    return Refused(Exit.USAGE, f"{zh}说明：{path} --help", f"{en} Help: {path} --help")


def _plain(names: str) -> str:
    """Without the quotes between several."""
    return names.replace("', '", "、").replace("' / '", " / ").replace("' or '", "、").strip("'")
