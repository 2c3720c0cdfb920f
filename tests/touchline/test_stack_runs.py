"""docker-compose.yml at work: the secrets, the roles, a Kafka with its settings, and what each service of ours runs, together.
They are processes of this machine, each with its own command and environment; addresses are replaced."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import psycopg
import pytest

from schemas.catalogue import example
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


def test_secrets_are_made_once_of_random_bytes_and_closed_to_others(tmp_path: Path) -> None:
    one, other = secrets(tmp_path / "one"), secrets(tmp_path / "other")
    assert one.keys() == {name for s in services(SEVERAL).values() for name in s.get("secrets", [])}
    assert not {*one.values()} & {*other.values()}
    assert len({*one.values()}) == len(one)
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "one").iterdir()} == {0o644}
    (tmp_path / "one/metrics_token").write_text("mine\n", "utf-8")
    assert secrets(tmp_path / "one") == {**one, "metrics_token": "mine\n"}


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
        self.running: dict[str, Container] = {}

    def made(self, service: str, name: str = "", ours: bool = True) -> Container:
        name = name or service
        (port,) = kafka.free_ports(1)
        self.ports[name] = port
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
        for name, one in self.running.items():
            until(partial(self.answers, name), f"{name} answers", 60)
            until(one.healthy, f"{name} is healthy", 60)

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


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with ExitStack() as rooms:
        made = Stack(tmp_path_factory.mktemp("stack"), rooms)
        made.start()
        yield made


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_event_goes_through_all_of_it_and_everything_ends_in_its_grace(stack: Stack) -> None:
    gateway = stack.running["gateway"]
    assert gateway.run("touchline", "tenant", "add", "yunhe").returncode == 0
    stack.migrated("again")  # as the file asks for after each tenant; nothing that is there changes
    key = said(gateway.run("touchline", "key", "create", "--source", "crm", "--json"))["key"]
    http = httpx.Client(
        base_url=f"http://127.0.0.1:{stack.ports['gateway']}",
        headers={"Authorization": f"Bearer {key}"}, timeout=DEADLINE, trust_env=False,
    )  # fmt: skip
    with http:
        sent = http.post("/events", json={**example("complaint.received"), "id": "c-1", "source": "crm"})
        assert sent.status_code == 202
        told = sent.json()
        found = http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
        assert found.status_code == 200  # a worker has decided it: the gateway runs no engine
        promises = http.get("/promises", params={"case": told["case_id"]}).json()
        assert promises["items"] if isinstance(promises, dict) else promises
    until(
        lambda: 'touchline_relay_lag{lane="facts",tenant="1"} 0.0' in stack.figures("relay"),
        "the relay is at the head",
    )
    workers = [stack.figures(name) for name in ("worker", "worker 2")]
    assert sorted("touchline_worker_tenants 1.0" in text for text in workers) == [False, True]
    assert "touchline_alerts_ringing 1.0" in stack.figures("alerts")
    assert 'touchline_fact_place{tenant="1"}' in stack.figures("gateway")
    assert said(gateway.run("touchline", "feed", "show", "--json"))["feed"] == "kafka"
    with psycopg.connect((stack.secrets / "database").read_text().strip()) as application:
        for statement in ("DELETE FROM touchline.facts", "ALTER TABLE touchline.facts DISABLE TRIGGER ALL"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)
            application.rollback()
    for one in stack.running.values():
        one.stop()
    for name, one in stack.running.items():
        code, text = one.ended()
        assert code == 0, f"{name}: {text}"
        assert "Traceback" not in text, f"{name}: {text}"
        assert [line for line in text.splitlines() if not line.startswith("{")] == [], name
        assert all(json.loads(line)["level"] for line in text.splitlines())
        assert list(one.root.iterdir()) == []  # nothing is written where its root would be
        one.process = None
        assert not one.healthy()


@pytest.mark.parametrize("name", ["postgres", "kafka"])
def test_the_health_checks_of_record_and_topics(stack: Stack, name: str) -> None:
    one = stack.made(name, f"look at {name}", ours=False)
    one.environment |= {"PGPORT": str(stack.record.port)}
    assert one.healthy()
    one.environment["PGPORT"] = str(stack.ports[f"look at {name}"])
    (elsewhere,) = kafka.free_ports(1)
    one._replaced["kafka/9092"] = f"127.0.0.1/{elsewhere}"
    assert not one.healthy()
