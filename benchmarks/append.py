"""Durable appends, sealed and chained, through ``Ledger.append``, beside a raw loop that commits the same bytes and beside the
``eventsourcing`` library, on the same database in the same run.

Events are those of ``benchmarks.traffic``, parsed before the clock runs. *In batches*: arrays of 256 from one caller, up to
four under way; 2,000 customers become known on the way. *Single*: one after the other, each after its commit, of customers
known before. The raw loop writes our stored bodies, hashes and ids into our tables (with their triggers) and moves the
counter, and nothing else: a transaction for each event, or for each 256. With ``eventsourcing`` a case is an aggregate,
as its users write it: loaded, told, saved; its events hold the same JSON, neither sealed nor chained; one event a save, or 256
in one save. SQLite syncs each commit (WAL, FULL).
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks import traffic
from benchmarks.places import Opened, cluster, folder, opened
from ledger.candidate import Appended, Candidate
from ledger.database import Database
from ledger.folder import RECORD_FILE
from producers.candidates import candidate
from schemas.canonical import read_json
from tests.kit.postgres import Place

BATCH = 256
KNOWN = traffic.CUSTOMERS * len(traffic.STEPS)
"""Events after which every customer is known."""
Fact = tuple[int, int, int, bytes, bytes]
Id = tuple[int, bytes, int]


def figures(batched: int = 120_000, single: int = 3_000) -> dict[str, float]:
    """Events a second, and ratios, on both databases."""
    gc.set_threshold(50_000, 20, 20)  # as ``touchline up`` has it
    found: dict[str, float] = {}
    with folder() as here:
        found |= _measured("SQLite", here / "data", here, batched, single, lambda: _Sqlite(here / "raw"))
        found |= _library("SQLite", _sqlite_library(here), batched, single)
    with cluster() as server:
        if server is not None:
            place = server.ledger()
            with folder() as here:
                found |= _measured(
                    "PostgreSQL", place, here, batched, single, lambda: _Postgres(server.ledger())
                )
            found |= _library("PostgreSQL", _postgres_library(server.database()), batched, single)
    for name in ("SQLite", "PostgreSQL"):
        ours = f"append, {name}: "
        if f"{ours}events/s, single" not in found:
            continue
        for label, kind in (
            ("single", "events/s, single"),
            ("in batches", f"events/s in batches of {BATCH}"),
        ):
            mine = found[ours + kind]
            found[f"{ours}{label}, share of the raw loop"] = mine / found[f"{ours}raw loop, {kind}"]
            found[f"{ours}{label}, times eventsourcing"] = mine / found[f"{ours}eventsourcing, {kind}"]
    return found


def _measured(
    name: str, where: Path | Place, here: Path, batched: int, single: int, raw: Callable[[], Any]
) -> dict[str, float]:
    said = f"append, {name}: "
    with opened(where) as house:
        many = _candidates(range(batched))
        used, taken = _in_batches(house, many)
        found = {
            f"{said}events/s in batches of {BATCH}": batched / taken,
            f"{said}µs of processor an event in batches": used / batched * 1e6,
        }
        if batched < KNOWN:
            _in_batches(house, _candidates(range(batched, KNOWN)))
        first = max(batched, KNOWN)
        one_by_one = _candidates(range(first, first + single))
        used, taken = _one_by_one(house, one_by_one)
        found[f"{said}events/s, single"] = single / taken
        found[f"{said}µs of processor an event, single"] = used / single * 1e6
        facts, ids = _stored(house)
    loop = raw()
    try:
        taken = _timed(lambda: [loop.commit(*rows) for rows in _parts(facts[:batched], ids, BATCH)])
        found[f"{said}raw loop, events/s in batches of {BATCH}"] = batched / taken
        taken = _timed(lambda: [loop.commit(*rows) for rows in _parts(facts[-single:], ids, 1)])
        found[f"{said}raw loop, events/s, single"] = single / taken
    finally:
        loop.close()
    return found


def _candidates(numbers: range) -> list[Candidate]:
    now = time.time_ns() // 1000
    made = [candidate(read_json(traffic.body(number)), traffic.SOURCE, now) for number in numbers]
    assert all(one.problem is None for one in made)
    gc.collect()
    gc.freeze()  # what the source holds is not the ledger's to look through
    return made


def _in_batches(house: Opened, candidates: Sequence[Candidate]) -> tuple[float, float]:
    """(seconds of processor, seconds)."""
    used, began = time.process_time(), time.perf_counter()
    under_way: deque[Any] = deque()
    for at in range(0, len(candidates), BATCH):
        under_way.append(house.ledger.append(house.tenant, candidates[at : at + BATCH]))
        if len(under_way) == 4:
            _kept(under_way.popleft().result())
    while under_way:
        _kept(under_way.popleft().result())
    return time.process_time() - used, time.perf_counter() - began


def _one_by_one(house: Opened, candidates: Sequence[Candidate]) -> tuple[float, float]:
    used, began = time.process_time(), time.perf_counter()
    for one in candidates:
        _kept(house.ledger.append(house.tenant, [one]).result())
    return time.process_time() - used, time.perf_counter() - began


def _kept(outcomes: list[Any]) -> None:
    assert all(isinstance(outcome, Appended) and not outcome.duplicate for outcome in outcomes)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _stored(house: Opened) -> tuple[list[Fact], dict[int, Id]]:
    with house.database.read() as connection:
        read = connection.exec_driver_sql
        facts = [
            (t, place, recorded, bytes(body), bytes(hashed))
            for t, place, recorded, body, hashed in read(
                "SELECT tenant, place, recorded, body, hash FROM facts ORDER BY place"
            )
        ]
        ids = {
            place: (t, bytes(key), place)
            for t, key, place in read("SELECT tenant, event_id, place FROM fact_ids")
        }
    return facts, ids


def _parts(facts: Sequence[Fact], ids: dict[int, Id], size: int) -> Iterator[tuple[list[Fact], list[Id]]]:
    for at in range(0, len(facts), size):
        part = list(facts[at : at + size])
        yield part, [ids[fact[1]] for fact in part]


class _Sqlite:
    """Our own tables in another folder, written by nothing but the driver."""

    def __init__(self, here: Path) -> None:
        with opened(here):
            pass
        Database.open(here).close()
        self._connection = sqlite3.connect(here / RECORD_FILE, isolation_level=None)
        for pragma in ("synchronous=FULL", "cache_size=-32768"):
            self._connection.execute(f"PRAGMA {pragma}")

    def commit(self, facts: list[Fact], ids: list[Id]) -> None:
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        run.executemany(
            "INSERT OR FAIL INTO facts (tenant, place, recorded, body, hash) VALUES (?,?,?,?,?)", facts
        )
        run.executemany("INSERT OR FAIL INTO fact_ids (tenant, event_id, place) VALUES (?,?,?)", ids)
        tenant, place, recorded, _, hashed = facts[-1]
        run.execute(
            "UPDATE counters SET place=?, recorded=?, hash=? WHERE tenant=?",
            (place, recorded, hashed, tenant),
        )
        run.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


FACT_SQL = "INSERT INTO touchline.facts (tenant, place, recorded, body, hash) VALUES (%s,%s,%s,%s,%s)"
ID_SQL = "INSERT INTO touchline.fact_ids (tenant, event_id, place) VALUES (%s,%s,%s)"
COUNTER_SQL = "UPDATE touchline.counters SET place=%s, recorded=%s, hash=%s WHERE tenant=%s"


class _Postgres:
    """Our own tables in another database: one round trip for one event, a pipeline for a batch."""

    def __init__(self, place: Place) -> None:
        with opened(place):
            pass
        self._connection = psycopg.connect(place.url, autocommit=True)

    def commit(self, facts: list[Fact], ids: list[Id]) -> None:
        tenant, place, recorded, _, hashed = facts[-1]
        counter = (place, recorded, hashed, tenant)
        if len(facts) == 1:
            one = f"WITH f AS ({FACT_SQL}), i AS ({ID_SQL}) {COUNTER_SQL}"
            self._connection.execute(one, (*facts[0], *ids[0], *counter))
            return
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(FACT_SQL, facts)
            cursor.executemany(ID_SQL, ids)
            cursor.execute(COUNTER_SQL, counter)

    def close(self) -> None:
        self._connection.close()


class Case(Aggregate):
    """A case as the library's users write it; each touchpoint is an event that holds the same JSON."""

    @event("Opened")
    def __init__(self, text: str) -> None:
        self.text = text

    @event("Told")
    def told(self, text: str) -> None:
        self.text = text


