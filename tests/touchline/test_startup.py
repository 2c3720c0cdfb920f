"""Every command starts in under half a second, because it imports no more than it needs. What it may not import is said
here, command by command; `python -m benchmarks.startup` measures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from benchmarks.startup_commands import COMMANDS as TIMED
from tests.touchline.commands import ROOT, Shell
from touchline.cli import COMMANDS, application

ENTRY = """
import atexit, sys
from touchline.__main__ import main
told = sys.argv.pop()
atexit.register(lambda: print("\\n".join(sys.modules), file=open(told, "w")))
main()
"""
"""The process as it really begins; what it had imported at its end is written to the file named last."""

SERVER = (
    "fastapi",
    "starlette",
    "uvicorn",
    "httpx",
    "apprise",
    "jinja2",
    "structlog",
    "prometheus_client",
    "alerts",
    "web",
)
ELSEWHERE = (
    "pydantic_settings",
    "rich",
    "openpyxl",
    "alembic",
    "psycopg",
    "sqlalchemy.dialects.postgresql",
    "http.client",
)
FILES = ("yaml", "chinese_calendar", "schemas.policy_files")
MODELS = ("schemas.parse", "schemas.model", "schemas.touchpoints.complaints")
ENGINE = ("processors.engine", "processors.fold", "projections.rebuild")
POLICIES = ("schemas.policy", "processors.rules.book", "processors.rules.promises.rule")
DATABASE = ("sqlalchemy", "cryptography", "ledger.database")
READING = ("projections.reading", "projections.promises", "projections.cases")

NEVER = (*SERVER, *ELSEWHERE)
READS = (*NEVER, *FILES, *MODELS, *ENGINE)
LISTS = (*READS, *POLICIES)


def loaded(found: set[str], unwanted: Iterable[str]) -> list[str]:
    return sorted(set(unwanted) & found)


def test_no_command_imports_what_it_does_not_need(acme: Shell, events: Path, tmp_path: Path) -> None:
    event = acme("append", str(events), "--json").json[0]["event_id"]
    promise = acme("promises", "--json").json[0]
    case, ident = promise["case_id"], promise["id"]
    read = ("--data", str(acme.folder))
    unwanted: dict[tuple[str, ...], tuple[str, ...]] = {
        ("events", "example", "complaint.received"): (*NEVER, *FILES, *MODELS, *ENGINE, *POLICIES, *DATABASE),
        ("policy", "check", "policies"): (*NEVER, *ENGINE, *DATABASE, "processors"),
        ("tail", *read): (*LISTS, "processors", "projections"),
        ("verify", *read): (*LISTS, "processors", "projections"),
        ("backup", str(tmp_path / "kept.tar"), *read): tuple(name for name in READS if name != "alerts"),
        ("promises", *read): LISTS,
        ("today", "--when", "all", *read): LISTS,
        ("dead", "list", *read): (*LISTS, "processors", "projections"),
        ("person", "find", "--event", event, *read): (*LISTS, "processors", "projections"),
        ("inbox", "list", *read): (*LISTS, "processors", "projections"),
        ("report", "late-entries", *read): LISTS,
        ("satisfaction", *read): LISTS,
        ("defects", "--cases", *read): LISTS,
        ("parked", "list", *read): LISTS,
        ("source", "list", *read): LISTS,
        ("case", "show", case, *read): READS,
        ("explain", ident, *read): READS,
        ("policy", "explain", "complaint.forward", *read): READS,
        ("recheck", *read): (*NEVER, *FILES, *MODELS, "projections.rebuild"),
        ("key", "create", "--source", "x", *read): (
            *NEVER,
            *FILES,
            *READING,
            "schemas.touchpoints.complaints",
            "projections.rebuild",
        ),
        ("append", str(events), "--source", "call-centre", *read): (
            *NEVER,
            *FILES,
            *READING,
            "projections.rebuild",
        ),
        ("rebuild", *read): (*NEVER, *FILES, *READING, "schemas.touchpoints.complaints"),
        ("tenant", "add", "again", *read): (*NEVER, *READING, "schemas.touchpoints.complaints"),
        ("tenant", "add", "first", "--data", str(tmp_path / "new")): (
            *NEVER,
            *READING,
            "schemas.touchpoints.complaints",
        ),
    }
    told = tmp_path / "modules"
    wrong: dict[str, list[str]] = {}
    for words, names in unwanted.items():
        done = subprocess.run(
            [sys.executable, "-c", ENTRY, *words, str(told)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = set(told.read_text().splitlines())
        assert "touchline.cli" in found
        if too_much := loaded(found, names):
            wrong[" ".join(words[:3])] = too_much
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("word", COMMANDS)
def test_a_first_word_brings_its_own_commands_and_no_others(word: str) -> None:
    whole = get_command(application())
    alone = get_command(application(word))
    assert word in alone.commands  # type: ignore[attr-defined]
    module = {name for name, owner in COMMANDS.items() if owner == COMMANDS[word]}
    assert set(alone.commands) == module  # type: ignore[attr-defined]
    assert set(whole.commands) == set(COMMANDS)  # type: ignore[attr-defined]


def _commands(of: object, words: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(of, TyperGroup) and not of.invoke_without_command:
        for name, one in of.commands.items():
            yield from _commands(one, (*words, name))
        return
    yield " ".join(words)
    if isinstance(of, TyperGroup):
        for name, one in of.commands.items():
            yield from _commands(one, (*words, name))


def test_every_command_is_timed() -> None:
    timed = [label.partition(" (")[0] for label in TIMED if label]
    assert set(timed) == set(_commands(get_command(application())))
