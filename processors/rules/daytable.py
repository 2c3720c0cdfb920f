"""The days of one calendar: which work, which rest and why, and when a day is over (工作日)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.calendar import PublishedCalendar
from schemas.instants import (
    MINUTE,
    ZONE,
    Day,
    Instant,
    civil_date,
    day_of,
    end_of_day,
    from_datetime,
    parse_day,
    start_of_day,
)
from schemas.policy import Dur


class NoCalendar(Exception):
    """This calendar has no data for that year, so the instant cannot be told (待定)."""

    def __init__(self, name: str, year: int) -> None:
        super().__init__(f"the calendar {name!r} has no data for {year}")
        self.calendar = name
        self.year = year


@dataclass(frozen=True, slots=True)
class Run:
    """Years without a gap between them: their first and last day and their working days in order."""

    first: Day
    last: Day
    works: tuple[Day, ...]


def runs_of(calendar: PublishedCalendar) -> tuple[Run, ...]:
    runs: list[Run] = []
    for year in sorted(calendar.years):
        first = parse_day(f"{year}-01-01")
        letters = calendar.years[year]
        works = tuple(first + index for index, letter in enumerate(letters) if letter == "W")
        last = first + len(letters) - 1
        if runs and runs[-1].last + 1 == first:
            runs[-1] = Run(runs[-1].first, last, runs[-1].works + works)
        else:
            runs.append(Run(first, last, works))
    return tuple(runs)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def clock(day: Day, minutes: int) -> Instant:
    """The instant at which the clocks of that day show so many minutes past midnight (1440 = its end)."""
    if minutes == 1440:
        return start_of_day(day + 1)
    civil = civil_date(day)
    if civil.year >= 1992:  # +8:00 without a break
        return start_of_day(day) + minutes * MINUTE
    return from_datetime(
        datetime(civil.year, civil.month, civil.day, minutes // 60, minutes % 60, tzinfo=ZONE)
    )


class Days:
    """One version of one calendar. What needs a year without data raises NoCalendar."""

    def __init__(self, data: Mapping[str, Any] | PublishedCalendar) -> None:
        calendar = data if isinstance(data, PublishedCalendar) else PublishedCalendar.model_validate(data)
        self.name = calendar.name
        self.version = calendar.version
        self._names = {parse_day(day): text for day, text in calendar.names.items()}
        self._runs = runs_of(calendar)
        self._shifts = [(_minutes(start), _minutes(stop)) for start, stop in calendar.shifts]
        self._close = 1440 if calendar.close is None else _minutes(calendar.close)
        self._roll = calendar.roll == "next_working_day"
        self._overs: dict[tuple[Day, int], Instant] = {}
        self._marks: dict[tuple[Day, Dur, int], Instant | None] = {}
        """What is remembered of whole days: when they are over, and when so much of them is used."""

    @property
    def last_day(self) -> Day:
        """The last day with data."""
        return self._runs[-1].last

    def works(self, day: Day) -> bool:
        """Whether it is a working day."""
        run = self._run(day)
        index = bisect_left(run.works, day)
        return index < len(run.works) and run.works[index] == day

    def _run(self, day: Day) -> Run:
        for run in self._runs:
            if run.first <= day <= run.last:
                return run
        raise NoCalendar(self.name, civil_date(day).year)

    def _nth(self, day: Day, count: int) -> Day:
        """The count-th working day after ``day``; 0: the day itself if it works, else the next."""
        run = self._run(day + (count > 0))
        index = bisect_left(run.works, day) if count == 0 else bisect_right(run.works, day) + count - 1
        if index >= len(run.works):
            raise NoCalendar(self.name, civil_date(run.last).year + 1)
        return run.works[index]

    def _working(self, at: Instant, count: int) -> Day:
        day = self._nth(day_of(at), count)
        # 0wd after closing: that day's working time is over, so it is the next working day's
        return self._nth(day, 1) if count == 0 and self._over(day) < at else day

    def _over_after(self, day: Day, count: int) -> Instant:
        """When the count-th working day after a day is over, remembered: whole days of promises end alike."""
        key = (day, count)
        found = self._overs.get(key)
        if found is None:
            found = self._overs[key] = self._over(self._nth(day, count))
        return found

    def _over(self, day: Day) -> Instant:
        """When a working day is over: at its closing hour, else with its last microsecond."""
        return end_of_day(day) if self._close == 1440 else clock(day, self._close)

    def _end(self, day: Day) -> Instant:
        return end_of_day(self._nth(day, 0) if self._roll else day)

    def _why(self, day: Day) -> str:
        weekend = civil_date(day).weekday() >= 5
        return self._names.get(day) or ("周末" if weekend else "休息")
