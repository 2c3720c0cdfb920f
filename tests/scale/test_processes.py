"""Workers as an operator has them: processes that share tenants, hand over, are stopped in mid-thought, killed, cut off from
their broker. Both clients at once, each with a database, a topic and a group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from ledger.feeding import EMBEDDED, KAFKA
from ledger.lanes import standings
from ledger.leases import Leases
from ledger.tables import engines
from ledger.tenants import Tenant
from ledger.verify import verify
from processors.embedded import EmbeddedRunner
from processors.engine import Engine
from processors.progress import Progress
from producers.candidates import candidate
from producers.topics import AHEAD
from tests.kit.kafka import Kafka, free_ports
from tests.kit.postgres import Cluster
from tests.kit.topic import Topic
from tests.kit.world import SOURCE, START, event
from tests.scale.hand import DATA, opened, use
from tests.touchline.commands import ROOT
from tests.web.site import until
from touchline.defaults import publications
from touchline.exits import Exit

TENANTS = 4
SESSION = 2.0
SOON = 90.0
"""Seconds that a group may take to find itself on a machine that is busy with other things."""


class Process:
    """``touchline worker``. What it says is kept in a file."""

    def __init__(self, plant: Plant, number: int, runner: str) -> None:
        self.port = free_ports(1)[0]
        self.said = plant.folder / f"{plant.runner}-{number}.log"
        with self.said.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "touchline", "worker", "--runner", runner,
                    "--metrics-port", str(self.port),
                    "--session", str(SESSION), "--database", plant.place.url,
                ],
                cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **plant.environment},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        assert self.process.poll() is None, self.said.read_text(errors="replace")[-3000:]
        return True

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False, timeout=10)


class Plant:
    """A database with some tenants, fed by Kafka to processes of one runner."""

    def __init__(self, runner: str, cluster: Cluster, kafka: Kafka, folder: Path) -> None:
        self.runner, self.folder = runner, folder
        self.place = cluster.ledger()
        self.topic = Topic(kafka, AHEAD)
        self.world = opened(self.place)
        for n in range(2, TENANTS + 1):
            self.world.ledger.add_tenant(f"集团{n}", publications(START))
        self.world.clock.set(self.world.database.clock.now())
        self.tenants = self.world.ledger.tenants()
        self.environment = {
            "TOUCHLINE_KAFKA": ",".join(kafka.servers),
            "TOUCHLINE_KAFKA_TOPICS": self.topic.brokers.topics,
            "PYTHONUTF8": "1",
        }
        self.workers: list[Process] = []
        self.sent = 0

    def worker(self, runner: str = "") -> Process:
        made = Process(self, len(self.workers), runner or self.runner)
        self.workers.append(made)
        return made

    def owners(self) -> dict[int, int]:
        """Process by tenant."""
        with self.world.database.read() as conn:
            rows = conn.execute(select(engines.c.tenant, engines.c.owner))
            return {tenant: int(owner.split("-")[-2]) for tenant, owner in rows if owner}

    def run_by(self, *workers: Process) -> bool:
        """Whether these, all of them and nobody else, run all tenants."""
        owners = self.owners()
        return len(owners) == TENANTS and set(owners.values()) == {one.pid for one in workers if one.alive()}

    def tell(self, *, publish: bool = True) -> None:
        """Some facts of every tenant."""
        first, self.sent = self.sent, self.sent + 6
        for tenant in self.tenants:
            self._append(tenant, first)
        if publish:
            self.topic.publish(self.world, len(publications(START)) + first, tenants=self.tenants)

    def _append(self, tenant: Tenant, first: int) -> None:
        now = self.world.clock.now()
        raws = (
            event("complaint.received", f"c{n}", START, ticket=f"C{n}", data=DATA)
            for n in range(first, self.sent)
        )
        self.world.ledger.append(tenant, [candidate(raw, SOURCE, now) for raw in raws]).result(60)

    def decided(self) -> bool:
        with self.world.database.read() as conn:
            return all(one.head == one.decided for one in standings(conn))

    def close(self) -> None:
        for one in self.workers:
            with suppress(OSError):
                one.process.send_signal(signal.SIGCONT)
            one.process.kill()
            one.process.wait(SOON)
        self.world.close()


@pytest.fixture(scope="module")
def plants(
    cluster: Cluster, broker: Kafka, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Plant]]:
    folder = tmp_path_factory.mktemp("plants")
    made = [Plant(runner, cluster, broker, folder) for runner in ("faust", "kafka-python")]
    yield made
    for plant in made:
        plant.close()
        cluster.drop(plant.place)


@pytest.mark.crash
def test_workers_share_and_outlive_each_other_and_the_broker(plants: list[Plant], broker: Kafka) -> None:
    first = [plant.worker() for plant in plants]
    shared(plants, first)
    second = [plant.worker() for plant in plants]
    shared(plants, first, second)  # a rebalance
    everything(plants)
    joined = plants[1].worker("faust")  # the other client, in the same group
    until(partial(plants[1].run_by, first[1], second[1], joined), SOON)
    everything(plants)
    joined.process.send_signal(signal.SIGTERM)
    assert joined.process.wait(SOON) == Exit.DONE
    shared(plants, first, second)

    for two in second:  # in mid-thought
        two.process.send_signal(signal.SIGSTOP)
    everything(plants)
    shared(plants, first)
    for two in second:
        two.process.send_signal(signal.SIGCONT)
    shared(plants, first, second)
    everything(plants)

    for one in first:
        one.process.send_signal(signal.SIGTERM)
    everything(plants)
    shared(plants, second)
    assert [one.process.wait(SOON) for one in first] == [Exit.DONE, Exit.DONE]

    broker.kill()
    everything(plants, publish=False)  # by the ledger alone
    broker.start()
    everything(plants)
    for two in second:
        answer = two.get("/healthz")
        assert (answer.status_code, answer.json()["tenants"]) == (200, TENANTS)
        figures = two.get("/metrics").text
        assert 'touchline_worker_facts_total{tenant="2",via="kafka"}' in figures

    faust, other = zip(plants, second, strict=True)
    world = faust[0].world
    Engine.take_over(world.tenant, world.ledger, world.store, world.rules, "somebody-1-x", feed=KAFKA)
    other[0].tell()
    other[1].process.kill()
    assert faust[1].process.wait(SOON) == Exit.FENCED  # its group still gives it the tenant
    for plant in plants:
        plant.tell()
        use(plant.world, EMBEDDED)  # and back to one process
        world = plant.world
        EmbeddedRunner(
            world.ledger, world.store, world.rules, Progress(), "back", Leases(world.writer)
        ).run_to_head()
        assert plant.decided()
        assert verify(world.database).problems == []
        assert world.rebuild().differences == {}


def shared(plants: list[Plant], *groups: list[Process]) -> None:
    """The tenants of each plant are run by these."""
    for n, plant in enumerate(plants):
        mine = [group[n] for group in groups]
        until(partial(plant.run_by, *mine), SOON)


def everything(plants: list[Plant], *, publish: bool = True) -> None:
    """What every tenant is told now is decided."""
    for plant in plants:
        plant.tell(publish=publish)
    for plant in plants:
        until(plant.decided, SOON)
