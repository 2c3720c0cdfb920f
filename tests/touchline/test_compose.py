"""The container files, as far as they go without a docker engine: their structure by hand, their commands really run."""

from __future__ import annotations

import os
import re
import shlex
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from typer.main import get_command

from ledger.folder import read_server
from tests.touchline.commands import DEADLINE, ROOT, until
from touchline.cli import application
from touchline.settings import Settings

PORT = "8311"
DURATION = r"(\d+(us|ms|s|m|h))+"
SIZE = r"\d+[bkmg]b?"
NAME = r"[a-zA-Z0-9._-]+"
IMAGE = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*:[\w.-]+"
"""No slash, and so no host."""
WORDS = [str]
SHAPE: dict[str, Any] = {
    "name": r"[a-z0-9][a-z0-9_-]*",
    "services": {
        "touchline": {
            "build": r"\.",
            "image": IMAGE,
            "network_mode": "host",
            "command": WORDS,
            "environment": {r"[A-Z_]+": str},
            "volumes": [rf"{NAME}:/[\w/]+(:ro)?"],
            "user": r"[1-9]\d*:[1-9]\d*",
            "read_only": bool,
            "tmpfs": [rf"/tmp:size={SIZE},mode=1777"],
            "cap_drop": ["ALL"],
            "security_opt": [r"no-new-privileges:true"],
            "restart": "unless-stopped",
            "stop_grace_period": DURATION,
            "deploy": {
                "resources": {"limits": {"cpus": r"\d+(\.\d+)?", "memory": SIZE, "pids": int}},
            },
            "logging": {"driver": "local|json-file"},
            "healthcheck": {
                "test": WORDS,
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": int,
            },
        }
    },
    "volumes": {NAME: {}},
}
"""The part of the Compose Specification that the file uses: a key is a pattern, a text the pattern of a text."""

OF_PYTHON = {"PATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE"}


def strays(value: Any, shape: Any, at: str = "") -> Iterator[str]:
    """Where ``value`` is not of that shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{at}: not a mapping"
            return
        for key, inner in value.items():
            fits = [inside for pattern, inside in shape.items() if re.fullmatch(pattern, str(key))]
            if fits:
                yield from strays(inner, fits[0], f"{at}/{key}")
            else:
                yield f"{at}/{key}: no such key"
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f"{at}: not a list"
            return
        for number, inner in enumerate(value):
            yield from strays(inner, shape[0], f"{at}/{number}")
    elif isinstance(shape, str):
        if not isinstance(value, str) or not re.fullmatch(shape, value):
            yield f"{at}: {value!r}"
    elif type(value) is not shape:
        yield f"{at}: {value!r} is no {shape.__name__}"


@cache
def compose() -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


def service() -> dict[str, Any]:
    return cast("dict[str, Any]", compose()["services"]["touchline"])


@cache
def dockerfile() -> tuple[tuple[str, str], ...]:
    """(INSTRUCTION, the rest) in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    parts = (line.partition(" ") for line in joined.splitlines() if line)
    return tuple((name, rest.strip()) for name, _, rest in parts)


def said(instruction: str) -> list[str]:
    return [rest for name, rest in dockerfile() if name == instruction]


def words_of(rest: str) -> list[str]:
    """The exec form at the end of CMD or HEALTHCHECK: a JSON array, which is YAML too."""
    found = yaml.safe_load(rest[rest.index("[") :])
    assert isinstance(found, list)
    return [str(word) for word in found]


def image_environment() -> dict[str, str]:
    return dict(word.split("=", 1) for rest in said("ENV") for word in shlex.split(rest))


def build_admits(path: str) -> bool:
    """What .dockerignore lets through: the last pattern that names the path or a folder above it decides."""
    parts = path.split("/")
    paths = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    admitted = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        deep = pattern.startswith("**/")
        one = re.compile(translate(pattern.removeprefix("**/")))
        if any(one.match(p.rsplit("/", 1)[-1] if deep else p) for p in paths):
            admitted = line.startswith("!")
    return admitted


def known_variables() -> set[str]:
    """What is really read: the settings, and the options' own variables."""

    def options(command: Any) -> Iterator[str]:
        for option in command.params:
            named = option.envvar
            yield from [named] if isinstance(named, str) else named or ()
        for below in getattr(command, "commands", {}).values():
            yield from options(below)

    settings = {f"TOUCHLINE_{name.upper()}" for name in Settings.model_fields}
    return settings | set(options(get_command(application())))


