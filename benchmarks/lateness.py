"""How late a breach is said, with so many open promises and 1,000 facts/s coming in.

`python -m benchmarks.lateness [OPEN] [SECONDS]`.

Real clock, the embedded runner's own thread, the writer beside it. A policy of one minute is published beside the shipped
ones; every fifth fact opens a case that happened 56 s ago, so that it is breached 4 s after it is recorded; the others go on
with open cases. Lateness is the recorded instant of ``obligation.breached`` less the instant at which it was due.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Any

from benchmarks.engine import prepare
from benchmarks.load import machine
from ledger.candidate import Appended
from ledger.clock import SystemClock
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from ledger.writer import Writer
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from producers.candidates import candidate
from projections.store import open_store
from schemas.instants import SECOND, Instant
from tests.kit.policies import with_more
from tests.kit.world import SOURCE, event
from touchline.defaults import publications
from touchline.rules import rules

RATE = 1000
"""Facts a second."""
PULSE = 0.01
"""Seconds between two lots."""
AGO = 56 * SECOND
PER_CASE = 5
"""Promises that one complaint opens, about."""


class Site:
    """A ledger with an engine on the machine's own clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.database = Database.open(folder)
        self.keys = KeyStore.open(self.database)
        self.writer = Writer(self.database, self.keys, self.clock)
        self.ledger = Ledger(self.database, self.writer, self.keys, self.clock)
        self.store = open_store(self.database, self.writer, rules())
        self.ledger.add_tenant("bench", publications(self.clock.now()))
        self.tenant: Tenant = self.ledger.tenant("bench")
        self.progress = Progress()
        self.runner = EmbeddedRunner(self.ledger, self.store, rules(), self.progress, "bench")
        self.runner.start()

    def append(self, *raws: dict[str, Any], admin: bool = False) -> None:
        now = self.clock.now()
        done = self.ledger.append(self.tenant, [candidate(raw, SOURCE, now, admin) for raw in raws]).result(
            60
        )
        bad = [one for one in done if not isinstance(one, Appended)]
        assert not bad, bad[0]

    def settled(self) -> None:
        """Wait until the engine is at the head."""
        with self.database.read() as conn:
            head = self.ledger.head(conn, self.tenant).place
        while not self.progress.wait(self.tenant.number, head, 1):
            assert not self.runner.status.error, self.runner.status.error

    def close(self) -> None:
        self.runner.stop()
        self.writer.close()
        self.keys.close()
        self.database.close()


@contextmanager
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        made = Site(Path(folder) / "data")
        try:
            yield made
        finally:
            made.close()


def minute_policy(now: Instant) -> dict[str, Any]:
    """The shipped profile and one promise of a minute that nobody will keep."""
    minute = {
        "row": "O1",
        "zh": "测",
        "on": "complaint.received",
        "per": ["case"],
        "due": {"after": "1min"},
        "by": "complaint.closed",
        "owes": "project_cs",
    }
    data = with_more("bench.1", {"bench.minute": minute})
    return event("policy.published", "bench", now, data=data)


def complaint(own: str, time: Instant) -> dict[str, Any]:
    data = {"subject": "engineering", "category": "leak", "severity": "ordinary", "description": "渗水"}
    return event("complaint.received", own, time, ticket=own, data=data)


def fill(made: Site, promises: int) -> None:
    """Open so many promises of the shipped policies, none due soon."""
    for start in range(0, promises // PER_CASE, 500):
        stop = min(start + 500, promises // PER_CASE)
        made.append(*(complaint(f"F{n}", made.clock.now()) for n in range(start, stop)))
        if not start % 20_000:
            made.settled()
            print(
                f"\r{start * PER_CASE:,} of {promises:,} promises open ", end="", file=sys.stderr, flush=True
            )
    made.settled()


def load(made: Site, seconds: float, tag: str) -> int:
    """1,000 facts a second for so long; how many were sent."""
    lot, sent, began, number = round(RATE * PULSE), 0, monotonic(), 0
    while (passed := monotonic() - began) < seconds:
        while sent < passed * RATE:
            then = made.clock.now() - AGO
            raws = []
            for _ in range(lot):
                number += 1
                then += 1
                if number % 5 == 1:
                    raws.append(complaint(f"{tag}{number}", then))
                else:
                    data = {"progress": "已安排"}
                    ticket = f"{tag}{number - (number - 1) % 5}"
                    raws.append(
                        event("complaint.progress_notified", f"{tag}{number}", then, ticket=ticket, data=data)
                    )
            made.append(*raws)
            sent += lot
        sleep(PULSE / 2)
    return sent


def measure(promises: int = 10_000, seconds: float = 15) -> dict[str, int]:
    """Named figures of one run; lateness in milliseconds."""
    with site() as made:
        fill(made, promises)
        made.append(minute_policy(made.clock.now()), admin=True)
        made.settled()
        load(made, 3, "W")  # warm
        prepare()
        with made.database.read() as conn:
            stood = made.progress.at(made.tenant.number)[1]
        spent, began = process_time(), monotonic()
        sent = load(made, seconds, "L")
        wall, cpu = monotonic() - began, process_time() - spent
        made.settled()
        done = threading.Event()
        done.wait(6)  # the last are due
        with made.database.read() as conn:
            verdicts = made.ledger.verdicts(conn, made.tenant, stood, 2**31)
            open_now = conn.exec_driver_sql(
                f"SELECT count(*) FROM promises_{made.store.name} WHERE state = 'open'"
            ).scalar_one()
        late = sorted(
            v.recorded - v.time
            for v in verdicts
            if v.type == "obligation.breached" and v.data["obligation_key"] == "bench.minute"
        )
        assert len(late) > sent // 10, f"{len(late)} breaches of {sent} facts"
        return {
            "open_promises": int(open_now),
            "facts_per_second": round(sent / wall),
            "breaches": len(late),
            "lateness_p50_ms": late[len(late) // 2] // 1000,
            "lateness_p99_ms": late[len(late) * 99 // 100] // 1000,
            "lateness_max_ms": late[-1] // 1000,
            "cpu_percent": round(cpu / wall * 100),
        }


def main() -> None:
    counts = [int(sys.argv[1])] if len(sys.argv) > 1 else [10_000, 100_000]
    for line in machine():
        print(line)
    for promises in counts:
        print("lateness", measure(promises, float(sys.argv[2]) if len(sys.argv) > 2 else 15))


if __name__ == "__main__":
    main()
