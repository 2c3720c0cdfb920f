"""Working-time arithmetic (工作时间): when is a limit over, when is it time to warn, which days counted.

Pure: a calendar is built from the data of ``calendar.published`` and nothing else. Instants are µs UTC, days are day
numbers of Asia/Shanghai by the zone database. A limit in days ends with its last day's last microsecond, and what
happens at that instant is in time. The trigger's own day never counts (0wd and 0d aside).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.rules.daytable import NoCalendar
from processors.rules.pauses import Span, inside, merged
from processors.rules.worklimits import ELAPSED, Limits
from schemas.instants import DAY, Day, Instant, day_of, end_of_day, start_of_day
from schemas.policy import Dur, Step

__all__ = ["Counted", "NoCalendar", "Span", "WorkCalendar", "before", "merged", "share"]

_WEEK = Dur(7, "d")


@dataclass(frozen=True, slots=True)
class Counted:
    """Which days of a limit counted and which were skipped, each with why ("" for a plain working day)."""

    days: tuple[tuple[Day, str], ...] = ()
    skipped: tuple[tuple[Day, str], ...] = ()


class WorkCalendar(Limits):
    """One version of one calendar. All methods raise NoCalendar where they need a year that it does not have."""

    def mark(
        self, at: Instant, limit: Dur, pct: int, pauses: Iterable[Span] = (), long: Dur = _WEEK
    ) -> Instant | None:
        """When ``pct`` percent of the limit are used (S9); each counted day weighs 24 h. Months and years: ``long``
        before the due instant. None: nothing to warn of (a limit of 0), or frozen before it came so far."""
        count, unit = limit
        if count == 0:
            return None
        spans = merged(pauses) if pauses else ()
        if unit in ELAPSED:
            return self._spend(at, count * ELAPSED[unit] * pct // 100, unit == "sh", spans)
        if unit in ("mo", "y"):
            due = self.due(at, limit, spans)
            early = None if due is None else before(due, long)
            return early if early is not None and early > at else None
        if spans:
            return self._used(at, limit, pct, spans)
        key = (day_of(at), limit, pct)
        found = self._marks.get(key)
        if found is None:
            found = self._marks[key] = self._used(at, limit, pct, spans)
        return found

    def _used(self, at: Instant, limit: Dur, pct: int, spans: Sequence[Span]) -> Instant | None:
        """When ``pct`` percent of a limit of d or wd are used; without pauses the same whatever the time of the day."""
        count, unit = limit
        whole, rest = divmod(count * DAY * pct // 100, DAY)
        day = self._last(at, Dur(whole + 1, unit), spans)
        if day is None:
            return None
        # with a closing hour the share is of the day up to it, or the warning would come with the breach
        used = rest * self._close // 1440 if unit == "wd" else rest
        return min(start_of_day(day) + used, end_of_day(day))  # some days of 1986 to 1991 had 23 hours

    def step_at(self, at: Instant, step: Step, limit: Dur | None) -> Instant:
        """When the alert ladder takes this step, counted from the breach or the step before (S10).

        With ``cap``: one limit length, at most the cap; the cap alone where there is no limit, or one of no length (the
        same day): nobody's superior's superior is called in the instant of the breach."""
        if step.cap is None:
            return self.add(at, step.after)
        if limit is None or limit.n == 0:
            return self.add(at, step.cap)
        try:
            cap = self.add(at, step.cap)
        except NoCalendar:
            # Working days can only take longer than days do: what is shorter than those needs no calendar.
            length = self.add(at, limit)
            if step.cap.unit == "wd" and length <= self._over(day_of(at) + step.cap.n):
                return length
            raise
        return min(cap, self._up_to(at, limit, cap))

    def counted(self, at: Instant, limit: Dur, pauses: Iterable[Span] = ()) -> Counted:
        """Which days a limit counted and which it skipped, for people who ask why. Hours count no days."""
        spans = merged(pauses)
        if limit.unit in ("min", "h"):
            return Counted()
        if limit.unit == "wd":
            last, days, frozen = self._count(at, limit, spans)
            until = last if last is not None else (frozen[-1] if frozen else day_of(at))
            skipped = [
                (day, self._why(day)) for day in range(day_of(at) + 1, until + 1) if not self.works(day)
            ]
            skipped += [(day, "暂停") for day in frozen]
            return Counted(tuple((day, self._names.get(day, "")) for day in days), tuple(sorted(skipped)))
        due = self.due(at, limit, spans)
        if due is None:
            return Counted()
        first, last = day_of(at), day_of(due)
        if limit.unit == "sh":
            every = range(first, last + 1)
            works = [day for day in every if self.works(day)]
            return Counted(
                tuple((day, self._names.get(day, "")) for day in works),
                tuple((day, self._why(day)) for day in every if not self.works(day)),
            )
        span = range(first + (limit.n > 0), last + 1)
        stopped = {day for day in span if inside(end_of_day(day), spans)}
        return Counted(
            tuple((day, "") for day in span if day not in stopped),
            tuple((day, "暂停") for day in span if day in stopped),
        )

    def _up_to(self, at: Instant, limit: Dur, cap: Instant) -> Instant:
        try:
            return self.add(at, limit)
        except NoCalendar:  # the limit ends in a year without data, so after the cap
            return cap


def before(due: Instant, length: Dur) -> Instant:
    """A length of min, h or d before a due instant; days keep the time of day."""
    if length.unit != "d":
        return due - length.n * ELAPSED[length.unit]
    day = day_of(due)
    return start_of_day(day - length.n) + (due - start_of_day(day))


def share(opened: Instant, due: Instant, pct: int) -> Instant | None:
    """When ``pct`` percent of the span from opening to a given due instant have passed; None for no span (S9)."""
    return opened + (due - opened) * pct // 100 if due > opened else None
