"""docker-compose.yml at work, as processes of this machine: the secrets, the roles, a Kafka with its settings, each service
of ours by its own command and environment; addresses are replaced."""

from __future__ import annotations

import os
import shlex
import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from socket import socket

import httpx

from tests.kit import kafka, postgres
from tests.kit.containers import SEVERAL, Container, services
from tests.touchline.commands import DEADLINE, ROOT, until

RUNNING = ("gateway", "relay", "worker", "alerts")
PORTS = {"gateway": "8311", "relay": "9465", "worker": "9466", "alerts": "9467"}


def secrets(folder: Path) -> dict[str, str]:
    """What deploy/make-secrets.sh makes, by name."""
    made = subprocess.run(
        ["sh", ROOT / "deploy/make-secrets.sh", folder], capture_output=True, text=True, check=True
    )
    assert made.stdout == made.stderr == ""  # no secret is told
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def properties() -> str:
    """server.properties as Kafka's image makes it of the service's environment: KAFKA_A_B is a.b."""
    given = services(SEVERAL)["kafka"]["environment"]
    lines = [
        f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={value}"
        for name, value in given.items()
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
    ]
    text = "\n".join(lines)
    for here, there in (
        ("kafka:9092", "127.0.0.1:{port}"),
        ("kafka:9093", "127.0.0.1:{controller}"),
        ("/var/lib/kafka/data", "{logs}"),
    ):
        assert here in text
        text = text.replace(here, there)
    return text


def record(folder: Path) -> postgres.Cluster:
    """PostgreSQL as the service makes it: an empty server, its database, its roles script; and the options it is given."""
    given = services(SEVERAL)["postgres"]
    made = postgres.Cluster()
    with made.admin() as admin:
        for role in (postgres.OWNER, postgres.APPLICATION):
            admin.execute(f"DROP ROLE {role}")
        admin.execute(f"CREATE DATABASE {given['environment']['POSTGRES_DB']}")
        known = dict(admin.execute("SELECT name, setting FROM pg_settings").fetchall())
        for word in given["command"][2::2]:
            assert word.partition("=")[0] in known
    (roles,) = [mount.split(":")[0] for mount in given["volumes"] if "initdb.d" in mount]
    script = (ROOT / roles).read_text("utf-8").replace("/run/secrets", str(folder))
    binaries = postgres.binaries()
    told = subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, check=False,
        env={**given["environment"], "PATH": f"{binaries}:{os.defpath}", "PGHOST": str(made.folder), "PGPORT": str(made.port)},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    options = subprocess.run(
        [f"{binaries}/initdb", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in shlex.split(given["environment"]["POSTGRES_INITDB_ARGS"]):
        assert option.partition("=")[0] in options
    return made


class Stack:
    """Everything that runs. ``made`` makes one container more of a service."""

    def __init__(self, folder: Path, rooms: ExitStack) -> None:
        postgres.needed()
        self._folder = folder
        self._rooms = rooms
        self.secrets = folder / "secrets"
        kept = secrets(self.secrets)
        self.record = record(self.secrets)
        rooms.callback(self.record.close)
        for name in ("database", "owner_database"):
            here = kept[name].replace("@postgres/", f"@127.0.0.1:{self.record.port}/")
            assert here != kept[name]
            (self.secrets / name).write_text(here, "utf-8")
        self.token = kept["metrics_token"].strip()
        self.kafka = rooms.enter_context(kafka.started(1, properties()))
        self.ports: dict[str, int] = {}
        self._services: dict[str, str] = {}
        self.running: dict[str, Container] = {}

    def made(self, service: str, name: str = "", ours: bool = True) -> Container:
        name = name or service
        (port,) = kafka.free_ports(1)
        self.ports[name] = port
        self._services[name] = service
        broker = self.kafka.servers[0]
        replaced = {
            "/run/secrets": str(self.secrets),
            "kafka:9092": broker,
            "kafka/9092": broker.replace(":", "/"),
            PORTS.get(service, "\0"): str(port),
        }
        found = Container(self._folder / name, services(SEVERAL)[service], replaced, ours)
        found.environment["PYTHONDONTWRITEBYTECODE"] = ""  # shared with the tests' own
        self._rooms.callback(found.kill)
        return found

    def at(self, service: str) -> list[int]:
        """The ports of those that run of it."""
        return [self.ports[name] for name in self.running if self._services[name] == service]

    def migrated(self, name: str) -> None:
        done = self.made("migrate", name).start()
        said = (self._folder / name / "log").read_text
        assert done.wait(DEADLINE) == 0, said("utf-8")

    def start(self) -> None:
        self.migrated("first")
        names = {"worker 2": "worker"} | {name: name for name in RUNNING}
        self.running = {name: self.made(service, name) for name, service in names.items()}
        for one in self.running.values():
            assert not one.healthy()
            one.start()
        for name in self.running:
            self._well(name)

    def again(self, name: str) -> None:
        """One that was killed, as its supervisor would start it."""
        self.running[name].start()
        self._well(name)

    def _well(self, name: str) -> None:
        until(partial(self.answers, name), f"{name} answers", 60)
        until(self.running[name].healthy, f"{name} is healthy", 60)

    def answers(self, name: str) -> bool:
        """Whether anybody listens, which costs less to ask than the health check."""
        assert self.running[name].alive()
        with socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def figures(self, name: str) -> str:
        headers = {"Authorization": f"Bearer {self.token}"} if name == "gateway" else {}
        asked = httpx.get(
            f"http://127.0.0.1:{self.ports[name]}/metrics", headers=headers, timeout=DEADLINE, trust_env=False
        )
        assert asked.status_code == 200, name
        return asked.text
