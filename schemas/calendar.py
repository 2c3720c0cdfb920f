"""What ``calendar.published`` carries: every day of its years, expanded, so that no rule needs a library (工作日历)."""

from __future__ import annotations

import re
from calendar import isleap
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from schemas.instants import iso_day, parse_day
from schemas.lunar import Months
from schemas.lunar import check as check_lunar
from schemas.policy_terms import CivilDate, ClockTime, Effective, Strict
from schemas.texts import Wrong, quoted


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Shift = Annotated[tuple[ClockTime, ClockTime], BeforeValidator(_pair)]

SHIPPED_YEARS = range(2024, 2027)
"""The years of the working calendar that a new tenant is given."""


REGIONAL = "@"


def regional(name: str, region: str) -> str:
    """office@east: the calendar ``office`` of the region east; the plain name where there is no region."""
    return f"{name}{REGIONAL}{region}" if region else name


class PublishedCalendar(Strict):
    """One version of one calendar.

    ``years``   year -> one letter for each of its days: W works, H rests.
    ``names``   day -> why it differs from the plain week: 春节, 春节调休上班 (make-up day), 公司放假.
    ``shifts``  service hours of a working day (unit sh), in order, not overlapping.
    ``close``   closing hour for limits in working days; null = 24:00.
    ``lunar``   year -> its lunar months (``schemas.lunar``); without them days of the lunar calendar are undated.
    ``roll``    next_working_day: a limit in d, mo or y that ends on a day off ends on the next working day.
    """

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    effective_from: Effective
    years: dict[str, str] = Field(min_length=1)
    names: dict[CivilDate, str] = Field(default_factory=dict)
    shifts: list[Shift] = Field(default_factory=lambda: [("00:00", "24:00")], min_length=1)
    close: ClockTime | None = None
    roll: Literal["none", "next_working_day"] = "none"
    lunar: dict[str, Months] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> PublishedCalendar:
        for year, letters in self.years.items():
            if re.fullmatch(r"(19[7-9]|2[0-9]{2})\d", year, re.ASCII) is None:
                raise Wrong("calendar.year", value=quoted(year))
            days = 366 if isleap(int(year)) else 365
            if len(letters) != days or not {*letters} <= {"W", "H"}:
                raise Wrong("calendar.letters", year=year, days=days)
            if "W" not in letters:
                raise Wrong("calendar.no_work", year=year)
        for year, months in self.lunar.items():
            if year not in self.years:
                raise Wrong("calendar.lunar_year", year=year)
            check_lunar(year, months)
        times = [time for shift in self.shifts for time in shift]
        if times != sorted(times) or any(start == stop for start, stop in self.shifts):
            raise Wrong("calendar.shifts")
        if self.close == "00:00":
            raise Wrong("calendar.close")
        return self

    def works(self, day: int) -> bool | None:
        """Whether a day (number since 1970) is a working day; None where its year has no data."""
        text = iso_day(day)
        letters = self.years.get(text[:4])
        return None if letters is None else letters[day - parse_day(f"{text[:4]}-01-01")] == "W"
