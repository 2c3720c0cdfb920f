"""A ledger in a folder, and facts made by hand: what every test of this room works with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.candidate import Appended, Candidate, Draft, Outcome, Problem
from ledger.clock import Clock, SimulatedClock
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from ledger.verify import LaneHead, Report, verify
from ledger.writer import Writer
from schemas.canonical import canonical_bytes
from schemas.event import Event
from schemas.instants import SECOND, parse_instant
from tests.kit import places
from tests.kit.places import Where, opened

START = parse_instant("2026-11-22T10:00:00+08:00")


@dataclass
class House:
    """All pieces of one open ledger."""

    place: Where
    clock: Clock
    database: Database
    keys: KeyStore
    writer: Writer
    ledger: Ledger

    @classmethod
    def open(cls, place: Where, clock: Clock | None = None) -> House:
        clock = clock or SimulatedClock(START)
        database = opened(place)
        keys = KeyStore.open(database)
        writer = Writer(database, keys, clock, patience=database.patience)
        return cls(place, clock, database, keys, writer, Ledger(database, writer, keys, clock))

    @property
    def folder(self) -> Path:
        """The data folder; for tests of what SQLite alone has."""
        assert isinstance(self.place, Path)
        return self.place

    def raw(self, *, keys: bool = False) -> AbstractContextManager[Any]:
        """The record, or the keys, as an attacker or an auditor would open them."""
        return places.raw(self.place, keys)

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of every file that the ledger, or its database server, has on the disk."""
        return places.stored(self.place)

    def close(self) -> None:
        self.writer.close()
        self.keys.close()
        self.database.close()

    def reopened(self) -> House:
        self.close()
        return House.open(self.place, self.clock)

    def tenant(self, name: str = "云栖") -> Tenant:
        return self.ledger.add_tenant(name, [])

    def send(self, tenant: Tenant, *candidates: Candidate) -> list[Outcome]:
        return self.ledger.append(tenant, candidates).result(60)

    def keep(self, tenant: Tenant, candidate: Candidate) -> Appended:
        outcome = self.send(tenant, candidate)[0]
        assert isinstance(outcome, Appended), outcome
        return outcome

    def refuse(self, tenant: Tenant, candidate: Candidate) -> Problem:
        outcome = self.send(tenant, candidate)[0]
        assert isinstance(outcome, Problem), outcome
        return outcome

    def facts(self, tenant: Tenant) -> list[Event]:
        with self.database.read() as connection:
            return self.ledger.facts(connection, tenant, 0, 100_000)

    def fact(self, tenant: Tenant, event_id: str) -> Event:
        with self.database.read() as connection:
            found = self.ledger.fact(connection, tenant, event_id)
        assert found is not None
        return found

    def verify(self, expect: Sequence[LaneHead] = ()) -> Report:
        return verify(self.database, expect=expect)

    def count(self, table: str, *, keys: bool = False) -> int:
        with self.raw(keys=keys) as connection:
            found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            return found


@contextmanager
def house(place: Where, clock: Clock | None = None) -> Iterator[House]:
    made = House.open(place, clock)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection, as an attacker or an auditor would open it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def sent(
    number: int | str,
    *,
    source: str = "crm",
    type: str = "complaint.filed",
    data: Mapping[str, Any] | None = None,
    customer: Mapping[str, str] | None = None,
    personal: tuple[str, ...] = (),
    **draft: Any,
) -> Candidate:
    """A candidate as the intake would make it."""
    data = {"n": number} if data is None else data
    draft.setdefault("envelope", {"house_id": "A-1-101"})
    draft.setdefault("case", "opens")
    made = Draft(
        type=type,
        version=1,
        time=draft.pop("time", START - SECOND),
        zone="+08:00",
        data=data,
        personal=personal,
        customer=customer or {},
        **draft,
    )
    content = canonical_bytes([type, data, customer or {}, *sorted(map(str, draft.items()))])
    return Candidate(source=source, source_id=f"no-{number}", content=content, draft=made)
