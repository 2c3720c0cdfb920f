"""What a figure means nothing without: the machine, how fast its disk syncs, how busy it was, the versions."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "sqlalchemy", "psycopg", "pydantic", "fastapi", "starlette", "uvicorn", "uvloop", "httptools", "cryptography",
    "eventsourcing", "faust-streaming", "kafka-python",
)  # fmt: skip


def sync_latency(rounds: int = 300) -> tuple[float, float]:
    """(median, p99) µs of an fdatasync after 8 KiB were written, where the benchmarks write."""
    taken = []
    with tempfile.TemporaryDirectory() as name:
        handle = os.open(Path(name) / "sync", os.O_CREAT | os.O_WRONLY, 0o600)
        for _ in range(rounds):
            os.write(handle, bytes(8192))
            began = time.perf_counter()
            os.fdatasync(handle)
            taken.append((time.perf_counter() - began) * 1e6)
        os.close(handle)
    taken.sort()
    return taken[rounds // 2], taken[rounds * 99 // 100]


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _postgres() -> str:
    from tests.kit.postgres import binaries

    there = binaries()
    if there is None:
        return "none"
    said = subprocess.run([there / "postgres", "--version"], capture_output=True, text=True, check=False)
    return said.stdout.strip().rpartition(") ")[2] or said.stdout.strip()


def _package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} -"


def described() -> Iterator[str]:
    """Lines for people."""
    median, slow = sync_latency()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{_cpu()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"
    yield f"disk: fdatasync of 8 KiB takes {median:.0f} µs (median), {slow:.0f} µs (p99), in {tempfile.gettempdir()}"
    yield f"load average before it began: {os.getloadavg()[0]:.1f}"
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, PostgreSQL {_postgres()}"
    yield ", ".join([*map(_package, PACKAGES), *_pinned()])


def _pinned() -> Iterator[str]:
    """What is measured beside us and does not stand in this environment: the broker, and Quix Streams."""
    root = Path(__file__).parents[1]
    found = re.search(r"<version>(\d+\.\d+\.\d+)<", (root / "tests/kit/kafka_broker/pom.xml").read_text())
    yield f"Kafka broker {found[1] if found else '-'}"
    pins = (root / "requirements/quix.lock").read_text()
    found = re.search(r"^quixstreams==(\S+)", pins, re.MULTILINE)
    yield f"quixstreams {found[1] if found else '-'}"
