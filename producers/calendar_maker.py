"""Writes the data of ``calendar.published`` from chinesecalendar: statutory holidays and make-up days (法定节假日与调休); and
the lunar months (农历) from borax.

Both libraries help to write facts; no rule ever asks them. chinesecalendar knows 2004 to 2026: a year that it does not know
is refused by name, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from borax.calendars.lunardate import LunarDate
from chinese_calendar import constants

from schemas.canonical import Json
from schemas.instants import Instant, format_instant
from schemas.lunar import LEAP
from schemas.policy import Calendar

_ZH = {
    "new_years_day": "元旦",
    "spring_festival": "春节",
    "tomb_sweeping_day": "清明节",
    "labour_day": "劳动节",
    "dragon_boat_festival": "端午节",
    "national_day": "国庆节",
    "mid_autumn_festival": "中秋节",
    "anti_fascist_70th_day": "抗战胜利70周年",
}
_NAMES = {holiday.value: _ZH[holiday.name] for holiday in constants.Holiday}


class NoHolidays(ValueError):
    """The statutory holidays of that year are not known to the installed chinesecalendar."""

    def __init__(self, year: int) -> None:
        known = known_years()
        super().__init__(
            f"no statutory holidays known for {year} (known: {known[0]} to {known[-1]}); "
            "a newer chinesecalendar may have them, or write the year's days into the calendar by hand"
        )
        self.year = year


def known_years() -> list[int]:
    """The years whose statutory holidays the library has, in order."""
    return sorted({day.year for day in constants.holidays})


def make_calendar(
    name: str, effective_from: Instant, years: Iterable[int], spec: Calendar | None = None, version: str = ""
) -> dict[str, Json]:
    """The data of one ``calendar.published``: ``spec`` says how the company differs from the statutory calendar.

    ``version`` defaults to the base and the last year, ``cn-2026``. Raises NoHolidays naming a year without data.
    """
    spec = spec or Calendar()
    closed, opened = {*spec.closed}, {*spec.open}
    letters: dict[str, str] = {}
    names: dict[str, str] = {}
    for year in sorted({*years}):
        if spec.base == "cn" and year not in known_years():
            raise NoHolidays(year)
        marks = []
        for day in _days(year):
            text = day.isoformat()
            works, why = _statutory(day) if spec.base == "cn" else (day.weekday() < 5, "")
            if text in opened:
                works, why = True, "公司上班"
            elif text in closed:
                works, why = False, "公司放假"
            marks.append("W" if works else "H")
            if why:
                names[text] = why
        letters[str(year)] = "".join(marks)
    if not letters:
        raise ValueError("a calendar needs at least one year")
    made: dict[str, Any] = {
        "name": name,
        "version": version or f"{spec.base}-{max(letters)}",
        "effective_from": format_instant(effective_from),
        "years": letters,
        "names": names,
        "shifts": [list(shift) for shift in spec.shifts],
        "close": spec.close,
        "roll": spec.roll,
        "lunar": {year: lunar_months(int(year)) for year in letters},
    }
    return made


def lunar_months(year: int) -> dict[str, str]:
    """The first day of each lunar month that touches the year, and of the one after, with its number; ``06+`` for a leap
    month. borax knows 1900 to 2100."""
    first = date(year, 1, 1)
    first -= timedelta(days=LunarDate.from_solar(first).day - 1)
    found: dict[str, str] = {}
    while True:
        begins = LunarDate.from_solar(first)
        found[first.isoformat()] = f"{begins.month:02}{LEAP if begins.leap else ''}"
        if first.year > year:
            return found
        first += timedelta(days=29)
        first += timedelta(days=LunarDate.from_solar(first).day != 1)


def _statutory(day: date) -> tuple[bool, str]:
    """Whether it is a working day by law, and why it differs from the plain week."""
    if day in constants.workdays:
        return True, f"{_NAMES[constants.workdays[day]]}调休上班"
    if day in constants.holidays:
        return False, _NAMES[constants.holidays[day]]
    return day.weekday() < 5, ""


def _days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
