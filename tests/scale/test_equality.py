"""Invariant 16, with sixteen tenants and random faults: whoever folds a ledger, on whatever, fed however, comes to the same.

One ledger is made by three worker processes while its sources talk and Kafka misbehaves. Its copies are folded on SQLite and on
PostgreSQL: the same dump. Its facts alone, with the instants at which they were recorded, are decided once more by the embedded
feed on both and by one, two and three workers: the same verdict lane, the same dump. ``TOUCHLINE_TEST_SEED`` tries others.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from ledger.chain import GENESIS
from ledger.feeding import EMBEDDED, KAFKA
from ledger.lanes import standings
from ledger.leases import Leases
from ledger.tables import engines
from ledger.verify import verify
from processors import delivery
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.worker import Worker
from tests.kit.copies import copied
from tests.kit.kafka import Kafka
from tests.kit.places import Where
from tests.kit.postgres import Cluster, Place
from tests.kit.shared_clock import SharedClock
from tests.kit.topic import Topic
from tests.kit.world import START, World
from tests.scale.clients import client_of, running
from tests.scale.hand import made, use
from tests.scale.lives import END, TENANTS, Came, Carrier, Sent, came, history, peopled, settled, tell
from tests.touchline.commands import ROOT
from tests.web.site import until
from touchline import moving
from touchline.rules import rules

SEED = int(os.environ.get("TOUCHLINE_TEST_SEED", "16"))
SOON = 90.0


class Child:
    """A worker process under the ledger's own clock (``tests.kit.worker_child``)."""

    def __init__(self, name: str, place: Place, clock: Path, topic: Topic, folder: Path) -> None:
        self.name, self.said = name, folder / f"{name}.log"
        words = [name, "faust", place.url, str(clock), topic.brokers.servers[0], topic.brokers.topics]
        with self.said.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.kit.worker_child", *words], cwd=ROOT, stdout=log, stderr=log
            )

    def alive(self) -> bool:
        assert self.process.poll() is None, self.said.read_text(errors="replace")[-3000:]
        return True

    def carried(self) -> int:
        """Facts that came to it by Kafka; once it has ended."""
        found = re.findall(r"^carried=(\d+)$", self.said.read_text(errors="replace"), re.MULTILINE)
        return sum(map(int, found))


class Life:
    """The ledger that three workers make: 16 tenants on PostgreSQL, fed by Kafka."""

    def __init__(self, cluster: Cluster, kafka: Kafka, folder: Path) -> None:
        self.folder, self.place, self.dice = folder, cluster.ledger(), Random(SEED)
        self.clock = SharedClock(folder / "clock", START)
        self.world = World(self.place, clock=self.clock, take_over=False)
        peopled(self.world)
        self.topic = Topic(kafka, len(TENANTS))
        self.carrier = Carrier(self.world, self.topic, self.dice)
        self.children: list[Child] = []
        self.kept = 0

    def child(self) -> Child:
        one = Child(
            f"worker-{len(self.children)}", self.place, self.folder / "clock", self.topic, self.folder
        )
        self.children.append(one)
        return one

    def owners(self) -> set[str]:
        with self.world.database.read() as conn:
            return set(conn.scalars(select(engines.c.owner)))

    def run_by(self, *children: Child) -> None:
        """Until all tenants are run by these, each of them by one at least."""
        until(
            lambda: all(one.alive() for one in children) and self.owners() == {one.name for one in children},
            SOON,
        )

    def behind(self) -> int:
        with self.world.database.read() as conn:
            return sum(one.head - one.decided for one in standings(conn))

    def told(self, lots: list[list[Sent]]) -> None:
        """Sources talk, and Kafka carries what it likes of it."""
        for at in range(0, len(lots), 40):
            self.kept += sum(hasattr(one, "place") for one in tell(self.world, lots[at : at + 40]))
            self.carrier.carry()

    def lived(self) -> None:
        lots = history(self.dice)
        part = len(lots) // 4
        leases = Leases(self.world.writer)
        runner = EmbeddedRunner(
            self.world.ledger, self.world.store, rules(), Progress(), leases.owner, leases
        )
        runner.start()
        try:
            self.told(lots[:part])
            until(lambda: settled(self.world), SOON)
            use(self.world, KAFKA)  # in mid-life
            first = [self.child() for _ in range(3)]
            self.told(lots[part : 2 * part])
            self.run_by(*first)
            self.told(lots[2 * part : 2 * part + 20])
            first[1].process.kill()
            assert self.behind() > 0  # in the middle of it
            self.told(lots[2 * part + 20 : 3 * part])
            fourth = self.child()
            self.run_by(first[0], first[2], fourth)
            until(lambda: settled(self.world), SOON)
            self.topic.wipe()
            self.told(lots[3 * part :])
            self.clock.set(END)
            until(lambda: settled(self.world), SOON)
            last = (first[0], first[2], fourth)
            for one in last:
                one.process.send_signal(signal.SIGTERM)
            assert [one.process.wait(SOON) for one in last] == [0, 0, 0]
            assert sum(one.carried() for one in last) > 0
            use(self.world, EMBEDDED)  # and back
        finally:
            runner.stop()
        assert runner.status.error == ""

    def close(self) -> None:
        for one in self.children:
            with suppress(OSError):
                one.process.kill()
            one.process.wait(SOON)
        self.world.close()