def _sqlite_library(here: Path) -> dict[str, str]:
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(here / "library.db")}


def _postgres_library(place: Place) -> dict[str, str]:
    url = urlsplit(place.admin)
    told = parse_qs(url.query)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": url.path.removeprefix("/"),
        "POSTGRES_HOST": told["host"][0],
        "POSTGRES_PORT": told["port"][0],
        "POSTGRES_USER": url.username or "",
        "POSTGRES_PASSWORD": "-",
    }


def _library(name: str, environment: dict[str, str], batched: int, single: int) -> dict[str, float]:
    said = f"append, {name}: eventsourcing, "
    application: Application[Any] = Application(env=environment)
    try:
        used = batched // 8 // BATCH * BATCH or BATCH
        taken = _timed(lambda: _cases(application, range(used), BATCH))
        found = {f"{said}events/s in batches of {BATCH}": used / taken}
        taken = _timed(lambda: _cases(application, range(used, used + single), 1))
        found[f"{said}events/s, single"] = single / taken
    finally:
        application.close()
    return found


def _cases(application: Application[Any], numbers: range, together: int) -> None:
    """Each event to its case, which is loaded first where it stands already; so many events are one save."""
    known: dict[int, Any] = {}
    waiting: dict[int, Case] = {}
    for count, number in enumerate(numbers, 1):
        at = number // len(traffic.STEPS)
        text = traffic.body(number).decode()
        if at in waiting:
            waiting[at].told(text)
        elif at in known:
            waiting[at] = application.repository.get(known[at])
            waiting[at].told(text)
        else:
            waiting[at] = Case(text)
            known[at] = waiting[at].id
        if count % together == 0 or count == len(numbers):
            application.save(*waiting.values())
            waiting.clear()
