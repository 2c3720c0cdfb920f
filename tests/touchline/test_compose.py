"""The image, and the compose file of one process, as far as they go without a docker engine: structure, and commands
really run."""

from __future__ import annotations

import re
import shlex
import socket
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import translate
from pathlib import Path
from typing import Any

import pytest
import yaml

from ledger.folder import read_server
from tests.kit.containers import (
    IMAGE,
    OF_PYTHON,
    SINGLE,
    Container,
    compose,
    flaws,
    image_environment,
    known_variables,
    parsed,
    said,
    services,
)
from tests.touchline.commands import ROOT, until
from touchline.settings import Settings

PORT = "8311"


def service() -> dict[str, Any]:
    return services(SINGLE)["touchline"]


def words_of(rest: str) -> list[str]:
    """The exec form at the end of CMD or HEALTHCHECK: a JSON array, which is YAML too."""
    found = yaml.safe_load(rest[rest.index("[") :])
    assert isinstance(found, list)
    return [str(word) for word in found]


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


def test_the_compose_file_is_of_the_specification() -> None:
    assert flaws(compose(SINGLE)) == []


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"services": {"touchline": {"comand": ["touchline"]}}}, "services/touchline: "),
        ({"services": {"touchline": {"command": 1}}}, "services/touchline/command: "),
        (
            {"services": {"touchline": {"healthcheck": {"interval": 15}}}},
            "services/touchline/healthcheck/interval: ",
        ),
        (
            {"services": {"touchline": {"depends_on": {"x": {"condition": "well"}}}}},
            "services/touchline/depends_on: ",
        ),
        ({"service": {}}, ": "),
    ],
)
def test_the_check_of_the_structure_finds_what_is_wrong(broken: Any, where: str) -> None:
    assert [found for found in flaws(broken) if found.startswith(where)]


def test_compose_replaces_nothing_and_so_needs_no_dollar() -> None:
    assert "$" not in yaml.safe_dump(compose(SINGLE))


def test_the_service_is_as_closed_as_it_can_be() -> None:
    up = service()
    assert up["read_only"] is True
    assert up["cap_drop"] == ["ALL"]
    assert up["security_opt"] == ["no-new-privileges:true"]
    assert {"ports", "privileged", "env_file", "secrets"}.isdisjoint(up)
    assert said("USER") == [up["user"]]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", up["user"])
    assert up["network_mode"] == "host"
    assert up["restart"] == "unless-stopped"
    assert {*up["deploy"]["resources"]["limits"]} == {"cpus", "memory"}
    assert up["pids_limit"] > 0


def test_every_variable_is_read_by_something_and_none_is_a_secret() -> None:
    named = {*service()["environment"], *image_environment()} - OF_PYTHON
    assert named == {"TOUCHLINE_DATA", "TOUCHLINE_LOG_FORMAT"}
    assert named <= known_variables()


def test_the_command_is_one_of_ours_with_options_it_has() -> None:
    program, *words = service()["command"]
    assert program == "touchline"
    params = parsed(words)
    assert (params["host"], str(params["port"])) == ("127.0.0.1", PORT)


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
    assert name in compose(SINGLE)["volumes"]
    assert service()["environment"]["TOUCHLINE_DATA"] == image_environment()["TOUCHLINE_DATA"] == target
    user, group = service()["user"].split(":")
    (makes,) = said("RUN")[-1:]
    assert f"install -d -m 0700 -o {user} -g {group} {target}" in makes
    assert f"--uid {user} --gid {group}" in makes


def test_both_stages_are_the_python_of_pyproject_and_plain_images() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=")
    assert (SINGLE.parent / service()["build"]).resolve() == ROOT
    images = [rest.split()[0] for rest in said("FROM")]
    assert images == [f"python:{least}-slim-bookworm"] * 2
    assert all(re.fullmatch(IMAGE, image) and "/" not in image for image in images)
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


class Single(Container):
    """The service's own command and environment; only PATH, the port and the volume's place are other ones."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        self.data = folder / "volume"
        self.data.mkdir(mode=0o700)
        super().__init__(folder / "container", service(), {PORT: self.port, "/data": str(self.data)})


@contextmanager
def up(container: Single) -> Iterator[None]:
    process = container.start()
    try:
        until(
            lambda: process.poll() is not None or read_server(container.data) is not None, "the server is up"
        )
        assert process.poll() is None, container.log.read_text("utf-8")
        yield
    finally:
        container.kill()


def test_the_service_runs_is_healthy_and_ends_within_its_grace(tmp_path: Path) -> None:
    container = Single(tmp_path)
    assert not container.healthy()
    with up(container):
        assert container.process is not None
        found = read_server(container.data)
        assert found is not None
        assert (found.pid, found.url) == (container.process.pid, f"http://127.0.0.1:{container.port}")
        until(container.healthy, "the healthcheck succeeds")
        added = container.run("touchline", "tenant", "add", "yunhe")
        assert added.returncode == 0, added.stderr
        container.stop()
        code, told = container.ended()
    assert (code, "已停止" in told) == (0, True)
    container.process = None
    assert not container.healthy()
    assert container.run("touchline", "verify").returncode == 0
    assert list(container.root.iterdir()) == []


def test_killed_it_starts_again_on_the_same_volume(tmp_path: Path) -> None:
    container = Single(tmp_path)
    with up(container):
        assert container.run("touchline", "tenant", "add", "yunhe").returncode == 0
        container.kill()
    (container.data / "server.json").unlink()  # only so that ``up`` waits for the new announcement
    with up(container):
        until(container.healthy, "the healthcheck succeeds")
        assert container.run("touchline", "tenant", "add", "yunhe").returncode != 0


def test_the_line_for_secrets_writes_a_private_file_that_the_settings_read(tmp_path: Path) -> None:
    container = Single(tmp_path)
    text = SINGLE.read_text(encoding="utf-8")
    (line,) = re.findall(r"exec -T touchline (sh -c '.+?') <", text)
    assert (
        container.run(*shlex.split(line), given="TOUCHLINE_WEBHOOK_SECRET=whsec_dGVzdA==\n").returncode == 0
    )
    written = container.data / "touchline.env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert Settings.of(container.data).webhook_secret.get_secret_value() == "whsec_dGVzdA=="


def test_a_host_beyond_loopback_is_refused_until_somebody_says_otherwise(tmp_path: Path) -> None:
    container = Single(tmp_path)
    words = [word.replace("127.0.0.1", "0.0.0.0") for word in service()["command"]]
    assert container.run(*words).returncode == 2
