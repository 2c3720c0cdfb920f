"""The whole house on a PostgreSQL that is killed, cut off, and goes dead without a word: whoever posts is told 503 within a
bounded time and sends the same again; nothing acknowledged is lost, nothing is doubled, nothing is restarted by hand."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import postgres_engine
from ledger.postgres import PostgresDatabase
from tests.kit.callers import calling, examine, going_on, held_up, served
from tests.kit.postgres import Cluster, migrated, needed
from tests.kit.proxy import Proxy
from tests.web.site import until
from touchline.place import Shared


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
    with served(Shared(place.url, folder=tmp_path)) as (site, key):
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
        with served(Shared(proxy.url, folder=tmp_path)) as (site, key):
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
        with served(Shared(proxy.url, folder=tmp_path)) as (site, key):
            with calling(site, key) as callers:
                going_on(callers)
                proxy.hole()
                held_up(callers)
                with site.client(key) as reader:
                    assert reader.get("/cases").status_code == 503
                proxy.heal()
                going_on(callers)
            assert max(caller.slowest for caller in callers) < 45  # it would have been for ever
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
