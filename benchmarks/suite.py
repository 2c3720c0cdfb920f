"""What there is to measure: by name, with what a quick run and a whole run take. Each gives figures by name, unit included.

A goal stands here under the name of its figure. A module needs nothing but a function that returns ``dict[str, float]``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Benchmark:
    """``module.figures(**how)``; ``quick`` is for trying whether it works, its figures mean little."""

    module: str
    quick: dict[str, Any]
    whole: dict[str, Any]

    def run(self, quick: bool) -> dict[str, float]:
        measure: Callable[..., dict[str, float]] = import_module(f"benchmarks.{self.module}").figures
        return measure(**(self.quick if quick else self.whole))

    def says(self) -> str:
        """How it measures, in its own words."""
        return (import_module(f"benchmarks.{self.module}").__doc__ or "").strip()


SUITE: dict[str, Benchmark] = {
    "append": Benchmark("append", {"batched": 6_000, "single": 300}, {"batched": 120_000, "single": 3_000}),
    "intake": Benchmark("intake", {"seconds": 2.0, "backlog": 5_000}, {"seconds": 15.0, "backlog": 60_000}),
    "verify": Benchmark("verify", {"count": 10_000}, {"count": 200_000}),
    "imports": Benchmark("imports", {"rows": 1_000}, {"rows": 20_000}),
    "memory": Benchmark("memory", {"facts": 5_000}, {"facts": 1_000_000}),
    "startup": Benchmark("startup", {"runs": 1}, {"runs": 5}),
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
    "verify: facts/s a core": Goal(200_000),
    "memory: MB of an idle server": Goal(150, at_most=True),
    "memory: MB after all facts": Goal(150, at_most=True),
}