def quiet(*_: object) -> None:
    pass


def without_verdicts(folder: Path) -> None:
    """What the ledger of a folder would be, had nobody decided anything: its facts as they were recorded."""
    connection = sqlite3.connect(folder / "touchline.db", isolation_level=None)
    guard = "FROM sqlite_master WHERE type = 'trigger' AND name = 'verdicts_no_delete'"
    (made,) = connection.execute(f"SELECT sql {guard}").fetchone()
    for statement in ("DROP TRIGGER verdicts_no_delete", "DELETE FROM verdicts", made):
        connection.execute(statement)
    connection.execute(
        "UPDATE engines SET decided = 0, advanced = 0, verdict_place = 0, verdict_recorded = 0, verdict_hash = ?",
        (GENESIS,),
    )
    connection.close()


@pytest.fixture(scope="module")
def life(cluster: Cluster, broker: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    made = Life(cluster, broker, tmp_path_factory.mktemp("life"))
    try:
        made.lived()
        yield made
    finally:
        made.close()
        cluster.drop(made.place)


@pytest.fixture(scope="module")
def straight(life: Life) -> dict[str, Came]:
    """What the three workers left."""
    return came(life.world)


@pytest.fixture(scope="module")
def facts(life: Life, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The facts of the same ledger in a folder."""
    folder = tmp_path_factory.mktemp("facts") / "data"
    moving.copy(life.place.url, str(folder), quiet)
    without_verdicts(folder)
    return folder


@pytest.mark.crash
def test_what_three_workers_made_is_whole(life: Life, straight: dict[str, Came]) -> None:
    assert len(straight) == len(TENANTS)
    assert life.kept > 300
    assert verify(life.world.database).problems == []
    said = [one[1] for came in straight.values() for one in came.lane]
    assert len(said) > 120
    assert {"obligation.breached", "obligation.due_soon", "obligation.retracted"} <= set(said)


@pytest.mark.crash
def test_a_copy_is_folded_to_the_same(life: Life, straight: dict[str, Came], place: Where) -> None:
    with copied(life.place.url, place, END) as world:
        assert came(world) == straight


def embedded(world: World) -> None:
    for tenant in world.ledger.tenants():
        world.tenant = tenant
        world.take_over()
        world.tick()


def by_workers(world: World, kafka: Kafka, workers: int) -> None:
    """Several workers, each with its own connections, on a topic that tells everything, bent. They wait for it: else they had
    long read all of it from the ledger."""
    topic = Topic(kafka, len(TENANTS))
    use(world, KAFKA)
    running_here: list[Worker] = []
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patient:
        patient.setattr(delivery, "PATIENCE", SOON)
        for n in range(workers):
            house = World(world.place, at=END, take_over=False)
            stack.callback(house.close)
            worker = made(house, f"worker-{n}")
            reached = topic.reached(house)
            if n == 0:
                topic.from_the_start(reached.group)
            client = client_of("kafka-python", worker, reached)
            stack.callback(worker.stop)
            worker.start()
            stack.enter_context(running(client))
            running_here.append(worker)
        until(lambda: shared(running_here), SOON)
        Carrier(world, topic, Random(SEED + workers)).carry()
        until(lambda: by_kafka(running_here, world), SOON)
        patient.undo()
        until(lambda: settled(world), SOON)
        with world.database.read() as conn:
            assert set(conn.scalars(select(engines.c.owner))) == {f"worker-{n}" for n in range(workers)}


def shared(workers: list[Worker]) -> bool:
    """Whether each has tenants, and together they have all."""
    parts = [one.assignment() for one in workers]
    return all(parts) and len(frozenset().union(*parts)) == len(TENANTS)


def by_kafka(workers: list[Worker], world: World) -> bool:
    """Whether to each something came that way, and to all of them an eighth; what is bent is read from the ledger."""
    came = [sum(one.delivery.counts.carried for one in worker.held().values()) for worker in workers]
    with world.database.read() as conn:
        return all(came) and sum(came) > sum(one.head for one in standings(conn)) // 8


@pytest.mark.crash
@pytest.mark.parametrize("feed", ["embedded, SQLite", "embedded, PostgreSQL", "1", "2", "3"])
def test_the_same_facts_are_decided_to_the_same(
    feed: str, facts: Path, straight: dict[str, Came], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        where: Where = tmp_path / "data"
        if feed != "embedded, SQLite":
            cluster: Cluster = request.getfixturevalue("cluster")
            where = cluster.ledger()
            stack.callback(cluster.drop, where)
        with copied(str(facts), where, END) as world:
            if feed.startswith("embedded"):
                world.batch = 7
                embedded(world)
            else:
                by_workers(world, request.getfixturevalue("kafka"), int(feed))
            assert came(world) == straight
            assert verify(world.database).problems == []