def test_the_compose_file_has_the_structure_of_the_specification() -> None:
    assert list(strays(compose(), SHAPE)) == []


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"services": {"touchline": {"comand": ["touchline"]}}}, "/services/touchline/comand"),
        ({"services": {"touchline": {"command": "touchline up"}}}, "/services/touchline/command"),
        ({"services": {"touchline": {"user": "0:0"}}}, "/services/touchline/user"),
        ({"services": {"touchline": {"image": "example.org/touchline:1"}}}, "/services/touchline/image"),
        ({"services": {"touchline": {"healthcheck": {"interval": 15}}}}, "/services/touchline/healthcheck"),
        ({"services": {"kafka": {}}}, "/services/kafka"),
    ],
)
def test_the_check_of_the_structure_finds_what_is_wrong(broken: Any, where: str) -> None:
    assert [found for found in strays(broken, SHAPE) if found.startswith(where)]


def test_compose_replaces_nothing_and_so_needs_no_dollar() -> None:
    assert "$" not in yaml.safe_dump(compose())


def test_the_service_is_as_closed_as_it_can_be() -> None:
    up = service()
    assert up["read_only"] is True
    assert up["cap_drop"] == ["ALL"]
    assert {"ports", "privileged", "env_file", "secrets"}.isdisjoint(up)
    assert said("USER") == [up["user"]]


def test_every_variable_is_read_by_something_and_none_is_a_secret() -> None:
    named = {*service()["environment"], *image_environment()} - OF_PYTHON
    assert named == {"TOUCHLINE_DATA", "TOUCHLINE_LOG_FORMAT"}
    assert named <= known_variables()


def test_the_command_is_one_of_ours_with_options_it_has() -> None:
    program, name, *rest = service()["command"]
    assert program == "touchline"
    command: Any = get_command(application())
    context = command.commands[name].make_context(name, list(rest))
    assert (context.params["host"], str(context.params["port"])) == ("127.0.0.1", PORT)


def test_image_and_service_agree() -> None:
    (command,), (health,) = said("CMD"), said("HEALTHCHECK")
    checked = service()["healthcheck"]
    assert words_of(command) == service()["command"]
    assert ["CMD", *words_of(health)] == checked["test"]
    flags = dict(re.findall(r"--([a-z-]+)=(\w+)", health.partition("CMD")[0]))
    assert {name.replace("-", "_"): value for name, value in flags.items()} == {
        name: str(value) for name, value in checked.items() if name != "test"
    }


def test_the_data_are_on_the_volume() -> None:
    (mount,) = service()["volumes"]
    name, target = mount.split(":")
    assert name in compose()["volumes"]
    assert [target] == words_of(said("VOLUME")[0])
    assert service()["environment"]["TOUCHLINE_DATA"] == image_environment()["TOUCHLINE_DATA"] == target
    user, group = service()["user"].split(":")
    (makes,) = said("RUN")[-1:]
    assert f"install -d -m 0700 -o {user} -g {group} {target}" in makes
    assert f"--uid {user} --gid {group}" in makes


def test_both_stages_are_the_python_of_pyproject_and_plain_images() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=")
    images = [rest.split()[0] for rest in said("FROM")]
    assert images == [f"python:{least}-slim-bookworm"] * 2
    assert all(re.fullmatch(IMAGE, image) for image in images)
    assert service()["image"] == f"touchline:{project['version']}"


def test_the_installs_name_files_that_exist_and_take_nothing_without_a_hash() -> None:
    installs = [shlex.split(rest) for rest in said("RUN") if " pip " in rest]
    locked, own = installs
    assert (ROOT / locked[locked.index("-r") + 1]).is_file()
    assert {"--no-deps", "--require-hashes"} <= {*locked}
    assert own[-1] == "."
    assert {"--no-deps", "--no-build-isolation"} <= {*own}
    for rest in said("COPY"):
        if not rest.startswith("--from="):
            source = rest.split()[0]
            assert (ROOT / source).exists()
            assert source == "." or build_admits(source)


