"""Who may be reached from where; the pulse of processes without pages; alerts from a process of their own."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing, suppress

import psycopg
import pytest
from prometheus_client import CollectorRegistry, Gauge

from ledger.leases import ALERTS
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.touchline.commands import DEADLINE, ROOT, Shell, until
from touchline.door import BEYOND, listening
from touchline.exits import Exit, Refused
from touchline.healthy import healthy
from touchline.pulse import Pulse
from touchline.serving import url_of


def test_beyond_loopback_only_where_somebody_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BEYOND, raising=False)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example"):
        for said in ("", "no", "1", "true"):
            monkeypatch.setenv(BEYOND, said)
            with pytest.raises(Refused, match=BEYOND) as refused:
                listening(host, 0)
            assert refused.value.code is Exit.USAGE
    monkeypatch.setenv(BEYOND, "yes")
    with closing(listening("0.0.0.0", 0)) as door:
        assert door.getsockname()[0] == "0.0.0.0"
        assert url_of(door) == f"http://127.0.0.1:{door.getsockname()[1]}"  # where this machine finds it


def test_a_pulse_tells_health_and_figures_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    registry = CollectorRegistry()
    Gauge("touchline_test", "A figure", registry=registry).set(7)
    well = [True]
    pulse = Pulse(registry, lambda: (200, {"status": "ok"}) if well[0] else (503, {}), "127.0.0.1", 0)
    with closing(pulse):
        assert f":{pulse.port}/metrics" in capsys.readouterr().err
        with urllib.request.urlopen(f"http://127.0.0.1:{pulse.port}/metrics", timeout=DEADLINE) as answer:
            assert b"touchline_test 7.0" in answer.read()
        assert healthy(pulse.port)
        assert not healthy(pulse.port, "/elsewhere")
        well[0] = False
        assert not healthy(pulse.port)
        assert capsys.readouterr() == ("", ""), "who asks is written down nowhere"
        with pytest.raises(Refused, match=f"Port {pulse.port} cannot be used"):
            Pulse(registry, lambda: (200, {}), "127.0.0.1", pulse.port)
    assert not healthy(pulse.port)
    asked = subprocess.run(
        [sys.executable, "-m", "touchline.healthy", str(pulse.port)], cwd=ROOT, check=False
    )
    assert asked.returncode == 1


def test_who_hangs_up_is_not_told_and_a_fault_by_its_kind_alone(capsys: pytest.CaptureFixture[str]) -> None:
    gone = threading.Event()
    of_others = set(threading.enumerate())  # of a server that another test left idle

    def answering() -> bool:
        return "process_request" in str(set(threading.enumerate()) - of_others)

    def health() -> tuple[int, dict[str, object]]:
        assert gone.wait(DEADLINE)
        if faults:
            raise faults.pop()
        return 200, {}

    faults = [ValueError("王女士")]
    for _ in range(2):
        gone.clear()
        with closing(Pulse(CollectorRegistry(), health, "127.0.0.1", 0)) as pulse:
            with socket.create_connection(("127.0.0.1", pulse.port)) as asking:
                asking.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
                until(answering, "it is being answered")
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.set()
            until(lambda: not answering(), "that is over")
    said = "".join(capsys.readouterr())
    assert (said.count("not_answered"), said.count("ValueError")) == (1, 1)
    assert "王女士" not in said
    assert "Traceback" not in said


def test_alerts_of_their_own_need_postgresql(shell: Shell) -> None:
    refused = shell("alerts")
    assert (refused.code, "need PostgreSQL" in refused.err) == (Exit.USAGE, True)


@ON_POSTGRESQL
def test_alerts_in_a_process_of_their_own(place: Place) -> None:
    with closing(listening("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "touchline", "alerts", "--metrics-port", str(port), "--database", place.tcp],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        assert "Alerts are watched" in said[1], said
        assert healthy(port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as answer:
            assert b"touchline_alerts_ringing 1.0" in answer.read()
        with psycopg.connect(place.admin) as admin:
            held = "SELECT count(*) FROM touchline.leases WHERE tenant = %s"
            assert admin.execute(held, (ALERTS,)).fetchone() == (1,)
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0
            assert admin.execute(held, (ALERTS,)).fetchone() == (0,)  # another may go on at once
        until(lambda: not healthy(port), "its port is free again")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()
