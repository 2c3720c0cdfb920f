"""A running ``touchline up`` as a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import traffic
from tests.kit.postgres import Place

OPEN = {"TOUCHLINE_RATE": "1000000", "TOUCHLINE_BURST": "1000000"}
"""Rates for each key are a bound that is not what is measured."""


class Server:
    """``port`` and ``key`` for callers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, key: str) -> None:
        self.process, self.port, self.key = process, port, key

    def processor(self) -> float:
        """Seconds of processor so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> float:
        """MB in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def get(self, path: str) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text: bytes = answer.read()
        return text.decode()

    def lag(self) -> int:
        """Facts appended and not decided."""
        for line in self.get("/metrics").splitlines():
            if line.startswith("touchline_engine_lag "):
                return int(float(line.split()[1]))
        raise LookupError("touchline_engine_lag")

    def call(self, connections: int, seconds: float, first: int) -> dict[str, float]:
        """Let so many callers send events; ``first`` is the number of the first one."""
        words = [str(self.port), self.key, str(connections), str(seconds), str(first)]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.callers", *words], capture_output=True, text=True, check=True
        )
        found: dict[str, float] = json.loads(done.stdout)
        if found["others"]:
            raise RuntimeError(f"{found['others']:.0f} answers were not 202")
        return found


def touchline(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "touchline", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"touchline {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A ledger with its tenant and a caller's key: a command that writes folds what there is before it ends, so both are
    made before anything is appended that a server is to fold."""

    options: tuple[str, ...]
    key: str


def prepared(where: Path | Place) -> Prepared:
    """Make both."""
    options = ("--data", str(where)) if isinstance(where, Path) else ("--database", where.url)
    touchline("tenant", "add", "yunhe", *options)
    key = touchline("key", "create", "--source", traffic.SOURCE, "--tenant", "yunhe", *options)
    return Prepared(options, key)


@contextmanager
def serving(what: Prepared) -> Iterator[Server]:
    """Serve it until the block ends."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "touchline", "up", "--port", str(port), *what.options],
        env={**os.environ, **OPEN},
        stdout=subprocess.DEVNULL,
    )
    try:
        made = Server(process, port, what.key)
        _until_ready(made)
        yield made
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        found: Any = door.getsockname()
    return int(found[1])


def _until_ready(server: Server) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.process.poll() is None:
        try:
            server.get("/healthz")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("touchline up does not answer")