def test_all_of_the_packages_reach_the_build_and_nothing_private_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = [name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    files = [
        p.relative_to(ROOT).as_posix()
        for name in packages
        for p in (ROOT / name).rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    ]
    assert len(files) > 100
    assert [path for path in files if not build_admits(path)] == []
    assert all(map(build_admits, ("pyproject.toml", project["project"]["readme"], "requirements/image.lock")))
    for path in (
        ".git/config", ".venv/bin/python", ".env", "my.env", "data/touchline.db", "data/touchline.env", "mine/keys.db",
        "key.txt", "web/touchline.env", "web/keys.db-wal", "web/session.key", "touchline/__pycache__/cli.pyc",
        "requirements/run.lock", "requirements/test.lock", "tests/conftest.py",
    ):  # fmt: skip
        assert not build_admits(path), path


class Container:
    """The service's own command and environment; only PATH, the port and the volume's place are other ones."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        self.data = folder / "volume"
        self.data.mkdir(mode=0o700)
        self.root = folder / "root"
        self.root.mkdir()
        tools = folder / "bin"
        tools.mkdir()
        for name, begins in (("python", ""), ("touchline", "-m touchline")):
            tool = tools / name
            tool.write_text(
                f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {begins} "$@"\n', "utf-8"
            )
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        self.path = f"{tools}{os.pathsep}{os.defpath}"
        self.environment = {
            **image_environment(),
            **service()["environment"],
            "TOUCHLINE_DATA": str(self.data),
            "PATH": self.path,
        }

    def start(self, words: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._here(words),
            cwd=self.root, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """As ``docker compose exec`` would."""
        return subprocess.run(
            self._here([*words]),
            cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, input=given, timeout=DEADLINE,
        )  # fmt: skip

    def healthy(self) -> bool:
        kind, *words = service()["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(*words).returncode == 0

    def _here(self, words: list[str]) -> list[str]:
        here = [word.replace(PORT, self.port) for word in words]
        found = next(p for p in self.path.split(os.pathsep) if (Path(p) / here[0]).exists())
        return [f"{found}/{here[0]}", *here[1:]]


@contextmanager
def up(container: Container) -> Iterator[subprocess.Popen[str]]:
    process = container.start(service()["command"])
    try:
        until(
            lambda: process.poll() is not None or read_server(container.data) is not None, "the server is up"
        )
        assert process.poll() is None, process.communicate()[1]
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_service_runs_is_healthy_and_ends_within_its_grace(tmp_path: Path) -> None:
    container = Container(tmp_path)
    assert not container.healthy()
    with up(container) as process:
        found = read_server(container.data)
        assert found is not None
        assert (found.pid, found.url) == (process.pid, f"http://127.0.0.1:{container.port}")
        until(container.healthy, "the healthcheck succeeds")
        added = container.run("touchline", "tenant", "add", "yunhe")
        assert added.returncode == 0, added.stderr
        process.terminate()
        _, err = process.communicate(timeout=int(service()["stop_grace_period"].rstrip("s")))
    assert (process.returncode, "已停止" in err) == (0, True)
    assert not container.healthy()
    assert container.run("touchline", "verify").returncode == 0
    assert list(container.root.iterdir()) == []


def test_killed_it_starts_again_on_the_same_volume(tmp_path: Path) -> None:
    container = Container(tmp_path)
    with up(container) as process:
        assert container.run("touchline", "tenant", "add", "yunhe").returncode == 0
        process.kill()
        process.wait()
    (container.data / "server.json").unlink()  # only so that ``up`` waits for the new announcement
    with up(container):
        until(container.healthy, "the healthcheck succeeds")
        assert container.run("touchline", "tenant", "add", "yunhe").returncode != 0


def test_the_line_for_secrets_writes_a_private_file_that_the_settings_read(tmp_path: Path) -> None:
    container = Container(tmp_path)
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    (line,) = re.findall(r"exec -T touchline (sh -c '.+?') <", text)
    assert (
        container.run(*shlex.split(line), given="TOUCHLINE_WEBHOOK_SECRET=whsec_dGVzdA==\n").returncode == 0
    )
    written = container.data / "touchline.env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert Settings.of(container.data).webhook_secret.get_secret_value() == "whsec_dGVzdA=="


def test_a_host_beyond_loopback_is_still_refused(tmp_path: Path) -> None:
    container = Container(tmp_path)
    words = [word.replace("127.0.0.1", "0.0.0.0") for word in service()["command"]]
    assert container.run(*words).returncode == 2
