"""The whole house on a PostgreSQL that is killed, cut off, and goes dead without a word: whoever posts is told 503 within a
bounded time and sends the same again; nothing acknowledged is lost, nothing is doubled, nothing is restarted by hand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger import postgres_engine
from ledger.postgres import PostgresDatabase
from ledger.verify import verify
from projections.dump import dump
from tests.kit.postgres import Cluster, migrated, needed
from tests.kit.proxy import Proxy
from tests.web.site import Site, complaint, until
from touchline.place import Shared

CALLERS = 4
TENANT = "云栖集团"


@dataclass
class Caller(threading.Thread):
    """Posts complaints one after another and keeps what each was answered; after a 503 the same is sent again."""

    site: Site
    key: str
    number: int
    kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    held_up: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    slowest: float = 0.0
    done: bool = False

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        with self.site.client(self.key) as client:
            client.timeout = httpx.Timeout(60)
            pause = threading.Event()
            while not self.done:
                name = f"k{self.number}-{len(self.kept)}"
                raw = complaint(name, self.site.now() - 1_000_000, ticket=name)
                while not self.done:
                    began = time.monotonic()
                    answer = client.post("/events", json=raw)
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    if answer.status_code == 202:
                        told = answer.json()
                        self.kept[name] = (told["event_id"], told["place"])
                        break
                    if answer.status_code == 503:
                        assert answer.headers["retry-after"]
                        self.held_up.append(answer.json()["detail"])
                    else:
                        self.odd.append(f"{answer.status_code} {answer.text}")
                    pause.wait(0.05)


@contextmanager
def calling(site: Site, key: str) -> Iterator[list[Caller]]:
    callers = [Caller(site, key, number) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield callers
    finally:
        for caller in callers:
            caller.done = True
        for caller in callers:
            caller.join(70)


def going_on(callers: list[Caller], more: int = 5) -> None:
    """Each caller gets so many answers from now on."""
    wanted = [len(caller.kept) + more for caller in callers]
    until(lambda: all(len(c.kept) >= n for c, n in zip(callers, wanted, strict=True)), 60)


def held_up(callers: list[Caller]) -> None:
    """Each caller is told 503 once more."""
    wanted = [len(caller.held_up) + 1 for caller in callers]
    until(lambda: all(len(c.held_up) >= n for c, n in zip(callers, wanted, strict=True)), 60)


def examine(site: Site, callers: list[Caller]) -> None:
    """0 lost, 0 doubled; the engine has come to the head by itself; its tables are those of a fresh fold."""
    assert [odd for caller in callers for odd in caller.odd] == []
    house = site.house
    tenant = house.ledger.tenant(TENANT)
    with house.database.read() as conn:
        facts = house.ledger.facts(conn, tenant, 0, 2**31)
    mine = {fact.source_id: (fact.event_id, fact.place) for fact in facts if fact.source == "hotline"}
    assert [fact.place for fact in facts] == list(range(1, len(facts) + 1))
    assert mine == {name: told for caller in callers for name, told in caller.kept.items()}
    until(lambda: site.house.status()["decided"].get(TENANT) == len(facts))
    until(lambda: house.status()["error"] == "")
    assert verify(house.database).problems == []
    with house.reading.snapshot() as (conn, tables):
        shown = list(dump(conn, tables, tenant.number))
    assert len(shown) > len(mine)
    assert rebuilt(house) == {}


def rebuilt(house: Any) -> Any:
    return house.rebuild()["differences"]


@contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[Site, str]]:
    site = Site(Shared(url, folder=folder))
    site.start()
    try:
        yield site, site.key()
    finally:
        site.stop()


@pytest.fixture
def durable() -> Iterator[Cluster]:
    """A server of our own that may be killed, with fsync on."""
    needed()
    cluster = Cluster(durable=True)
    yield cluster
    cluster.close()


@pytest.mark.crash
def test_the_database_is_killed_and_comes_back(durable: Cluster, tmp_path: Path) -> None:
    place = durable.database("ledger", migrated)
    with served(place.url, tmp_path) as (site, key):
        with calling(site, key) as callers:
            for _ in range(2):
                going_on(callers)
                durable.kill()
                held_up(callers)
                with site.client(key) as reader:
                    seen = {reader.get(path).status_code for path in ("/cases", "/promises", "/readyz", "/")}
                assert seen == {503}
                durable.start()
            going_on(callers)
        examine(site, callers)
        with site.client(key) as reader:
            until(lambda: reader.get("/readyz").status_code == 200)


def test_connections_that_are_cut(cluster: Cluster, tmp_path: Path) -> None:
    place = cluster.ledger()
    proxy = Proxy(place.tcp)
    try:
        with served(proxy.url, tmp_path) as (site, key):
            with calling(site, key) as callers:
                for _ in range(3):
                    going_on(callers)
                    proxy.cut()
                    held_up(callers)
                    proxy.heal()
                going_on(callers)
            examine(site, callers)
    finally:
        proxy.close()
        cluster.drop(place)


def test_a_database_that_goes_dead_without_a_word(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side still takes what is sent, so that TCP sees nothing amiss; nothing comes back."""
    for name, seconds in (("reader", 3.0), ("writer", 1.5)):
        monkeypatch.setitem(postgres_engine.PATIENCE, name, seconds)
    monkeypatch.setattr(postgres_engine, "PING", 1.0)
    monkeypatch.setitem(postgres_engine.CONNECTING, "connect_timeout", 2)
    place = cluster.ledger()
    proxy = Proxy(place.tcp)
    try:
        with served(proxy.url, tmp_path) as (site, key):
            with calling(site, key) as callers:
                going_on(callers)
                proxy.hole()
                held_up(callers)
                with site.client(key) as reader:
                    assert reader.get("/cases").status_code == 503
                proxy.heal()
                going_on(callers)
            assert max(caller.slowest for caller in callers) < 15
            examine(site, callers)
    finally:
        proxy.close()
        cluster.drop(place)


def test_the_kernel_is_told_when_to_give_a_connection_up(cluster: Cluster) -> None:
    """A peer that is gone without a word, seen by TCP: noticed within 25 s, idle or not."""
    place = cluster.ledger()
    database = PostgresDatabase.at(place.tcp)
    try:
        with database.read() as reading:
            writing = database.transaction()
            writing.begin()
            for connection in (reading, writing.connection):
                wire: Any = connection.connection.driver_connection
                with socket.socket(fileno=socket.dup(wire.pgconn.socket)) as tcp:
                    options = {
                        name: tcp.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
                        for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
                    }
                    assert tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                assert options == {
                    "TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000
                }  # fmt: skip
            writing.close()
    finally:
        database.close()
        cluster.drop(place)
