"""Days of the lunar calendar: what a calendar says of its months, and what it may not say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from producers.calendar_maker import lunar_months, make_calendar
from schemas.calendar import PublishedCalendar
from schemas.instants import iso_day, parse_instant
from schemas.lunar import LunarDay, check, lunar_day, on
from schemas.policy_due import Every

FESTIVALS = {
    2025: {"12-30": "2025-01-28", "01-01": "2025-01-29", "05-05": "2025-05-31", "06-15": "2025-07-09", "08-15": "2025-10-06"},
    2026: {"12-30": "2026-02-16", "01-01": "2026-02-17", "05-05": "2026-06-19", "07-15": "2026-08-27", "08-15": "2026-09-25"},
    2027: {"12-30": "2027-02-05", "01-01": "2027-02-06", "05-05": "2027-06-09", "08-15": "2027-09-15", "09-09": "2027-10-08"},
}  # fmt: skip
"""As the State Council's holiday notices and the almanac have them; the sixth month of 2025 came twice."""


@pytest.mark.parametrize("year", FESTIVALS)
def test_festivals(year: int) -> None:
    months = lunar_months(year)
    found = {
        text: iso_day(on(months, LunarDay(int(text[:2]), int(text[3:])), year) or 0)
        for text in FESTIVALS[year]
    }
    assert found == FESTIVALS[year]


def test_every_day_that_may_be_written_comes_once_a_year() -> None:
    wanted = []
    for month in range(1, 13):
        for day in range(1, 31):
            try:
                found = lunar_day(f"lunar {month:02}-{day:02}")
            except ValueError:
                continue
            assert found is not None
            wanted.append(found)
    assert len(wanted) == 360 - 29
    for year in (2020, 2023, 2025, 2026, 2028, 2033, 2057, 2095):
        months = lunar_months(year)
        check(str(year), months)
        assert None not in [on(months, one, year) for one in wanted]


@pytest.mark.parametrize("text", ["lunar 13-01", "lunar 00-10", "lunar 08-31", "lunar 12-08", "lunar 11-11"])
def test_days_that_cannot_be_owed(text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        Every.model_validate({"days": {"x": text}})


def test_a_calendar_whose_months_cannot_be() -> None:
    data = make_calendar("office", parse_instant("2026-01-01T00:00:00+08:00"), [2026])
    months = lunar_months(2026)

    def refused(year: str, wrong: dict[str, str]) -> str:
        with pytest.raises(ValidationError) as error:
            PublishedCalendar.model_validate({**data, "lunar": {year: wrong}})
        return str(error.value)

    assert PublishedCalendar.model_validate(data).lunar == {"2026": months}
    assert "none of the years" in refused("2027", lunar_months(2027))
    assert "in order" in refused("2026", {})
    assert "in order" in refused("2026", dict(reversed(months.items())))
    assert "must reach from" in refused("2026", dict([*months.items()][1:]))
    assert "must reach from" in refused("2026", dict([*months.items()][:-1]))
    assert "not 29 or 30" in refused("2026", {day: n for day, n in months.items() if n != "05"})
    assert "follows month" in refused("2026", months | {"2026-06-15": "06"})
    assert "follows month" in refused("2026", months | {"2026-06-15": "04+", "2026-07-14": "04+"})
