"""Faults as data: a seeded schedule of what breaks when and for how long; and the hand that breaks it and ends it again.

Of one target only one thing is broken at a time, of different ones several. Each fault ends what it began: what was stopped
goes on, what was killed is started by the supervisor, what was cut is healed, a clock is set right.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from kafka import KafkaProducer
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from ledger import wire
from ledger.brokers import partition_of
from producers.kafka_clients import options
from tests.chaos.site import RUNNERS, STANDING, Site, until
from tests.chaos.stepped import set_to

MEMBERS = ("gateway-1", "gateway-2", "relay-1", "worker-1", "worker-2", "alerts-1", "alerts-2")
LINKS = (
    "callers~gateway-1",
    "callers~gateway-2",
    "kafka",
    "alerts",
    *(f"{name}~database" for name in MEMBERS),
)
ENDING = 30.0
"""Seconds that a process has after SIGTERM."""
RECENT = 40
"""Facts of a tenant that are written to its partition once more, or otherwise."""


@dataclass(frozen=True)
class Kind:
    """What may break. ``lasts``: seconds, from and to. ``often``: beside the others."""

    name: str
    targets: Sequence[str]
    lasts: tuple[float, float]
    often: int = 1


KINDS = (
    Kind("killed (SIGKILL)", MEMBERS, (0, 0), 5),
    Kind("stopped and gone on (SIGSTOP, SIGCONT)", MEMBERS, (1, 6), 4),
    Kind("database killed and started", ("database",), (0.1, 1.5), 2),
    Kind("broker killed and started", ("broker",), (0.1, 3), 1),
    Kind("broker stopped and gone on", ("broker",), (1, 4), 1),
    Kind("connections cut", LINKS, (0.2, 3), 3),
    Kind("connections slow", LINKS, (2, 5), 2),
    Kind("connections half open", LINKS, (1, 6), 3),
    Kind("topic deleted and made again", ("broker",), (0.2, 2), 1),
    Kind("records doubled", ("broker",), (0, 0), 1),
    Kind("records out of order", ("broker",), (0, 0), 1),
    Kind("records forged", ("broker",), (0, 0), 2),
    Kind("clock stepped in one process", MEMBERS, (2, 6), 2),
    Kind("receiver of alerts refuses", ("receiver",), (0.5, 3), 1),
    Kind("receiver of alerts takes and does not answer", ("receiver",), (0.5, 3), 1),
    Kind("workers end and others begin with the other client", ("workers",), (0, 0), 0),
)
"""The last stands in the schedule once, in the middle."""


@dataclass(frozen=True)
class Fault:
    """``at``: seconds after the beginning."""

    at: float
    kind: str
    target: str
    lasts: float

    def __str__(self) -> str:
        return f"{self.at:7.2f} s  {self.kind}: {self.target}" + (
            f", {self.lasts:.1f} s" if self.lasts else ""
        )


def schedule(seed: int, seconds: float, count: int) -> list[Fault]:
    """At least ``count`` faults, of every kind once before any comes often, spread over the first nine tenths of the time."""
    dice = random.Random(f"{seed}/faults")
    kinds = [kind for kind in KINDS if kind.often]
    drawn = list(kinds)
    while len(drawn) < count - 1:
        drawn.append(dice.choices(kinds, [kind.often for kind in kinds])[0])
    dice.shuffle(drawn)
    pause = 0.9 * seconds / len(drawn)
    turns: dict[str, list[str]] = {}
    found = []
    for number, kind in enumerate(drawn):
        targets = list(kind.targets)
        left = turns.setdefault(kind.name, [])
        if not left:  # each target of a kind before one comes again
            left += dice.sample(targets, len(targets))
        at = (number + dice.random()) * pause
        found.append(Fault(at, kind.name, left.pop(), round(dice.uniform(*kind.lasts), 2)))
    swap = KINDS[-1]
    found.append(Fault(0.45 * seconds, swap.name, swap.targets[0], 0.0))
    return sorted(found, key=lambda fault: fault.at)


@dataclass
class Done:
    """What became of a fault: when it began and how long it was so, in seconds; why it could not be made, else ""."""

    fault: Fault
    began: float
    took: float = 0.0
    failed: str = ""


class Hand:
    """Makes the faults of a schedule on a site, each on a thread of its own."""

    def __init__(self, site: Site, faults: Sequence[Fault], runner: str) -> None:
        self.site, self.faults, self.runner = site, faults, runner
        self.done: list[Done] = []
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._clock = threading.Thread(target=self._run, name="faults", daemon=True)
        self._acts: dict[str, Callable[[Fault], None]] = dict(
            zip(
                (kind.name for kind in KINDS),
                (
                    self._kill, self._stop, self._database, self._broker, self._broker_stopped, self._cut, self._slow,
                    self._half_open, self._topic, self._doubled, self._reordered, self._forged, self._step, self._refuse,
                    self._forget, self._other_client,
                ),
                strict=True,
            )
        )  # fmt: skip

    def start(self) -> None:
        self._began = time.monotonic()
        for fault in self.faults:  # made by one thread before many ask for them
            self._locks[fault.target]
        self._clock.start()

    def join(self, within: float) -> bool:
        """Whether all were made and all are over."""
        end = time.monotonic() + within
        for thread in (self._clock, *self._threads):
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in (self._clock, *self._threads))

    def close(self) -> None:
        self._ending.set()
        self.join(60)

    def _run(self) -> None:
        for fault in self.faults:
            if self._ending.wait(max(0.0, self._began + fault.at - time.monotonic())):
                return
            thread = threading.Thread(target=self._make, args=(fault,), name=fault.kind, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _make(self, fault: Fault) -> None:
        with self._locks[fault.target]:
            if self._ending.is_set():
                return
            done = Done(fault, time.monotonic() - self._began)
            try:
                self._acts[fault.kind](fault)
            except Exception as error:
                done.failed = f"{type(error).__name__}: {error}"
            done.took = time.monotonic() - self._began - done.began
            self.done.append(done)

    def _so_long(self, fault: Fault) -> None:
        self._ending.wait(fault.lasts)

    # processes

    def _kill(self, fault: Fault) -> None:
        member = self.site.members[fault.target]
        before = member.process
        member.send(signal.SIGKILL)
        until(lambda: member.process is not before, 60)  # the supervisor's work

    def _stop(self, fault: Fault) -> None:
        member = self.site.members[fault.target]
        member.send(signal.SIGSTOP)
        try:
            self._so_long(fault)
        finally:
            member.send(signal.SIGCONT)

    def _step(self, fault: Fault) -> None:
        dice = random.Random(repr(fault))
        seconds = dice.choice((-1, 1)) * dice.uniform(45, 4 * 3600)
        member = self.site.members[fault.target]
        set_to(member.clock, int(seconds * 1e9))
        try:
            self._so_long(fault)
        finally:
            set_to(member.clock, 0)

    def _other_client(self, fault: Fault) -> None:
        """A group has one kind of client: all of them end, then the others begin."""
        workers = self.site.of("worker")
        for worker in workers:
            worker.held = True
            worker.send(signal.SIGTERM)
        for worker in workers:
            assert worker.process is not None
            try:
                worker.process.wait(ENDING)
            except subprocess.TimeoutExpired:  # as a supervisor does where nothing else helps
                self.site.restarts[f"worker killed {ENDING:.0f} s after SIGTERM"] += 1
                worker.send(signal.SIGKILL)
                worker.process.wait(ENDING)
        self.runner = next(name for name in RUNNERS if name != self.runner)
        for worker in workers:
            worker.words = self.site.working(self.runner)
            worker.ended_at, worker.held = 0.0, False

    # database and broker

    def _database(self, fault: Fault) -> None:
        cluster = self.site.cluster
        cluster.kill()
        self._so_long(fault)
        for last in (False, False, True):
            try:
                cluster.start()
                return
            except RuntimeError:  # a child that was born while it was killed lets go a moment later
                if last:
                    raise
                time.sleep(0.5)

    def _broker(self, fault: Fault) -> None:
        self.site.kafka.kill()
        self._so_long(fault)
        self.site.kafka.start()

    def _broker_stopped(self, fault: Fault) -> None:
        self.site.kafka.pause()
        try:
            self._so_long(fault)
        finally:
            self.site.kafka.resume()
        self.site.kafka.ready()

    # connections

    def _cut(self, fault: Fault) -> None:
        with self._healed(fault) as link:
            link.cut()

    def _slow(self, fault: Fault) -> None:
        with self._healed(fault) as link:
            link.slow(0.05)

    def _half_open(self, fault: Fault) -> None:
        with self._healed(fault) as link:
            link.hole()

    @contextlib.contextmanager
    def _healed(self, fault: Fault) -> Iterator[Any]:
        link = self.site.links[fault.target]
        try:
            yield link
            self._so_long(fault)
        finally:
            link.heal()

    # the topic

    def _topic(self, fault: Fault) -> None:
        with (
            contextlib.closing(self.site.kafka.admin()) as admin,
            contextlib.suppress(UnknownTopicOrPartitionError),
        ):
            admin.delete_topics([self.site.brokers.facts])
        self._so_long(fault)
        self.site.make_topics()

    def _doubled(self, fault: Fault) -> None:
        self._publish(lambda rows: rows + rows)

    def _reordered(self, fault: Fault) -> None:
        self._publish(lambda rows: rows[::-1])

    def _forged(self, fault: Fault) -> None:
        """At places that are decided, and at places where nothing stands yet, which the relay fills a moment later."""

        def bend(rows: list[wire.Record]) -> list[wire.Record]:
            other = [replace(row, body=row.body.replace(b"complaint", b"complainT", 1)) for row in rows[:8]]
            coming = [
                replace(row, place=rows[-1].place + n, hash=bytes(32))
                for n, row in enumerate(rows[:RECENT], 1)
            ]
            return other + coming + [replace(row, hash=bytes(32)) for row in rows[-8:]]

        self._publish(bend)

    def _publish(self, bend: Callable[[list[wire.Record]], list[wire.Record]]) -> None:
        producer: Any = None
        end = time.monotonic() + STANDING  # a database that was killed recovers first
        while True:
            try:
                producer = KafkaProducer(**options(self.site.direct, "test"), enable_idempotence=False)
                with contextlib.closing(producer):
                    sent = [
                        producer.send(
                            self.site.brokers.facts, value, key=wire.key_of(number), headers=headers,
                            partition=partition_of(number),
                        )
                        for number in self.site.numbers.values()
                        for value, headers in map(wire.written, bend(recent(self.site, number)))
                    ]  # fmt: skip
                    for one in sent:
                        one.get(10)
                return
            except (KafkaError, psycopg.OperationalError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    # who is told

    def _refuse(self, fault: Fault) -> None:
        self.site.receiver.refuses = True
        try:
            self._so_long(fault)
        finally:
            self.site.receiver.refuses = False

    def _forget(self, fault: Fault) -> None:
        self.site.receiver.forgets = True
        try:
            self._so_long(fault)
        finally:
            self.site.receiver.forgets = False


def recent(site: Site, tenant: int) -> list[wire.Record]:
    """The newest facts of a tenant as the relay publishes them."""
    rows: Any = site.ask(
        "SELECT place, recorded, hash, body FROM (SELECT * FROM facts"
        f" WHERE tenant = {tenant} AND place > 3 ORDER BY place DESC LIMIT {RECENT}) AS newest ORDER BY place"
    )
    return [
        wire.Record(
            tenant=tenant, place=place, recorded=recorded, after=None, hash=bytes(hashed), body=bytes(body),
            ledger_id=site.ledger_id, timeline=site.ledger_id,
        )
        for place, recorded, hashed, body in rows
    ]  # fmt: skip
