"""Senders that begin and fall silent, and a queue that is full: others go on."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from schemas.instants import MINUTE
from tests.kit.world import START, World, event
from tests.web.site import PATIENCE, Site, complaint, until

SILENT = 80
"""More than there are threads for requests."""


def test_who_falls_silent_in_the_middle_of_a_request_holds_nobody_up(tmp_path: Path) -> None:
    site = Site(tmp_path / "data")
    site.start()
    try:
        key = site.key()
        address = urlsplit(site.url)
        with ExitStack() as open_, site.client(key) as client:
            for number in range(SILENT):
                sender = open_.enter_context(socket.create_connection((address.hostname, address.port or 0)))
                words = f"POST /events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n"
                words += "Content-Type: application/cloudevents+json\r\n"
                if number % 2:  # the other half stops within the headers
                    words += 'Content-Length: 500\r\n\r\n{"specversion"'
                sender.sendall(words.encode())
            client.timeout = 5
            for number in range(20):
                answer = client.post("/events", json=complaint(f"k{number}", site.now() - MINUTE, ticket="T"))
                assert answer.status_code == 202, answer.text
            assert client.get("/cases").status_code == 200
        assert site.house.progress.wait(site.tenant().number, answer.json()["place"], PATIENCE)
        with site.client(key) as client:  # they are gone, and left nothing behind
            assert len(client.get("/cases").json()) == 1
    finally:
        site.stop()


def test_a_full_queue_holds_the_engine_up_and_does_not_end_it(world: World) -> None:
    data = {"subject": "engineering", "category": "leak", "description": "渗水"}
    kept = world.keep(event("complaint.received", "a", START, ticket="a", data=data), START + MINUTE)
    runner = EmbeddedRunner(world.ledger, world.store, world.rules, Progress(), "busy")
    there, go = threading.Event(), threading.Event()

    def stands() -> None:
        there.set()
        assert go.wait(60)

    held = world.writer.submit(lambda _: stands())
    assert there.wait(60)
    world.writer._bound = 1
    waiting = world.writer.submit(lambda _: None)
    runner.start()
    try:
        until(lambda: "Too many writes" in runner.status.error)
        go.set()
        held.result(60)
        waiting.result(60)
        until(lambda: runner.status.decided.get(world.tenant.name) == kept.place)
        assert runner.status.running
        until(lambda: runner.status.error == "")
    finally:
        go.set()
        runner.stop()
