"""Times as other systems write them: formats, zones, summer time, a spreadsheet's serial numbers."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from producers.mapping.problems import BadCell
from producers.mapping.times import Times, clock_time, compiled

CHINA, BOSTON = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-02 09:12:05", "2026-03-02T09:12:05+08:00"),
        ("2026/3/2 9:05", "2026-03-02T09:05:00+08:00"),
        ("2026年3月2日", "2026-03-02T00:00:00+08:00"),
        ("2026.3.2", "2026-03-02T00:00:00+08:00"),
        ("2026-03-02T09:12", "2026-03-02T09:12:00+08:00"),
        ("2026-03-02T01:12:00Z", "2026-03-02T09:12:00+08:00"),
        ("1988-07-01 12:00:00", "1988-07-01T12:00:00+09:00"),
        ("2024-02-29", "2024-02-29T00:00:00+08:00"),
        ("2026年3月2日 9时5分", "2026-03-02T09:05:00+08:00"),
        ("2026/3/2 下午3:05", "2026-03-02T15:05:00+08:00"),
        ("2026-3-2 上午12:05", "2026-03-02T00:05:00+08:00"),
        ("２０２６-３-２ ９：０５", "2026-03-02T09:05:00+08:00"),
    ],
)
def test_the_usual_forms(text: str, read: str) -> None:
    assert Times(CHINA).read(text).text == read


@pytest.mark.parametrize(
    "text",
    ["20260302", "03/02/2026", "2026-02-29", "2026-13-01", "2026-03-02 24:00", "昨天", "2026-03-02 09:00:00 ", "٢٠٢٦-03-02",
     "46083", "2026-03-02T25:00:00Z"],
)  # fmt: skip
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(BadCell):
        Times(CHINA).read(text)


def test_who_wrote_it_otherwise_is_told_how() -> None:
    with pytest.raises(BadCell, match="请写成 2026-03-02 09:12"):
        Times(CHINA).read("昨天")
    with pytest.raises(BadCell, match="请写成 MM/DD/YYYY"):
        Times(BOSTON, ["MM/DD/YYYY"]).read("2026-03-02")


@pytest.mark.parametrize(
    ("form", "text", "read"),
    [
        ("MM/DD/YYYY hh:mm:ss A", "03/01/2011 12:27:57 AM", "2011-03-01T00:27:57-05:00"),
        ("MM/DD/YYYY hh:mm:ss A", "07/01/2011 12:27:57 PM", "2011-07-01T12:27:57-04:00"),
        ("D.M.YYYY H:mm", "2.3.2026 9:05", "2026-03-02T09:05:00-05:00"),
        ("YYYY-MM-DD A hh:mm", "2026-03-02 下午 03:05", "2026-03-02T15:05:00-05:00"),
    ],
)
def test_declared_forms_in_a_declared_zone(form: str, text: str, read: str) -> None:
    assert Times(BOSTON, [form]).read(text).text == read


def test_summer_time_shows_one_clock_time_twice_and_one_never() -> None:
    times = Times(BOSTON)
    assert times.read("2022-11-06 01:30").text == "2022-11-06T01:30:00-04:00"  # the first of two
    with pytest.raises(BadCell):
        times.read("2022-03-13 02:30")


def test_a_spreadsheets_own_dates() -> None:
    times = Times(CHINA)
    assert times.read(datetime(2026, 3, 2, 9, 12)).text == "2026-03-02T09:12:00+08:00"  # noqa: DTZ001
    assert times.read(date(2026, 3, 2)).whole_day
    assert times.read(46083).day == "2026-03-02"
    assert times.read(46083.5).text == "2026-03-02T12:00:00+08:00"
    assert times.read(46083 + 1 / 3).text == "2026-03-02T08:00:00+08:00"
    assert Times(CHINA, serial=True).read("46083.5").text == "2026-03-02T12:00:00+08:00"
    for strange in (12, 1e9, -1, True, None, [1]):
        with pytest.raises(BadCell):
            times.read(strange)


def test_a_bare_date_happened_at_the_declared_hour_and_is_due_at_its_end() -> None:
    read = Times(BOSTON).read("2026-03-02", clock_time("09:30"))
    assert read.text == "2026-03-02T09:30:00-05:00"
    assert read.due == "2026-03-02T23:59:59.999999-05:00"
    assert Times(BOSTON).read("2026-03-02 08:00", time(9)).due == "2026-03-02T08:00:00-05:00"


@pytest.mark.parametrize("form", ["YYYY-MM", "HH:mm", "YYYY-MM-DD hh:mm", "YYYY-MM-DD DD", ""])
def test_a_form_that_leaves_something_open_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"needs|twice|together"):
        compiled(form)
