"""Every command tells how it is used, by an example; none loads what it does not need."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from projections.tables import fold_version
from tests.touchline.commands import ROOT
from touchline.cli import application, main
from touchline.exits import Exit
from touchline.rules import owners, rules

HEAVY = (
    "fastapi", "uvicorn", "sqlalchemy", "pydantic", "pydantic_settings", "cryptography", "apprise", "httpx", "jinja2",
    "yaml", "rich.progress", "structlog", "prometheus_client", "chinese_calendar",
)  # fmt: skip


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if not below:
        yield path
        return
    for name, inner in below.items():
        yield from leaves(inner, (*path, name))


COMMANDS = sorted(leaves(get_command(application())))
READS_NOTHING = "此命令不读数据"
WITHOUT = {("demo",)}
ASKED = {
    "up", "demo", "append", "tail", "promises", "verify", "rebuild", "recheck", "explain", "tenant add", "key create",
    "case show", "policy check", "events list", "events example", "clock accept", "person find", "person export",
    "person erase", "parked list", "parked show", "parked resume",
    "dead list", "dead show", "dead replay", "dead discard", "inbox add", "inbox list", "inbox remove", "report late-entries",
    "satisfaction", "defects",
    "calendar publish", "calendar show", "source declare", "source list",
}  # fmt: skip


def test_every_command_that_was_asked_for_is_there() -> None:
    assert {" ".join(path) for path in COMMANDS} >= ASKED


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_and_says_where_the_data_are(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*path, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"Example:\n    touchline {' '.join(path)}" in said.replace(
        "      touchline", "    touchline"
    ) or ("Example:" in said and f"touchline {' '.join(path)}" in said)
    assert "--data" in said
    assert "--database" in said or READS_NOTHING in said or path in WITHOUT, "docs/postgresql.md names those"


def test_the_exit_codes_stand_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for code in Exit:
        assert f"{code.value} " in said.split("Exit codes:")[1]


def test_the_command_line_loads_nothing_heavy() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, touchline.cli; print([m for m in {HEAVY!r} if m in sys.modules])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def test_who_only_reads_the_tables_knows_the_same_rules() -> None:
    assert fold_version(owners()) == fold_version(rules())
