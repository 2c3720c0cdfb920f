"""Service hours (服务时间): time that runs only in the shifts of working days, and time outside pauses."""

from __future__ import annotations

from collections.abc import Sequence

from processors.rules.daytable import Days, NoCalendar, clock
from processors.rules.pauses import Span
from schemas.instants import Day, Instant, day_of


class Hours(Days):
    """Days with their shifts."""

    def _spend(self, at: Instant, amount: int, service: bool, spans: Sequence[Span]) -> Instant | None:
        """When ``amount`` µs (of service time) have run outside the pauses; None: frozen before."""
        now = at
        for start, stop in spans:
            if stop is not None and stop <= now:
                continue
            start = max(start, now)
            over = self._over_at(now, amount, service)
            if over is not None and over <= start:
                return over
            if stop is None:
                return None
            amount -= self._served(now, start) if service else start - now
            now = stop
        return self._serve(now, amount) if service else now + amount

    def _over_at(self, now: Instant, amount: int, service: bool) -> Instant | None:
        """When it is over without a pause; None where that is in a year without data, after all that is known."""
        try:
            return self._serve(now, amount) if service else now + amount
        except NoCalendar:
            return None

    def _hours(self, day: Day) -> list[tuple[Instant, Instant]]:
        return (
            [(clock(day, start), clock(day, stop)) for start, stop in self._shifts] if self.works(day) else []
        )

    def _serve(self, at: Instant, amount: int) -> Instant:
        """When that much service time has passed; none: the next instant of service."""
        day = day_of(at)
        while True:
            for start, stop in self._hours(day):
                start = max(start, at)
                if stop > start:
                    if amount <= stop - start:
                        return start + amount
                    amount -= stop - start
            day += 1

    def _served(self, start: Instant, stop: Instant) -> int:
        """Service time in [start, stop)."""
        return sum(
            max(0, min(over, stop) - max(begin, start))
            for day in range(day_of(start), day_of(stop) + 1)
            for begin, over in self._hours(day)
        )
