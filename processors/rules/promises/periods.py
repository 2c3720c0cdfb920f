"""Periods (周期): days, half months, months, quarters, years, named months, seasons, days and spans. Pure civil arithmetic, and
for days of the lunar calendar (农历) what the published calendars say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from schemas.instants import Day, civil_date, day_number, iso_day, parse_day, shift_months
from schemas.lunar import Months, lunar_day, on
from schemas.policy import Every

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Period(NamedTuple):
    """``label`` names it in reports: 2026-03-01, 2026-03-H1, 2026-03, 2026-Q1, 2026, 2026-winter."""

    label: str
    first: Day
    last: Day
    told: bool = True
    """False: a day of the lunar calendar of a year without data. It is some day from ``first`` to ``last``."""


Moons = Mapping[int, Months]
"""Civil year -> its lunar months."""
NO_MOONS: Moons = {}


def periods(spec: Every, since: Day, until: Day, moons: Moons = NO_MOONS) -> Iterator[Period]:
    """Those that end on ``since`` or later and begin on ``until`` or earlier, in order of their first day."""
    for period in _all(spec, since, until, moons):
        if period.first > until:
            return
        if period.last >= since:
            yield period


@lru_cache(maxsize=4096)
def period_of(every: str, day: Day) -> Period:
    """The day's own month, quarter or year."""
    return next(periods(Every.model_validate({"every": every}), day, day))


def due_day(spec: Every, period: Period) -> Day:
    """The last day of the period, or ``due_on`` in its year."""
    if spec.due_on is None:
        return period.last
    month, day = int(spec.due_on[:2]), int(spec.due_on[3:])
    return _month_day(civil_date(period.first).year, month, day)


def _all(spec: Every, since: Day, until: Day, moons: Moons) -> Iterator[Period]:
    if spec.every == "day":
        for day in range(since, until + 1):
            yield Period(iso_day(day), day, day)
    elif spec.every == "half_month":
        yield from _halves(since, until)
    elif spec.every is not None:
        yield from _runs(_MONTHS[spec.every], since, until)
    elif spec.spans is not None:
        made = (Period(name, parse_day(a), parse_day(b)) for name, (a, b) in spec.spans.items())
        yield from sorted(made, key=lambda period: period[1:])
    else:
        for year in range(civil_date(since).year - 1, civil_date(until).year + 1):
            yield from sorted(_of_year(spec, year, moons.get(year)), key=lambda period: period[1:])


def _runs(months: int, since: Day, until: Day) -> Iterator[Period]:
    """Calendar months, quarters or years."""
    civil = civil_date(since)
    first = day_number(date(civil.year, (civil.month - 1) // months * months + 1, 1))
    while first <= until:
        following = shift_months(first, months)
        civil = civil_date(first)
        label = {1: f"{civil.year}-{civil.month:02}", 3: f"{civil.year}-Q{(civil.month + 2) // 3}"}
        yield Period(label.get(months, str(civil.year)), first, following - 1)
        first = following


def _halves(since: Day, until: Day) -> Iterator[Period]:
    for month in _runs(1, since, until):
        yield Period(f"{month.label}-H1", month.first, month.first + 14)
        yield Period(f"{month.label}-H2", month.first + 15, month.last)


def _of_year(spec: Every, year: int, months: Months | None) -> Iterator[Period]:
    for month in spec.months or ():
        first = day_number(date(year, month, 1))
        yield Period(f"{year}-{month:02}", first, shift_months(first, 1) - 1)
    for name, (start, end) in (spec.seasons or {}).items():
        last = day_number(date(year + (end < start), end, 1))  # winter begins in December and owns February
        yield Period(f"{year}-{name}", day_number(date(year, start, 1)), shift_months(last, 1) - 1)
    for name, text in (spec.days or {}).items():
        label, lunar = f"{year}-{name}", lunar_day(text)
        if lunar is None:
            day: Day | None = _month_day(year, int(text[:2]), int(text[3:]))
        elif months is None:
            yield Period(label, day_number(date(year, 1, 1)), day_number(date(year, 12, 31)), told=False)
            continue
        else:
            day = on(months, lunar, year)
        if day is not None:
            yield Period(label, day, day)


def _month_day(year: int, month: int, day: int) -> Day:
    """That day of the month, or its last (29 February)."""
    first = day_number(date(year, month, 1))
    return min(first + day - 1, shift_months(first, 1) - 1)
