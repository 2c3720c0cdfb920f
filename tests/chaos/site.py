"""A whole installation to be broken: PostgreSQL and Kafka of its own, and the commands that an operator runs, as processes
under a supervisor that does what theirs would: whatever ends is started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psycopg
from kafka.errors import KafkaError

from ledger import access
from ledger.brokers import Brokers
from ledger.feeding import KAFKA, use
from producers.topics import topics_of
from tests.chaos.receiver import SECRET, Receiver
from tests.chaos.stepped import set_to
from tests.kit.kafka import Kafka, free_ports
from tests.kit.postgres import Cluster
from tests.kit.proxy import Proxy
from tests.kit.world import World
from tests.touchline.commands import ROOT
from touchline.defaults import publications

TENANTS = ("云栖集团", "云杉集团", "云台集团")
SOURCE = "hotline"
RUNNERS = ("faust", "kafka-python")
AGAIN = 0.5
"""Seconds after which the supervisor starts again what ended."""
STANDING = 60.0
"""Seconds that a process may take to start, on a machine that is busy with other things."""
SESSION = "3"
"""Seconds of a worker's silence after which its tenants go to another."""


@dataclass
class Member:
    """One process of the site. What it says is kept in ``log``."""

    name: str
    words: list[str]
    environment: Mapping[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    ended_at: float = 0.0
    held: bool = False
    """Not to be started again for now."""

    @property
    def role(self) -> str:
        return self.name.partition("-")[0]

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        set_to(self.clock, 0)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.stepped", str(self.clock), *self.words, "--data", str(self.folder)],
                cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **self.environment},
            )  # fmt: skip

    def send(self, number: signal.Signals) -> None:
        """To one that has ended: nothing."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def heeds(self) -> bool:
        """Whether it runs and has come to where SIGTERM means to it what we say; before that it dies of it, as any process."""
        if self.process is None or self.process.poll() is not None:
            return False
        with suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
            (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
            return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)
        return False

    def close(self) -> None:
        if self.process is not None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGKILL)
            self.process.wait(STANDING)


class Site:
    """Two gateways, one or two relays, two workers, two that send alerts, each with a way of its own to the database; callers
    reach the gateways, and relay and workers the broker, through proxies too. ``close`` ends all of it."""

    def __init__(self, runner: str = RUNNERS[0], relays: int = 1) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tl-chaos-"))
        self._rooms = ExitStack()
        self._closing = threading.Event()
        self.restarts: Counter[str] = Counter()
        try:
            with ThreadPoolExecutor() as pool:
                brought = pool.submit(Kafka, 1)
                self.cluster = Cluster(durable=True)
                self._rooms.callback(self.cluster.close)
                self.kafka = brought.result()
            self._rooms.callback(self.kafka.close)
            self._found()
            self._people(runner, relays)
        except BaseException:
            self.close()
            raise

    def _found(self) -> None:
        """The record with its tenants, their keys, and the topics."""
        self.place = self.cluster.ledger()
        access_ = self.kafka.access(proxied=True)
        self.brokers: Brokers = access_
        self.direct = replace(access_, servers=tuple(self.kafka.servers))
        now = time.time_ns() // 1000
        world = World(self.place, at=now, tenant=TENANTS[0], take_over=False)
        try:
            for name in TENANTS[1:]:
                world.ledger.add_tenant(name, publications(now))
            self.keys = {
                tenant.name: world.writer.call(partial(access.create, tenant=tenant, source=SOURCE))
                for tenant in world.ledger.tenants()
            }
            self.numbers = {tenant.name: tenant.number for tenant in world.ledger.tenants()}
            world.writer.call(lambda conn: use(conn, KAFKA))
            self.ledger_id = world.database.ledger_id
        finally:
            world.close()
        self.make_topics()

    def _people(self, runner: str, relays: int) -> None:
        self.receiver = Receiver()
        self._rooms.callback(self.receiver.close)
        self.links: dict[str, Proxy] = {"kafka": self.kafka.proxies[0]}
        self.link("alerts", self.receiver.url)
        self.members: dict[str, Member] = {}
        self.doors: dict[str, str] = {}
        for number, port in enumerate(free_ports(2), 1):
            name = f"gateway-{number}"
            self._member(name, "up", "--port", str(port), "--no-alerts")
            self.doors[name] = self.link(f"callers~{name}", f"http://127.0.0.1:{port}/").url
        for number in (1, 2):
            self._member(f"alerts-{number}", "alerts", "--metrics-port", "0")
        for number in range(1, relays + 1):
            self._member(f"relay-{number}", "relay", "--metrics-port", "0")
        for number in (1, 2):
            self._member(f"worker-{number}", *self.working(runner))
        for member in self.members.values():
            member.start()
            self._rooms.callback(member.close)
        keeper = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        keeper.start()
        self._rooms.callback(keeper.join, 10)
        self._rooms.callback(self._closing.set)

    def link(self, name: str, url: str) -> Proxy:
        """A way that can be cut; ``url`` through it."""
        made = self.links[name] = Proxy(url)
        self._rooms.callback(made.close)
        return made

    def _member(self, name: str, *words: str) -> None:
        environment = {
            "PYTHONUTF8": "1",
            "TOUCHLINE_DATABASE": self.link(f"{name}~database", self.place.tcp).url,
            "TOUCHLINE_KAFKA": ",".join(self.brokers.servers),
            "TOUCHLINE_KAFKA_TOPICS": self.brokers.topics,
            "TOUCHLINE_WEBHOOK_URL": self.links["alerts"].url,
            "TOUCHLINE_WEBHOOK_SECRET": SECRET,
            "TOUCHLINE_ALERT_LOG": "false",
            "TOUCHLINE_LOG_FORMAT": "json",
        }
        self.members[name] = Member(name, list(words), environment, self.folder / name)

    @staticmethod
    def working(runner: str) -> list[str]:
        return ["worker", "--runner", runner, "--metrics-port", "0", "--session", SESSION]

    def of(self, role: str) -> list[Member]:
        return [member for member in self.members.values() if member.role == role]

    def make_topics(self, within: float = 30.0) -> None:
        """As ``touchline kafka init`` does; a topic that is just being deleted is waited for."""
        end = time.monotonic() + within
        while True:
            try:
                with topics_of(self.direct) as topics:
                    topics.init(len(TENANTS), 0)
                    if not topics.check(len(TENANTS))[1]:
                        return
                lacks = "topics are not as they should be"
            except KafkaError as error:
                lacks = repr(error)
            if time.monotonic() > end:
                raise RuntimeError(lacks)
            self._closing.wait(0.2)

    def _supervise(self) -> None:
        while not self._closing.wait(0.1):
            for member in self.members.values():
                if member.process is None or member.held or (code := member.process.poll()) is None:
                    continue
                if not member.ended_at:
                    member.ended_at = time.monotonic()
                    self.restarts[f"{member.role} ended with {code}"] += 1
                elif time.monotonic() - member.ended_at > AGAIN:
                    member.ended_at = 0.0
                    member.start()

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """By a way that no fault touches."""
        with psycopg.connect(
            self.place.admin, autocommit=True, options="-c search_path=touchline"
        ) as connection:
            return connection.execute(query.encode()).fetchall()

    def behind(self) -> int:
        """Facts that no engine has decided yet; while the database is away: very many."""
        try:
            ((found,),) = self.ask(
                "SELECT coalesce(sum(c.place - e.decided), 0)::bigint FROM counters c JOIN engines e USING (tenant)"
            )
        except psycopg.OperationalError:
            return 1 << 40
        return int(str(found))

    def ready(self, within: float) -> None:
        """Both doors answer, and the engines have come to the head through the workers."""
        until(lambda: all(map(_answers, self.doors.values())) and not self.behind(), within, self.told)

    def told(self) -> str:
        """The last that each process said."""
        return "\n".join(
            f"== {member.name}\n{member.log.read_text(errors='replace')[-600:] if member.log.exists() else '-'}"
            for member in self.members.values()
        )

    def end(self) -> dict[str, int]:
        """SIGTERM to all, as an operator ends them; the code of each. What was just started again may come up first."""
        with suppress(TimeoutError):  # their codes say which did not
            until(lambda: all(member.heeds() for member in self.members.values()), STANDING)
        for member in self.members.values():
            member.held = True
            member.send(signal.SIGTERM)
        found = {}
        for member in self.members.values():
            assert member.process is not None
            try:
                found[member.name] = member.process.wait(STANDING)
            except subprocess.TimeoutExpired:
                found[member.name] = 999
        return found

    def close(self) -> None:
        self._closing.set()
        self._rooms.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _answers(url: str) -> bool:
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with suppress(OSError), socket.create_connection((host, int(port)), 2) as door:
        door.settimeout(2)
        door.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return door.recv(64).startswith(b"HTTP/1.1 200")
    return False


def until(look: Callable[[], bool], within: float, told: Callable[[], str] = str) -> float:
    """Wait on a condition; the seconds that it took. Raises TimeoutError with what ``told`` says."""
    began = time.monotonic()
    turn = threading.Event()
    while not look():
        if time.monotonic() - began > within:
            raise TimeoutError(f"not within {within:.0f} s\n{told()}")
        turn.wait(0.1)
    return time.monotonic() - began
