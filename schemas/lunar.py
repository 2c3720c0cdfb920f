"""Days of the lunar calendar (农历), told by data alone: which day begins each lunar month that touches a civil year.

A rule reads what a published calendar says and knows no astronomy. Leap months (闰月) hold no festivals: a day of month 8 is
one of the month that is no leap month.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.instants import Day, iso_day, parse_day
from schemas.policy_terms import CivilDate
from schemas.texts import Wrong

PREFIX = "lunar "
LEAP = "+"
TWICE = ((11, 11), (12, 9))
"""From and to: days that come twice in some civil years and in others never."""

Months = dict[CivilDate, Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])\+?$")]]
"""First day -> number of each month of a civil year, from that of 1 January to the one after that of 31 December; ``06+``
is the leap month after the sixth."""


class LunarDay(NamedTuple):
    """``lunar 08-15``. Day 30 of a month of 29 is its last: ``lunar 12-30`` is New Year's Eve (除夕)."""

    month: int
    day: int


def lunar_day(text: str) -> LunarDay | None:
    """None for a day of the civil calendar. Raises Wrong for one that is none, or not one a year."""
    if not text.startswith(PREFIX):
        return None
    found = LunarDay(int(text[6:8]), int(text[9:11]))
    if not (1 <= found.month <= 12 and 1 <= found.day <= 30):
        raise Wrong("lunar.no_day", text=text)
    if TWICE[0] <= found <= TWICE[1]:
        raise Wrong("lunar.twice", text=text)
    return found


def on(months: Mapping[str, str], wanted: LunarDay, year: int) -> Day | None:
    """The day of that civil year, whose ``months`` these are; None where it has none."""
    for at, after in pairwise(months):
        if months[at] == f"{wanted.month:02}":
            day = min(parse_day(at) + wanted.day, parse_day(after)) - 1
            if iso_day(day)[:4] == str(year):
                return day
    return None


def check(year: str, months: Mapping[str, str]) -> None:
    """Raises Wrong for what is wrong with the months of a year."""
    starts = [*months]
    days = [parse_day(one) for one in starts]
    if starts != sorted(starts) or not days:
        raise Wrong("lunar.order", year=year)
    if not days[0] <= parse_day(f"{year}-01-01") < parse_day(f"{year}-12-31") < days[-1]:
        raise Wrong("lunar.reach", year=year)
    for one, (begins, ends) in zip(starts, pairwise(days), strict=False):
        if ends - begins not in (29, 30):
            raise Wrong("lunar.length", year=year, day=one, days=ends - begins)
    for before, after in pairwise(months.values()):
        number = int(before[:2])
        follows = {f"{number % 12 + 1:02}"} | (set() if before.endswith(LEAP) else {f"{number:02}{LEAP}"})
        if after not in follows:
            raise Wrong("lunar.follows", year=year, before=before, after=after)
