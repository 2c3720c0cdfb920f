"""The clock is a port: the writer's on SQLite, the database's on PostgreSQL, a simulated one for seeding and tests."""

from __future__ import annotations

import time
from typing import Protocol

from schemas.instants import Instant


class Clock(Protocol):
    """Tells recorded time (microseconds UTC) and the machine's boot clock (microseconds, runs on through suspend)."""

    def now(self) -> Instant: ...

    def boot(self) -> int: ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Instant:
        return time.time_ns() // 1000

    def boot(self) -> int:
        which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return time.clock_gettime_ns(which) // 1000


class SimulatedClock:
    """A clock that stands until it is set; both clocks move together unless ``now`` is stepped alone."""

    def __init__(self, at: Instant) -> None:
        self._now = at
        self._boot = 0

    def now(self) -> Instant:
        return self._now

    def boot(self) -> int:
        return self._boot

    def set(self, at: Instant) -> None:
        self._boot += at - self._now
        self._now = at

    def step(self, by: int) -> None:
        """Move the wall clock alone, as a hand on the clock would."""
        self._now += by
