"""What there is to measure: by name, with what a quick run and a whole run take. Each gives figures by name, unit included.

A goal stands here under the name of its figure. A module needs nothing but a function that returns figures by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any


def _told(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module, and with what its function is called, once or several times: by ``quick`` for trying whether it works (its
    figures mean little), by ``whole`` otherwise."""

    module: str
    quick: Sequence[dict[str, Any]]
    whole: Sequence[dict[str, Any]]
    function: str = "figures"
    long: bool = False
    """Takes over five minutes: left out of a short run."""

    def run(self, quick: bool) -> dict[str, float]:
        """Figures by name; each begins with the module's, and with what tells runs of it apart."""
        measure: Callable[..., dict[str, float]] = getattr(self._loaded(), self.function)
        found: dict[str, float] = {}
        runs = self.quick if quick else self.whole
        for how in runs:
            which = (
                "".join(f", {word} {_told(value)}" for word, value in how.items())
                if len(runs) > 1 or self.long
                else ""
            )
            for name, value in measure(**how).items():
                said = name.startswith((f"{self.module}:", f"{self.module},"))
                found[name if said else f"{self.module}{which}: {name}"] = value
        return found

    def says(self) -> str:
        """How it measures, in its own words."""
        return (self._loaded().__doc__ or "").strip()

    def _loaded(self) -> ModuleType:
        return import_module(f"benchmarks.{self.module}")


SUITE: dict[str, Benchmark] = {
    "append": Benchmark(
        "append", [{"batched": 6_000, "single": 300}], [{"batched": 120_000, "single": 3_000}]
    ),
    "intake": Benchmark(
        "intake", [{"seconds": 2.0, "backlog": 5_000}], [{"seconds": 15.0, "backlog": 60_000}]
    ),
    "policy": Benchmark("policy", [{"cases": 200}], [{"cases": 2_000}], "measure"),
    "engine": Benchmark(
        "engine",
        [
            *({"cases": 100, "alone": alone} for alone in (True, False)),
            {"cases": 100, "database": "PostgreSQL"},
        ],
        [
            *({"cases": 2_500, "alone": alone} for alone in (True, False)),
            {"cases": 2_500, "database": "PostgreSQL"},
        ],
        "measure",
    ),
    "rebuild": Benchmark("rebuild", [{"cases": 100}], [{"cases": 2_500}], "measure"),
    "mass": Benchmark("mass", [{"count": 5_000}], [{"count": 20_000}, {"count": 100_000}]),
    "lateness": Benchmark(
        "lateness",
        [{"promises": 500, "seconds": 5}],
        [{"promises": 10_000}, {"promises": 100_000}],
        "measure",
    ),
    "verify": Benchmark("verify", [{"count": 10_000}], [{"count": 200_000}]),
    "imports": Benchmark("imports", [{"rows": 1_000}], [{"rows": 20_000}]),
    "memory": Benchmark("memory", [{"facts": 5_000}], [{"facts": 100_000}]),
    "kafka_seen": Benchmark("kafka_seen", [{"seconds": 1.0, "rates": (200,)}], [{"seconds": 6.0}]),
    "kafka_speed": Benchmark("kafka_speed", [{"facts": 2_000}], [{"facts": 12_000}]),
    "startup": Benchmark("startup", [{"runs": 1}], [{"runs": 3}]),
    "memory_1m": Benchmark("memory", [{"facts": 10_000}], [{"facts": 1_000_000}], long=True),
    "lateness_1m": Benchmark(
        "lateness",
        [{"promises": 1_000, "seconds": 5}],
        [{"promises": 1_000_000}],
        "measure",
        long=True,
    ),
    "mass_5m": Benchmark("mass", [{"count": 10_000}], [{"count": 5_000_000}], long=True),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """At least ``bound``, or at most."""

    bound: float
    at_most: bool = False

    def met(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:,g}"


GOALS: dict[str, Goal] = {
    "append, SQLite: events/s in batches of 256": Goal(30_000),
    "append, SQLite: single, share of the raw loop": Goal(0.7),
    "append, SQLite: single, times eventsourcing": Goal(3),
    "append, SQLite: in batches, times eventsourcing": Goal(3),
    "append, PostgreSQL: single, share of the raw loop": Goal(0.7),
    "append, PostgreSQL: single, times eventsourcing": Goal(3),
    "append, PostgreSQL: in batches, times eventsourcing": Goal(3),
    "intake, PostgreSQL: share of the raw group commit": Goal(0.5),
    "intake, PostgreSQL: p99 ms of 64 callers": Goal(50, at_most=True),
    "intake, SQLite: p99 ms of 64 callers": Goal(50, at_most=True),
    "intake, SQLite, engine with a backlog: p99 ms of 64 callers": Goal(50, at_most=True),
    "imports: rows_per_s": Goal(2_000),
    "imports: reverse_order_factor": Goal(3, at_most=True),
    "policy: policy_facts_per_s": Goal(20_000),
    "engine, cases 2,500, alone True: facts_per_second_wall": Goal(10_000),
    "engine, cases 2,500, database PostgreSQL: facts_per_second_wall": Goal(15_000),
    "rebuild: facts_per_second_cpu": Goal(50_000),
    "lateness, promises 10,000: lateness_p99_ms": Goal(250, at_most=True),
    "lateness, promises 100,000: lateness_p99_ms": Goal(250, at_most=True),
    "lateness, promises 1,000,000: lateness_p99_ms": Goal(250, at_most=True),
    "mass, count 100,000: case history: p99 ms": Goal(20, at_most=True),
    "mass, count 5,000,000: case history: p99 ms": Goal(20, at_most=True),
    "verify: facts/s a core": Goal(200_000),
    "kafka_seen, embedded, 1,000/s: p99 ms from 202 to visible": Goal(300, at_most=True),
    "kafka_seen, Kafka, 1 worker, 1,000/s: p99 ms from 202 to visible": Goal(300, at_most=True),
    "kafka_seen, Kafka, 2 workers, 1,000/s: p99 ms from 202 to visible": Goal(300, at_most=True),
    "kafka_speed: faust worker, all rules: share of the bare loop": Goal(0.8),
    "kafka_speed: kafka-python worker, all rules: facts/s": Goal(15_000),
    "startup: processor ms of the slowest command": Goal(500, at_most=True),
    "memory: MB of an idle server": Goal(150, at_most=True),
    "memory: MB after all facts": Goal(150, at_most=True),
}
