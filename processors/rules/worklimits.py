"""When a limit is over (到期): elapsed, in service hours, in days, working days, months, with and without pauses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.rules.pauses import Span, inside, merged
from processors.rules.workhours import Hours
from schemas.instants import HOUR, MINUTE, Day, Instant, day_of, end_of_day, shift_months
from schemas.policy import Dur

ELAPSED = {"min": MINUTE, "h": HOUR, "sh": HOUR}


class Limits(Hours):
    """Days and shifts with the lengths that run over them."""

    def add(self, at: Instant, limit: Dur) -> Instant:
        """The instant at which a limit that began at ``at`` is over (S1 to S5)."""
        count, unit = limit
        if unit in ("min", "h"):
            return at + count * ELAPSED[unit]
        if unit == "sh":
            return self._serve(at, count * HOUR)
        if unit == "wd":
            return self._over_after(day_of(at), count) if count else self._over(self._working(at, 0))
        day = day_of(at)
        return self._end(
            day + count if unit == "d" else shift_months(day, count * (12 if unit == "y" else 1))
        )

    def due(self, at: Instant, limit: Dur, pauses: Iterable[Span] = ()) -> Instant | None:
        """The due instant with pauses [start, stop) in any order (S11); None while one without a stop freezes it.

        Hours move by the paused time, service hours by the paused service time, days by one for each counted
        day-end inside a pause. A pause at or after the due instant changes nothing.
        """
        spans = merged(pauses) if pauses else ()
        if not spans:
            return self.add(at, limit)
        if limit.unit in ELAPSED:
            return self._spend(at, limit.n * ELAPSED[limit.unit], limit.unit == "sh", spans)
        if limit.unit in ("d", "wd"):
            day = self._last(at, limit, spans)
            return None if day is None else self._over(day) if limit.unit == "wd" else self._end(day)
        return self._months(at, limit, spans)

    def _last(self, at: Instant, limit: Dur, spans: Sequence[Span]) -> Day | None:
        """The day on which a limit of d or wd ends; None: frozen. Without pauses it need not be counted to."""
        if spans:
            return self._count(at, limit, spans)[0]
        return self._working(at, limit.n) if limit.unit == "wd" else day_of(at) + limit.n

    def _count(
        self, at: Instant, limit: Dur, spans: Sequence[Span]
    ) -> tuple[Day | None, list[Day], list[Day]]:
        """The day on which a limit of d or wd ends (None: frozen), the days counted, the days frozen."""
        working = limit.unit == "wd"
        if limit.n == 0:
            day = self._working(at, 0) if working else day_of(at)
        else:
            day = self._nth(day_of(at), 1) if working else day_of(at) + 1
        left = max(limit.n, 1)
        counted: list[Day] = []
        frozen: list[Day] = []
        if not working and not spans:
            counted = list(range(day, day + left))
            return counted[-1], counted, frozen
        while True:
            over = self._over(day) if working else end_of_day(day)
            if inside(over, spans, last=left == 1):
                frozen.append(day)
                if spans[-1][1] is None and spans[-1][0] <= over:
                    return None, counted, frozen
            else:
                counted.append(day)
                left -= 1
                if left == 0:
                    return day, counted, frozen
            day = self._nth(day, 1) if working else day + 1

    def _months(self, at: Instant, limit: Dur, spans: Sequence[Span]) -> Instant | None:
        day = day_of(at)
        left = shift_months(day, limit.n * (12 if limit.unit == "y" else 1)) - day
        last = self._last(at, Dur(left, "d"), spans)
        return None if last is None else self._end(last)
