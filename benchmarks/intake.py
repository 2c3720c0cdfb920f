"""POST /events with 64 callers, one event each, against a ``touchline up`` with everything on: sealing, chain, engine, alerts.

The callers are another process on the same machine and take their share of its cores (``callers: share of a core``). The
engine folds the same events as they come, so it is busy throughout; *with a backlog* it also has that many events to fold
that were appended before it started. The raw group commit is 64 connections in two processes, each committing one row of
the same size and one id at a time, without HTTP and without a chain: PostgreSQL groups their syncs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks import traffic
from benchmarks.places import cluster, folder, opened
from benchmarks.server import prepared, serving
from producers.candidates import candidate
from schemas.canonical import read_json
from tests.kit.postgres import Cluster, Place

CALLERS = 64
_BACKLOG_SOURCE = "backlog"


def figures(seconds: float = 15.0, backlog: int = 60_000) -> dict[str, float]:
    """Events a second, answers in milliseconds, processor an event; SQLite and PostgreSQL."""
    found: dict[str, float] = {}
    with folder() as here:
        found |= dict(_called("SQLite", here / "data", seconds))
    with folder() as here:
        found |= dict(_called("SQLite, engine with a backlog", here / "data", seconds, backlog))
    with cluster() as server:
        if server is not None:
            found |= dict(_called("PostgreSQL", server.ledger(), seconds))
            raw = _group_commit(server, seconds)
            found[f"intake, PostgreSQL: raw group commit of {CALLERS} connections, events/s"] = raw
            ours = found[f"intake, PostgreSQL: events/s of {CALLERS} callers"]
            found["intake, PostgreSQL: share of the raw group commit"] = ours / raw
    return found


def _called(name: str, where: Path | Place, seconds: float, backlog: int = 0) -> Iterator[tuple[str, float]]:
    ready = prepared(where)
    if backlog:
        append(where, backlog)
    with serving(ready) as server:
        if not backlog:
            server.call(CALLERS, min(1.0, seconds), 10_000_000)  # every path walked once
        elif not server.lag():
            raise RuntimeError("somebody has folded the backlog")
        before = server.processor()
        told = server.call(CALLERS, seconds, 0)
        used = server.processor() - before
        lag = server.lag()
    said = f"intake, {name}: "
    yield f"{said}events/s of {CALLERS} callers", told["per_second"]
    for quantile in ("p50", "p99", "max"):
        yield f"{said}{quantile} ms of {CALLERS} callers", told[f"{quantile}_ms"]
    yield f"{said}ms of processor an event, engine included", used / told["events"] * 1000
    yield f"{said}callers: share of a core", told["cpu_seconds"] / seconds
    yield f"{said}facts that the engine was behind at the end", lag


def append(where: Path | Place, count: int) -> None:
    """Facts that nobody has folded."""
    with opened(where) as house:
        now = house.ledger.clock.now()
        for at in range(0, count, 500):
            numbers = range(at, min(at + 500, count))
            offered = [candidate(read_json(traffic.body(n)), _BACKLOG_SOURCE, now) for n in numbers]
            house.ledger.append(house.tenant, offered).result()


def _group_commit(server: Cluster, seconds: float) -> float:
    place = server.database()

    with psycopg.connect(place.admin, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE raw (n bigint PRIMARY KEY, body bytea NOT NULL, hash bytea NOT NULL)"
        )
        connection.execute("CREATE TABLE raw_ids (id bytea PRIMARY KEY, n bigint NOT NULL)")
    halves = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.raw_commits",
                place.admin,
                str(CALLERS // 2),
                str(seconds),
                str(half),
            ],
            stdout=subprocess.PIPE,
            env=os.environ,
        )
        for half in range(2)
    ]
    return sum(float(json.loads(half.communicate()[0])) for half in halves)
