"""What the Kafka benchmarks have in common: PostgreSQL that syncs, one broker, and processes as an operator starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.places import cluster
from ledger.brokers import Brokers
from tests.kit.kafka import Kafka, Unavailable
from tests.kit.postgres import Cluster, Place

SOON = 120.0
ENGINES = "SELECT tenant, decided, owner FROM touchline.engines ORDER BY tenant"
HEADS = "SELECT coalesce(sum(place), 0) FROM touchline.counters"


@dataclass
class Plant:
    """One broker, one database server. ``run`` starts a command of ours against a database and a word for its topics."""

    server: Cluster
    kafka: Kafka
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, brokers: Brokers) -> dict[str, str]:
        return {
            **os.environ,
            "TOUCHLINE_KAFKA": ",".join(brokers.servers),
            "TOUCHLINE_KAFKA_TOPICS": brokers.topics,
            "PYTHONUTF8": "1",
        }

    def parts(self) -> dict[str, int]:
        """Process ids of PostgreSQL and of the broker."""
        server, broker = self.server._server, self.kafka.nodes[0].process
        assert server is not None
        assert broker is not None
        return {"PostgreSQL": server.pid, "Kafka": broker.pid}

    def run(self, place: Place, brokers: Brokers, *words: str) -> subprocess.Popen[bytes]:
        said = self.folder / f"{len(self.processes)}.log"
        with said.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "touchline", *words, "--database", place.url],
                env=self.environment(brokers), stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def done(self, place: Place, brokers: Brokers, *words: str) -> None:
        process = self.run(place, brokers, *words)
        if process.wait(SOON):
            raise RuntimeError(self.said(process))

    def said(self, process: subprocess.Popen[bytes]) -> str:
        number = self.processes.index(process)
        return f"{process.args!r}: {(self.folder / f'{number}.log').read_text(errors='replace')[-2000:]}"

    def until(self, look: Callable[[], Any], *alive: subprocess.Popen[bytes]) -> None:
        """Wait for it as long as these processes live."""
        end = time.monotonic() + SOON
        while not look():
            for process in alive:
                if process.poll() is not None:
                    raise RuntimeError(self.said(process))
            if time.monotonic() > end:
                raise RuntimeError("it did not come about: " + "".join(map(self.said, alive)))
            time.sleep(0.02)

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def plant() -> Iterator[Plant | None]:
    """None, said on standard error, where the machine has no PostgreSQL, or no Java and no jars."""
    with ExitStack() as stack:
        server = stack.enter_context(cluster())
        try:
            kafka = Kafka(1) if server is not None else None
        except Unavailable as error:
            print(f"no Kafka here: {error}", file=sys.stderr)
            kafka = None
        if server is None or kafka is None:
            yield None
            return
        stack.callback(kafka.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tl-bench-")))
        made = Plant(server, kafka, folder)
        try:
            yield made
        finally:
            made.end(*(one for one in made.processes if one.poll() is None))


def used(*pids: int) -> float:
    """Seconds of processor so far of these processes, their children, and their children that ended."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            try:
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):  # it ended just now
                continue
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Engines:
    """What an onlooker sees in the database: decided places and owners."""

    def __init__(self, place: Place) -> None:
        self._connection = psycopg.connect(place.admin, autocommit=True)

    def decided(self) -> dict[int, int]:
        return {tenant: decided for tenant, decided, _ in self._connection.execute(ENGINES)}

    def owners(self) -> set[str]:
        return {owner for _, _, owner in self._connection.execute(ENGINES)}

    def heads(self) -> int:
        row = self._connection.execute(HEADS).fetchone()
        assert row is not None
        return int(row[0])

    def size(self) -> int:
        """Bytes of the database on its disk, without the write-ahead log."""
        row = self._connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        self._connection.close()


class Watch:
    """Notes when each decided place was first seen: (monotonic seconds, place) by tenant, every few milliseconds."""

    PULSE = 0.004

    def __init__(self, place: Place) -> None:
        self.seen: dict[int, list[tuple[float, int]]] = {}
        self._engines = Engines(place)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._engines.close()

    def until(self, places: int) -> None:
        """Wait until so many places of all tenants were seen."""
        end = time.monotonic() + SOON
        while sum(line[-1][1] for line in list(self.seen.values())) < places:
            if time.monotonic() > end:
                raise RuntimeError("not everything was decided")
            time.sleep(0.02)

    def when(self, tenant: int, place: int) -> float:
        """When that place was first seen decided."""
        line = self.seen[tenant]
        return line[bisect_left(line, place, key=lambda one: one[1])][0]

    def _run(self) -> None:
        while not self._over.wait(self.PULSE):
            found, now = self._engines.decided(), time.monotonic()
            for tenant, place in found.items():
                line = self.seen.setdefault(tenant, [])
                if not line or line[-1][1] != place:
                    line.append((now, place))
