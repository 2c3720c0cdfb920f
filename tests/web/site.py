"""A real house behind a real server on a free port: ledger, engine, alerts, HTTP. Nothing here is a stand-in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import httpx

from ledger import access
from ledger.clock import SimulatedClock
from ledger.tenants import Tenant
from schemas.instants import Instant, format_instant, parse_instant
from touchline.house import House
from touchline.place import Place
from touchline.serving import listening, services, url_of
from touchline.settings import Settings
from web.app import create_app
from web.server import Server

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that a condition may take to come true."""


def until(look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true value that ``look`` gives; fails when the time is over."""
    end = time.monotonic() + seconds
    turn = threading.Event()
    while not (found := look()):
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        turn.wait(0.02)
    return found


class Site:
    """One data folder that is served. ``stop`` and ``start`` restart the server and everything under it."""

    def __init__(self, folder: Place, clock: SimulatedClock | None = None, **settings: Any) -> None:
        self.folder = folder
        self.clock = clock
        self.settings = Settings(**settings)
        self.house: House
        self.url = ""
        self.wait = 10.0
        """Seconds that a read with ``after`` waits for the engine."""
        self._server: Server
        self._thread: threading.Thread

    def start(self, port: int = 0) -> None:
        self.house = House.open(self.folder, self.settings, self.clock)
        door = listening("127.0.0.1", port)
        self.url = url_of(door)
        self.house.ring(self.url)
        self.house.start()
        given = services(self.house)
        self._server = Server(create_app(replace(given, settings=replace(given.settings, wait=self.wait))))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [door]}, daemon=True)
        self._thread.start()
        until(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the server did not end"
        self.house.close()

    def tenant(self, name: str = "云栖集团") -> Tenant:
        if name not in {tenant.name for tenant in self.house.ledger.tenants()}:
            self.house.admin.perform("tenant.add", {"name": name})
        return self.house.ledger.tenant(name)

    def key(
        self,
        source: str = "hotline",
        tenant: str = "云栖集团",
        *,
        write_only: bool = False,
        admin: bool = False,
        approver: bool = False,
    ) -> str:
        found = self.tenant(tenant)
        return self.house.writer.call(
            lambda conn: access.create(conn, found, source, write_only, admin, approver)
        )

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # no TLS here, and to read the world's certificates takes longer than most tests
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False, verify=False
        )

    def let_pass(self, micros: int) -> None:
        """Let time pass, on a site with a simulated clock; what has come due is concluded by the running engine."""
        assert self.clock is not None
        self.clock.set(self.clock.now() + micros)
        assert self.house.runner is not None
        self.house.runner.wake()

    def now(self) -> Instant:
        return self.house.clock.now()


START = parse_instant("2026-03-02T09:00:00+08:00")
"""A Monday on which simulated clocks begin."""


def complaint(name: str, at: Instant, **more: Any) -> dict[str, Any]:
    """A complaint as a call centre would send it."""
    return {
        "specversion": "1.0",
        "id": name,
        "type": "complaint.received",
        "time": format_instant(at),
        "houseid": "yunqi-3-1201",
        "projectid": "yunqi",
        "channel": "hotline",
        "actorrole": "cs_front_desk",
        "data": {
            "description": "卫生间天花板渗水",
            "customer": {"number": "C-1", "name": "王女士", "phone": "13800000000"},
        },
        **more,
    }
