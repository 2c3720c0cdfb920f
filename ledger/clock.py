"""The clock is a port: the writer's on SQLite, the database's on PostgreSQL, a simulated one for seeding and tests."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from schemas.instants import SECOND, Instant

APART = 30 * SECOND
"""By how much the wall clock may move against the boot clock, from one look to the next, and be believed."""
AGREED = 60 * SECOND
"""For how long both must then agree until it is believed again."""
AT_ONCE = SECOND
"""Two clocks were read together where the boot clock says so."""


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
        self._at = (at, 0)

    def now(self) -> Instant:
        return self._at[0]

    def boot(self) -> int:
        return self._at[1]

    def set(self, at: Instant) -> None:
        now, boot = self._at
        self._at = (at, boot + at - now)

    def step(self, by: int) -> None:
        """Move the wall clock alone, as a hand on the clock would."""
        now, boot = self._at
        self._at = (now + by, boot)


class GuardedClock:
    """A wall clock that is believed as long as it keeps step with the boot clock, which nobody sets (invariant 11).

    When it has moved against that by more than 30 s since the last look, it is in doubt until both have agreed for 60 s or
    an operator has accepted it. Meanwhile ``now`` is the last time that was believed plus what the boot clock has counted
    since, so that nothing is recorded at an instant which nobody vouches for. Every reading is a look. Threads share it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        now, boot = self._both()
        self._gap = self._believed = now - boot
        self._doubted_since: int | None = None

    def now(self) -> Instant:
        with self._lock:
            return self._look() + self._believed

    def boot(self) -> int:
        return self._clock.boot()

    def wall(self) -> Instant:
        """What the wall clock says, in doubt or not."""
        return self._clock.now()

    def trusted(self) -> bool:
        """Look at both clocks; True when deadlines may be concluded."""
        with self._lock:
            self._look()
            return self._doubted_since is None

    @property
    def doubted(self) -> bool:
        """As of the last look."""
        return self._doubted_since is not None

    @property
    def moved_by(self) -> int:
        """Microseconds by which the wall clock is ahead of the time that is told instead; 0 where it is believed."""
        return self._gap - self._believed if self.doubted else 0

    def accept(self) -> None:
        """An operator says that the clock is right (``touchline clock accept``)."""
        with self._lock:
            now, boot = self._both()  # as it is now, also where nobody has looked since it was set
            self._believe(now - boot)

    def _look(self) -> int:
        """The boot clock."""
        now, boot = self._both()
        gap = now - boot
        if abs(gap - self._gap) > APART:
            self._doubted_since = boot
        self._gap = gap
        if self._doubted_since is None or boot - self._doubted_since >= AGREED:
            self._believe(gap)
        return boot

    def _believe(self, gap: int) -> None:
        self._gap = self._believed = gap
        self._doubted_since = None

    def _both(self) -> tuple[Instant, int]:
        """Read together: a process that is stopped in between would see a gap that is none."""
        while True:
            before = self._clock.boot()
            now = self._clock.now()
            boot = self._clock.boot()
            if boot - before < AT_ONCE:
                return now, boot


def guarded(clock: Clock) -> GuardedClock:
    """This clock under guard. One process judges once: what is guarded already stays the same."""
    return clock if isinstance(clock, GuardedClock) else GuardedClock(clock)


def behind(clock: Clock, last_recorded: Instant) -> bool:
    """Is the wall clock behind what was already recorded? ``up`` refuses to start then."""
    return wall_of(clock) < last_recorded


def wall_of(clock: Clock) -> Instant:
    """What the wall clock says, in doubt or not."""
    return clock.wall() if isinstance(clock, GuardedClock) else clock.now()
