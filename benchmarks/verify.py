"""How fast verify is: `python -m benchmarks.verify [FACTS]`. Facts of CPU seconds, one process, caches warm.

The facts are those of the simulated estate (a week of it, sealed as they come in, 0.9 kB each), repeated under new ids until
there are enough, and chained as the ledger does.

Where 5.5 µs of a fact go (Debian 12, Python 3.11, SQLite 3.40, 0.8 kB bodies): its event id, found in the body and computed
again, 2.0; SHA-256 of the row 0.7 and framing it 0.4; SQLite hands it over 0.6; its share of the total that the id table
must agree with 0.4, and the id table's own row 0.7; the loop 0.6. The goal of 200,000 a core is 5.0; what is left is
Python's price for a call, which only a kernel in C would lower. `touchline verify` of 500,000 facts, on two cores that others
used too: 2.9 s by one process, 1.9 s by two, of which half a second is their start.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection, select

from benchmarks.straight import place, renamed
from ledger.candidate import Appended
from ledger.clock import SimulatedClock
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.tables import facts
from ledger.tenants import Tenant
from ledger.verify import verify
from ledger.writer import Writer
from producers.candidates import candidate
from producers.simulator.week import DAYS, week
from schemas.canonical import canonical_bytes
from schemas.instants import DAY, parse_instant

BASE = parse_instant("2026-11-01T00:00:00+08:00")
_TOGETHER = 1000


def fill(folder: Path, count: int) -> None:
    """A ledger of one tenant with ``count`` facts."""
    database = Database.open(folder)
    keys = KeyStore.open(database)
    clock = SimulatedClock(BASE + DAYS * DAY)
    writer = Writer(database, keys, clock)
    ledger = Ledger(database, writer, keys, clock)
    tenant = ledger.add_tenant("yunqi", [])
    touches = [t for t in week(tenant=tenant.name, seed=8, base=BASE) if t.sent <= clock.now()]
    offered = [candidate(touch.cloudevent(), touch.source, clock.now()) for touch in touches]
    assert all(isinstance(outcome, Appended) for outcome in ledger.append(tenant, offered).result())
    with database.read() as connection:
        bodies = [
            json.loads(body) for body in connection.scalars(select(facts.c.body).order_by(facts.c.place))
        ]
    for at in range(0, max(0, count - len(bodies)), _TOGETHER):
        share = range(at, min(at + _TOGETHER, count - len(bodies)))
        writer.call(lambda conn, share=share: _repeat(conn, tenant, bodies, share))  # type: ignore[misc]
    writer.close()
    keys.close()
    database.close()


def _repeat(connection: Connection, tenant: Tenant, bodies: list[dict[str, object]], share: range) -> None:
    made = (renamed(tenant, bodies[number % len(bodies)], number) for number in share)
    place(connection, tenant, [(body["event_id"], canonical_bytes(body)) for body in made])


def figures(count: int = 200_000) -> dict[str, float]:
    """Named figures, each in the unit that its name says."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        fill(folder, count)
        database = Database.open(folder, create=False)
        try:
            with database.read() as connection:
                size = connection.exec_driver_sql("SELECT avg(length(body)) FROM facts").scalar_one()
            found: dict[str, float] = {"verify: bytes of a body": round(float(size))}
            for label, deep in (("facts/s a core", False), ("facts/s a core, --deep", True)):
                began = time.process_time()
                report = verify(database, deep=deep)
                found[f"verify: {label}"] = round(report.checked / (time.process_time() - began))
                assert report.ok, report.problems[:3]
        finally:
            database.close()
        return found


def main() -> None:
    for label, value in figures(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000).items():
        print(f"{label:<32} {value:>12,.0f}")


if __name__ == "__main__":
    main()
