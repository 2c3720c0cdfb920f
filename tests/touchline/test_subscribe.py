"""``touchline subscribe`` as an operator runs it: through the server of a data folder, and on a PostgreSQL that goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.kit.kafka import Kafka, free_ports
from tests.kit.postgres import Cluster
from tests.kit.proxy import Proxy
from tests.kit.records import binary, make_topic, send, structured, ticket
from tests.touchline.commands import ROOT, Server, Shell, until
from touchline.exits import Exit
from touchline.healthy import healthy


class Subscribing:
    """The command in a process of its own; ``end`` sends SIGTERM and gives what it counted."""

    def __init__(self, kafka: Kafka, topic: str, folder: Path, *words: str) -> None:
        self.port = free_ports(1)[0]
        self._log = (folder / f"log-{self.port}").open("w+")
        given = ["--topic", topic, "--source", "crm", "--session", "2", "--metrics-port", str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "touchline", "subscribe", *given, "--json", "--data", str(folder), *words],
            cwd=ROOT, env={**os.environ, "TOUCHLINE_KAFKA": kafka.servers[0], "TOUCHLINE_LOG_FORMAT": "json"},
            stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip

    def figure(self, line: str) -> float:
        """0 while it does not answer yet."""
        assert self.process.poll() is None, self.said()
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f"http://127.0.0.1:{self.port}/metrics"
            ) as answer:
                text = answer.read().decode()
        except OSError:
            return 0.0
        return next(float(row.rpartition(" ")[2]) for row in text.splitlines() if row.startswith(line))

    def received(self, kind: str = "received") -> float:
        return self.figure(f'touchline_subscriber_records_total{{became="{kind}"}}')

    def said(self) -> str:
        self._log.flush()
        self._log.seek(0)
        return self._log.read()

    def end(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, self.said()
        found: dict[str, Any] = json.loads(out)
        return found

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()


def test_through_the_server_of_a_data_folder(
    acme: Shell, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = make_topic(kafka)
    monkeypatch.setenv("TOUCHLINE_KAFKA", kafka.servers[0])
    asked = ("subscribe", "--topic", topic, "--source", "crm", "--metrics-port", "0")
    alone = acme(*asked)
    assert (alone.code, "start touchline up first" in alone.err) == (Exit.UNAVAILABLE, True)
    own = acme("subscribe", "--topic", "touchline.facts", "--source", "crm")
    assert (own.code, "taken into itself" in own.err) == (Exit.USAGE, True)
    server = Server(acme.folder, "up")
    running = Subscribing(kafka, topic, acme.folder)
    try:
        send(kafka, topic, [(0, structured(ticket("a"))), (0, ([], b"13800138000"))])
        until(lambda: running.received() == 2, "both are taken")
        server.end(signal.SIGKILL)
        send(kafka, topic, [(0, binary(ticket("b")))])
        until(lambda: running.figure("touchline_subscriber_waiting") == 1, "it waits for the server")
        server = Server(acme.folder, "up")
        until(lambda: running.received() == 3, "it goes on with another server, port and token")
        assert running.end() == {"received": 3, "kept": 2, "duplicates": 0, "dead": 1}
        assert "13800138000" not in running.said()
    finally:
        running.close()
        code, _, err = server.end()
    assert code == 0
    assert "13800138000" not in err
    (dead,) = acme("dead", "list", "--json").json
    assert (dead["source"], dead["reason"].endswith(f"({topic}/0/1)")) == ("crm", True)
    shown = acme("dead", "show", dead["id"], "--clear", "--by", "it-007")
    assert "13800138000" in shown.out
    assert acme("dead", "discard", dead["id"], "--reason", "test_data", "--by", "it-007").code == 0
    facts = [one for one in acme("tail", "--json").json if one.get("source") == "crm"]
    assert [one["type"] for one in facts] == ["complaint.received"] * 2


def test_on_a_postgresql_that_goes_away(
    cluster: Cluster, kafka: Kafka, shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, topic = cluster.ledger(), make_topic(kafka)
    assert shell("tenant", "add", "acme", "--database", place.url).code == 0
    proxy = Proxy(place.tcp)
    running = Subscribing(kafka, topic, tmp_path, "--database", proxy.url)
    try:
        send(kafka, topic, [(0, structured(ticket("a")))])
        until(lambda: running.received() == 1, "taken")
        proxy.cut()
        send(kafka, topic, [(0, structured(ticket("b"))), (0, ([], b"?")), (0, binary(ticket("c")))])
        until(lambda: running.figure("touchline_subscriber_waiting") == 1, "it waits for the database")
        assert healthy(running.port)
        proxy.heal()
        until(lambda: running.received() >= 4, "it goes on by itself")
        done = running.end()
        assert (done["kept"] + done["duplicates"], done["dead"]) == (3, 1)
    finally:
        running.close()
        proxy.close()
        cluster.drop(place)
