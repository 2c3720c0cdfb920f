"""The container files as data, and what they run as processes of this machine: each service's own command and environment, with
addresses replaced by those that there are here. There is no container engine on the machines that test."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import yaml
from typer.main import get_command

from tests.touchline.commands import DEADLINE, ROOT
from touchline.cli import application
from touchline.settings import Settings

SEVERAL = ROOT / "docker-compose.yml"
SINGLE = ROOT / "deploy/compose.single.yml"
SPECIFICATION = ROOT / "tests/data/compose_spec.json"
"""The Compose Specification's schema as docker-compose 1.29.2 had it (Apache License 2.0); it refuses keys that are none."""
IMAGE = r"(?:[a-z0-9]+/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*:v?\d+\.\d+[\w.-]*"
"""A version, and no host: whoever has a mirror of their own is not led past it."""
OF_PYTHON = {"PATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE"}


@cache
def compose(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))


def services(path: Path) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", compose(path)["services"])


def flaws(found: Any) -> list[str]:
    """Where it is not of the Compose Specification."""
    schema = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    schema["properties"]["name"] = {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9_-]*$",
    }  # younger than this copy
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in jsonschema_rs.validator_for(schema).iter_errors(found)
    ]


@cache
def dockerfile() -> tuple[tuple[str, str], ...]:
    """(INSTRUCTION, the rest) in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    parts = (line.partition(" ") for line in joined.splitlines() if line)
    return tuple((name, rest.strip()) for name, _, rest in parts)


def said(instruction: str) -> list[str]:
    return [rest for name, rest in dockerfile() if name == instruction]


def image_environment() -> dict[str, str]:
    return dict(word.split("=", 1) for rest in said("ENV") for word in shlex.split(rest))


def known_variables() -> set[str]:
    """What is really read: the settings, the options' own variables, and the files that stand for either."""

    def options(command: Any) -> Iterator[str]:
        for option in command.params:
            named = option.envvar
            yield from [named] if isinstance(named, str) else named or ()
        for below in getattr(command, "commands", {}).values():
            yield from options(below)

    settings = {f"TOUCHLINE_{name.upper()}" for name in Settings.model_fields}
    files = {"TOUCHLINE_DATABASE_FILE", "TOUCHLINE_KEYS_DATABASE_FILE"}
    return settings | files | {"TOUCHLINE_BIND_BEYOND_LOOPBACK"} | set(options(get_command(application())))


def calls(words: list[str]) -> Iterator[list[str]]:
    """The calls of ``touchline`` in a command, those of a shell's script too, without the program's name."""
    if words[0] == "touchline":
        yield words[1:]
    elif words[:2] == ["sh", "-ec"]:
        for line in words[2].splitlines():
            parts = [part for part in shlex.split(line) if "=" not in part]
            if parts and parts[0] == "touchline":
                yield parts[1:]


def parsed(words: list[str]) -> Any:
    """The parameters as the command line reads them; raises click's errors for what is none."""
    command: Any = get_command(application())
    while getattr(command, "commands", None):
        command, words = command.commands[words[0]], words[1:]
    return command.make_context("x", list(words)).params


class Container:
    """One service in folders of its own. ``replaced``: text -> text, in one pass, in words and in the environment's values.
    ``others``: the programs of an image that is not ours, by the name that they have in it."""

    def __init__(
        self,
        folder: Path,
        service: Mapping[str, Any],
        replaced: Mapping[str, str],
        ours: bool = True,
        others: Mapping[str, Path] | None = None,
    ) -> None:
        self.service = service
        self.words: list[str] = service.get("command", [])
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self.log = folder / "log"
        self._replaced = dict(replaced)
        tools = folder / "bin"
        tools.mkdir()
        for name, begins in (("python", ""), ("touchline", "-m touchline")) if ours else ():
            tool = tools / name
            tool.write_text(
                f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {begins} "$@"\n', "utf-8"
            )
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        for name, program in (others or {}).items():
            (tools / name).symlink_to(program)
        self.path = f"{tools}{os.pathsep}{os.defpath}"
        given = {**(image_environment() if ours else {}), **service.get("environment", {})}
        self.environment = {name: self.here(value) for name, value in given.items()} | {"PATH": self.path}
        self.process: subprocess.Popen[bytes] | None = None

    def here(self, text: str) -> str:
        return re.sub(
            "|".join(map(re.escape, self._replaced)) or "(?!)", lambda m: self._replaced[m[0]], text
        )

    def start(self) -> subprocess.Popen[bytes]:
        """The service's command; what it says stands in ``log``."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._words(self.words), cwd=self.root, env=self.environment, stdout=log, stderr=log
            )  # fmt: skip
        return self.process

    def run(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """As ``docker compose exec`` or ``run`` would."""
        return subprocess.run(
            self._words([*words]),
            cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, input=given, timeout=DEADLINE,
        )  # fmt: skip

    def alive(self) -> bool:
        """Fails with what it said where a process that was started has ended."""
        if self.process is not None:
            assert self.process.poll() is None, self.log.read_text("utf-8", "replace")
        return True

    def healthy(self) -> bool:
        """By the service's own check. Fails where the process has ended."""
        assert self.alive()
        kind, *words = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(*words).returncode == 0

    def stop(self) -> None:
        """SIGTERM, as ``docker compose stop`` sends it to all."""
        assert self.process is not None
        self.process.terminate()

    def ended(self) -> tuple[int, str]:
        """Within the grace that the service is given after ``stop``: (code, what it said)."""
        assert self.process is not None
        code = self.process.wait(int(self.service.get("stop_grace_period", "10s").rstrip("s")))
        return code, self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE)

    def _words(self, words: list[str]) -> list[str]:
        first, *rest = map(self.here, words)
        found = next(p for p in self.path.split(os.pathsep) if (Path(p) / first).exists())
        return [f"{found}/{first}", *rest]
