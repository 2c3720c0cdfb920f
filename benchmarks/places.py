"""The databases that are measured: a folder on the disk, and a PostgreSQL of our own that syncs its commits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.clock import SystemClock
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.postgres import PostgresDatabase
from ledger.tenants import Tenant
from ledger.writer import Writer
from tests.kit.postgres import Cluster, Place, binaries


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger with one tenant, and nothing that reads it."""

    database: Database
    ledger: Ledger
    tenant: Tenant


@contextmanager
def opened(where: Path | Place) -> Iterator[Opened]:
    """Open it as the application does; a first tenant is registered without publications."""
    database = Database.open(where) if isinstance(where, Path) else PostgresDatabase.at(where.url)
    keys = KeyStore.open(database)
    clock = SystemClock() if isinstance(where, Path) else database.clock
    writer = Writer(database, keys, clock, patience=database.patience)
    ledger = Ledger(database, writer, keys, clock)
    try:
        tenant = next(iter(ledger.tenants()), None) or ledger.add_tenant("yunhe", [])
        yield Opened(database, ledger, tenant)
    finally:
        writer.close()
        keys.close()
        database.close()


@contextmanager
def cluster() -> Iterator[Cluster | None]:
    """A PostgreSQL with fsync on; None where the machine has none."""
    if binaries() is None:
        yield None
        return
    made = Cluster(durable=True)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tl-bench-") as name:
        yield Path(name)
