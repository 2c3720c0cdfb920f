"""From the answer 202 to the visible row: how long after it was told that an event is kept it stands in the tables.

One ``touchline up`` on PostgreSQL (fsync on), four tenants with the shipped policies, callers that keep to a rate and send one
event a request, on the same cores as everything else: embedded first, then moved to Kafka (``touchline relay``, one worker,
then two; Faust) while it runs. An onlooker looks every 4 ms which place is decided; rows are committed with it. *Answered* is
how many events a second were really taken: below the rate, the machine was full, and times say how long the queue was.
Processor an event is told of the highest rate, by process; PostgreSQL's has the onlooker's questions in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

from benchmarks import traffic
from benchmarks.kafka_plant import Engines, Plant, Watch, plant, used
from benchmarks.server import Prepared, Server, serving, touchline
from tests.kit.postgres import Place

TENANTS = ("yunhe", "beihe", "nanhe", "donghe")


def figures(seconds: float = 6.0, rates: tuple[int, ...] = (200, 1_000)) -> dict[str, float]:
    """Milliseconds at p50, p99 and most, by feed and rate."""
    with plant() as here:
        return dict(_measured(here, seconds, rates)) if here is not None else {}


def _measured(here: Plant, seconds: float, rates: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    place, brokers = here.server.ledger(), here.kafka.access()
    options = ("--database", place.url)
    for tenant in TENANTS:
        touchline("tenant", "add", tenant, *options)
    keys = [
        touchline("key", "create", "--source", traffic.SOURCE, "--tenant", tenant, *options)
        for tenant in TENANTS
    ]
    first = 0
    with serving(Prepared(options, keys[0])) as server, closing(Engines(place)) as engines:
        parts = {"touchline up": [server.process.pid]}
        parts |= {name: [pid] for name, pid in here.parts().items()}

        def walked(feed: str) -> Iterator[tuple[str, float]]:
            nonlocal first
            for turn, rate in enumerate((rates[0], *rates)):
                before = {name: used(*pids) for name, pids in parts.items()}
                found = _seen(place, server, keys, rate, 1.0 if not turn else seconds, first)
                here.until(lambda: sum(engines.decided().values()) == engines.heads())
                first += 100_000
                if rate == rates[-1]:
                    for name, pids in parts.items():
                        spent = (used(*pids) - before[name]) / found["answered"] * 1000
                        found[f"ms of processor an event, {name}"] = spent
                del found["answered"]
                if turn:  # the first time every path was walked once
                    yield from (
                        (f"kafka_seen, {feed}, {rate:,}/s: {name}", value) for name, value in found.items()
                    )

        yield from walked("embedded")
        here.done(place, brokers, "kafka", "init")
        parts["relay"] = [here.run(place, brokers, "relay", "--metrics-port", "0").pid]
        here.done(place, brokers, "feed", "use", "kafka")
        workers: list[subprocess.Popen[bytes]] = []
        for said in ("Kafka, 1 worker", "Kafka, 2 workers"):
            workers.append(here.run(place, brokers, "worker", "--metrics-port", "0"))
            here.until(lambda: _run_by(engines, workers), *workers)
            parts["workers"] = [one.pid for one in workers]
            yield from walked(said)


def _run_by(engines: Engines, workers: list[subprocess.Popen[bytes]]) -> bool:
    owners = engines.owners()
    return {owner.split("-")[-2] for owner in owners if owner} == {
        str(one.pid) for one in workers
    } and "" not in owners


def _seen(
    place: Place, server: Server, keys: list[str], rate: int, seconds: float, first: int
) -> dict[str, float]:
    words = [str(server.port), str(rate), str(seconds), str(first), ",".join(keys)]
    with Watch(place) as watch, closing(Engines(place)) as engines:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.paced", *words], capture_output=True, text=True, check=True
        )
        told = json.loads(done.stdout)
        if told["others"]:
            raise RuntimeError(f"{told['others']} answers were not 202")
        watch.until(engines.heads())
    answers = [(at, key + 1, place) for key, place, at in told["seen"]]
    late = sorted(max(0.0, watch.when(tenant, place) - at) * 1000 for at, tenant, place in answers)
    took = max(at for at, *_ in answers) - min(at for at, *_ in answers)
    return {
        "answered": len(answers),
        "answered events/s": len(answers) / took,
        "p50 ms from 202 to visible": late[len(late) // 2],
        "p99 ms from 202 to visible": late[len(late) * 99 // 100],
        "max ms from 202 to visible": late[-1],
    }
