"""A command line that is none is told in Chinese first, in English beside, with where to read on; never in English alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.touchline.commands import ROOT, Shell
from touchline.cli import main
from touchline.exits import Exit

LINES = [
    ("nosuch", "没有命令 nosuch", "No such command 'nosuch'."),
    ("imprt", "没有命令 imprt，是否指 import", "Did you mean 'import'?"),
    ("case shw", "没有命令 shw，是否指 show", "Did you mean 'show'?"),
    ("import", "缺少参数 FILE", "Missing argument 'FILE'."),
    ("inbox add", "缺少选项 --source / -s", "Missing option '--source' / '-s'."),
    ("promises --nope", "没有选项 --nope", "No such option: --nope."),
    ("import x --dry-ru", "没有选项 --dry-ru，是否指 --dry-run", "(Possible options: --dry-run)."),
    ("promises --state", "选项 --state 后面要有值", "Option '--state' requires an argument."),
    ("promises --json=1", "选项 --json 不带值", "Option '--json' does not take a value."),
    ("tenant add a b", "多出的参数：b", "Got unexpected extra argument(s) (b)."),
    ("up --port abc", "--port 须为整数", "Input should be a valid integer"),
    ("worker --session x", "--session 须为数", "Input should be a valid number"),
    ("up --port 99999999", "--port 不得大于 65535", "less than or equal to 65535."),
    ("verify --from 0", "--from 不得小于 1", "greater than or equal to 1."),
    ("feed use x", "name 只能是：embedded、kafka", "is not one of 'embedded', 'kafka'."),
]


@pytest.mark.parametrize(("line", "zh", "en"), LINES, ids=[line for line, *_ in LINES])
def test_what_is_wrong_is_said_in_both_languages(
    line: str, zh: str, en: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (Exit.USAGE, "")
    chinese, english = said.err.strip().splitlines()
    assert chinese.startswith(f"用法有误：{zh}。"), said.err
    assert en in english
    where = "touchline" if line in ("nosuch", "imprt") else f"touchline {line.split()[0]}"
    assert (where in chinese, where in english) == (True, True), "where more is said"


@pytest.mark.parametrize("line", ["", "case"])
def test_no_command_at_all_is_answered_with_the_help(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (Exit.USAGE, "")
    assert said.err.startswith("Usage: touchline")
    assert "用法有误" not in said.err


def test_how_a_command_ends_is_not_changed(shell: Shell) -> None:
    assert shell("tenant", "add", "acme").code == Exit.DONE
    assert shell("case", "show", "nothing").code == Exit.UNKNOWN
    assert shell.bare("--help").code == shell.bare("import", "--help").code == Exit.DONE


def test_who_makes_no_mistake_does_not_load_the_words_for_it() -> None:
    code = "import sys\nfrom touchline.cli import main\ntry:\n    main(['events', 'list'])\nexcept SystemExit: pass\n"
    code += "assert 'touchline.usage' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
