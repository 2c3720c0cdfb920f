"""Callers of a whole house over HTTP, who send again what was answered 503; and what must be so afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from ledger.verify import verify
from projections.dump import dump
from tests.web.site import Site, complaint, until
from touchline.place import Place

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
def served(place: Place) -> Iterator[tuple[Site, str]]:
    site = Site(place)
    site.start()
    try:
        yield site, site.key()
    finally:
        site.stop()
