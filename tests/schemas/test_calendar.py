"""What a published calendar must look like, and the maker that writes one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from producers.calendar_maker import NoHolidays, known_years, make_calendar
from schemas.calendar import PublishedCalendar
from schemas.canonical import canonical
from schemas.instants import parse_day
from schemas.policy import Calendar


def data(**fields: Any) -> dict[str, Any]:
    return {
        "name": "office", "version": "1", "effective_from": "2026-01-01T00:00:00+08:00", "years": {"2026": "W" * 365},
    } | fields  # fmt: skip


def test_statutory_days_of_2026() -> None:
    made = make_calendar("office", 0, [2026])
    assert made["version"] == "cn-2026"
    assert made["effective_from"] == "1970-01-01T08:00:00+08:00"
    assert len(made["years"]["2026"]) == 365
    assert made["years"]["2026"].count("W") == 248
    assert made["names"]["2026-02-15"] == "春节"
    assert made["names"]["2026-02-14"] == "春节调休上班"
    assert made["names"]["2026-10-01"] == "国庆节"
    assert "2026-03-07" not in made["names"]  # an ordinary Saturday
    canonical(made)
    calendar = PublishedCalendar.model_validate(made)
    assert calendar.works(parse_day("2026-02-14")) is True
    assert calendar.works(parse_day("2026-02-16")) is False
    assert calendar.works(parse_day("2027-01-04")) is None


def test_every_known_year_can_be_made() -> None:
    made = make_calendar("office", 0, known_years())
    assert list(made["years"]) == [str(year) for year in range(2004, 2027)]
    assert len(made["years"]["2024"]) == 366
    assert all(any("一" <= letter <= "鿿" for letter in name) for name in made["names"].values())
    PublishedCalendar.model_validate(made)


def test_an_unknown_year_is_named() -> None:
    with pytest.raises(NoHolidays, match="no statutory holidays known for 2027"):
        make_calendar("office", 0, [2026, 2027])
    with pytest.raises(ValueError, match="at least one year"):
        make_calendar("office", 0, [])


def test_a_company_that_differs() -> None:
    spec = Calendar(
        closed=["2026-02-24"],
        open=["2026-03-07"],
        shifts=[("09:00", "12:00")],
        close="18:00",
        roll="next_working_day",
    )
    made = make_calendar("office", 0, [2026], spec, version="own-1")
    assert made["names"]["2026-02-24"] == "公司放假"
    assert made["names"]["2026-03-07"] == "公司上班"
    assert (made["version"], made["close"], made["roll"]) == ("own-1", "18:00", "next_working_day")
    calendar = PublishedCalendar.model_validate(made)
    assert calendar.works(parse_day("2026-02-24")) is False
    assert calendar.works(parse_day("2026-03-07")) is True
    assert calendar.shifts == [("09:00", "12:00")]


def test_a_calendar_without_statutory_days() -> None:
    made = make_calendar("plain", 0, [2031], Calendar(base="none"))
    assert made["version"] == "none-2031"
    assert made["years"]["2031"].count("W") == 261
    assert made["names"] == {}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"years": {}}, "at least 1 item"),
        ({"years": {"26": "W" * 365}}, "is no year"),
        ({"years": {"2026": "W" * 366}}, "give 365 letters"),
        ({"years": {"2024": "W" * 365}}, "give 366 letters"),
        ({"years": {"2026": "w" * 365}}, "W for a working day"),
        ({"years": {"2026": "H" * 365}}, "not one working day"),
        ({"names": {"2026-2-1": "春节"}}, "is no date"),
        ({"names": {"2026-02-30": "春节"}}, "is no date"),
        ({"shifts": []}, "at least 1 item"),
        ({"shifts": [["9:00", "12:00"]]}, "no time of day"),
        ({"shifts": [["13:00", "12:00"]]}, "in order"),
        ({"shifts": [["09:00", "09:00"]]}, "in order"),
        ({"shifts": [["09:00", "12:00"], ["11:00", "18:00"]]}, "in order"),
        ({"close": "25:00"}, "no time of day"),
        ({"close": "00:00"}, "leaves no day"),
        ({"roll": "back"}, "Input should be"),
        ({"effective_from": "2026-01-01"}, "RFC 3339"),
        ({"name": ""}, "at least 1 character"),
        ({"zone": "x"}, "Extra inputs"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], reason: str) -> None:
    PublishedCalendar.model_validate(data())
    with pytest.raises(ValidationError, match=reason):
        PublishedCalendar.model_validate(data(**fields))
