"""From a bare checkout: what is made, what is told where the machine lacks something, and what a cut install leaves."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.touchline.commands import ROOT
from touchline import bootstrap
from touchline.bootstrap import Cannot
from touchline.exits import Exit


class Pip:
    """Stands in for the installer: counts, and fails from a given call on."""

    def __init__(self, works: int = 99) -> None:
        self.calls: list[list[str]] = []
        self.works = works

    def __call__(self, command: Sequence[str], **_: object) -> int:
        self.calls.append(list(command))
        return 0 if len(self.calls) <= self.works else 1


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    for kind in ("run", "test"):
        (tmp_path / "requirements" / f"{kind}.lock").write_text(kind, encoding="utf-8")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "works", lambda: (tmp_path / ".venv" / "good").exists())

    def make() -> None:
        (tmp_path / ".venv").mkdir(exist_ok=True)
        (tmp_path / ".venv" / "good").touch()

    monkeypatch.setattr(bootstrap, "make_venv", make)
    return tmp_path


def pip(monkeypatch: pytest.MonkeyPatch, works: int = 99) -> Pip:
    made = Pip(works)
    monkeypatch.setattr("subprocess.call", made)
    return made


def test_installs_by_hash_without_build_isolation_once(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = pip(monkeypatch)
    bootstrap.prepare("run")
    bootstrap.prepare("run")
    assert len(done.calls) == 2
    assert {"--require-hashes", "--no-deps"} <= {*done.calls[0]}
    assert {"--no-build-isolation", "--no-deps", "--editable"} <= {*done.calls[1]}


def test_what_tests_need_holds_what_running_needs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = pip(monkeypatch)
    bootstrap.prepare("test")
    bootstrap.prepare("run")
    assert len(done.calls) == 2


def test_an_install_that_was_cut_is_done_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip(monkeypatch, works=1)
    with pytest.raises(Cannot):
        bootstrap.prepare("run")
    done = pip(monkeypatch)
    bootstrap.prepare("run")
    assert len(done.calls) == 2


def test_a_new_lock_is_installed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = pip(monkeypatch)
    bootstrap.prepare("run")
    (checkout / "requirements" / "run.lock").write_text("other", encoding="utf-8")
    bootstrap.prepare("run")
    assert len(done.calls) == 4


def test_a_venv_that_is_broken_is_made_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = pip(monkeypatch)
    bootstrap.prepare("run")
    (checkout / ".venv" / "good").unlink()
    bootstrap.prepare("run")
    assert len(done.calls) == 4


def test_no_ensurepip_is_one_sentence_in_each_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "works", lambda: False)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert bootstrap.main(["demo"]) == Exit.UNAVAILABLE
    said = capsys.readouterr().err.strip().splitlines()[-2:]
    assert "python3-venv" in said[0]
    assert "python3-venv" in said[1]


def test_any_python_can_read_run_py_and_an_old_one_is_told() -> None:
    source = (ROOT / "run.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 4))
    script = "import sys; sys.version_info = (3, 8, 1); exec(open('run.py', encoding='utf-8').read())"
    told = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == Exit.UNAVAILABLE
    assert "3.11" in told.stderr
    assert len(told.stderr.splitlines()) == 2


def test_bootstrap_needs_nothing_installed() -> None:
    script = "import sys; sys.path.insert(0, '.'); import touchline.bootstrap"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], cwd=ROOT, check=True)


APT = """#!/bin/sh
echo "$DEBIAN_FRONTEND $*" >> "{log}"
case "$*" in *install*) : > "{made}";; esac
"""


def test_what_the_tests_need_of_the_machine_is_installed_once_as_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log, made, apt = tmp_path / "log", tmp_path / "made", tmp_path / "apt-get"
    apt.write_text(APT.format(log=log, made=made), encoding="utf-8")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    bootstrap.supplied("database", made.exists, "postgresql")
    assert not log.exists()
    assert "apt-get install postgresql" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for _ in range(2):
        bootstrap.supplied("database", made.exists, "postgresql")
    assert log.read_text(encoding="utf-8").splitlines() == [
        "noninteractive update -qq",
        "noninteractive install -qq -y --no-install-recommends postgresql",
    ]
    assert capsys.readouterr().err == ""


def test_the_whole_suite_asks_for_browser_and_database_and_a_part_for_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(bootstrap, "supplied", lambda *what: asked.append(what))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    ran = pip(monkeypatch)
    assert bootstrap.test(["tests/ledger"]) == 0
    assert asked == []
    assert bootstrap.test([]) == 0
    assert asked == [
        ("browser", bootstrap.has_browser, "chromium", "fonts-noto-cjk", "fontconfig"),
        ("database", bootstrap.has_database, "postgresql"),
        ("kafka", bootstrap.has_kafka, "openjdk-17-jre-headless", "maven"),
        ("prometheus", bootstrap.has_prometheus),
    ]
    assert ran.calls[1][-4:] == ["-n", "3", "--dist", "worksteal"]


def test_our_modules_are_compiled_also_where_python_itself_may_not(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip(monkeypatch)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (checkout / "ledger" / "copying").mkdir(parents=True)
    for module in ("ledger/lanes.py", "ledger/copying/plan.py"):
        (checkout / module).write_text("PLACE = 1\n", encoding="utf-8")
    bootstrap.prepare("run")
    assert len(list(checkout.rglob("*.pyc"))) == 2
    for kept in checkout.rglob("*.pyc"):
        kept.unlink()
    bootstrap.prepare("run")
    assert len(list(checkout.rglob("*.pyc"))) == 2, (
        "also where nothing is installed any more: after a git pull"
    )


def test_every_package_is_compiled() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = told["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {room + "*" for room in bootstrap.ROOMS} == set(named)
