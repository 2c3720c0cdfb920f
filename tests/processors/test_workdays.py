"""Working-time arithmetic: worked results, values computed by an independent program, and properties."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from processors.rules.workdays import NoCalendar, Span, WorkCalendar, before, merged, share
from producers.calendar_maker import make_calendar
from schemas.instants import (
    DAY,
    HOUR,
    Day,
    Instant,
    day_of,
    end_of_day,
    iso_day,
    parse_day,
    parse_instant,
    shift_months,
    start_of_day,
    to_datetime,
)
from schemas.policy import Calendar, Dur, Step, duration

HERE = Path(__file__).parent
CASES: dict[str, Any] = yaml.load((HERE / "workdays.yaml").read_text("utf-8"), yaml.BaseLoader)
ORACLE: list[list[Any]] = json.loads((HERE / "workdays_oracle.json").read_text("utf-8"))
SPECS = {
    "plain": Calendar(),
    "close": Calendar(close="18:00"),
    "shifts": Calendar(shifts=[("09:00", "12:00"), ("13:30", "18:00")]),
    "closed": Calendar(closed=["2026-02-24", "2026-02-25"]),
    "roll": Calendar(roll="next_working_day"),
}
LADDER = [
    Step(after=duration("1y"), cap=duration("3wd"), to=["cs_senior_supervisor"]),
    Step(after=duration("3wd"), to=["cs_leader"]),
]


@cache
def office(name: str, first: int = 2024) -> WorkCalendar:
    return WorkCalendar(make_calendar("office", 0, range(first, 2027), SPECS[name]))


def at(text: str) -> Instant:
    day, _, clock = text.partition(" ")
    if clock == "24:00":
        return end_of_day(parse_day(day))
    return parse_instant(f"{day}T{clock + ':00' if len(clock) == 5 else clock}+08:00")


def spans(written: list[list[str]]) -> list[Span]:
    return [(at(start), None if stop == "null" else at(stop)) for start, stop in written]


def said(text: str) -> Instant | str | None:
    return None if text in ("frozen", "none") else text if text == "undated" else at(text)


def ask(question: Any, *words: Any) -> Instant | str | None:
    try:
        answer: Instant | None = question(*words)
    except NoCalendar:
        return "undated"
    return answer


@pytest.mark.parametrize(("why", "calendar", "opened", "limit", "due"), CASES["due"])
def test_due(why: str, calendar: str, opened: str, limit: str, due: str) -> None:
    assert ask(office(calendar).add, at(opened), duration(limit)) == said(due), why
    assert ask(office(calendar).due, at(opened), duration(limit)) == said(due), why


@pytest.mark.parametrize(("why", "calendar", "opened", "limit", "pauses", "due"), CASES["paused"])
def test_paused(why: str, calendar: str, opened: str, limit: str, pauses: Any, due: str) -> None:
    assert ask(office(calendar).due, at(opened), duration(limit), spans(pauses)) == said(due), why


@pytest.mark.parametrize(("why", "calendar", "opened", "limit", "pauses", "mark"), CASES["mark"])
def test_mark(why: str, calendar: str, opened: str, limit: str, pauses: Any, mark: str) -> None:
    assert ask(office(calendar).mark, at(opened), duration(limit), 75, spans(pauses)) == said(mark), why


@pytest.mark.parametrize(("why", "calendar", "breach", "limit", "first", "second"), CASES["steps"])
def test_ladder(why: str, calendar: str, breach: str, limit: str, first: str, second: str) -> None:
    length = None if limit == "null" else duration(limit)
    one = ask(office(calendar).step_at, at(breach), LADDER[0], length)
    assert one == said(first), why
    if isinstance(one, int):
        assert ask(office(calendar).step_at, one, LADDER[1], length) == said(second), why


def test_given_share() -> None:
    """S9: a sheet of 2 March 10:00 due 20 March is warned of at 75 % of the span."""
    opened, due = at("2026-03-02 10:00"), at("2026-03-20 24:00")
    assert share(opened, due, 75) == at("2026-03-16 08:29:59.999999")
    assert share(due, opened, 75) is None


def test_before_a_date() -> None:
    """S6: expiry 30 April, two months before is 28 February, and its window opens a month before that."""
    due = shift_months(parse_day("2026-04-30"), -2)
    assert (iso_day(due), iso_day(shift_months(due, -1))) == ("2026-02-28", "2026-01-28")
    assert before(at("2026-02-28 24:00"), Dur(7, "d")) == at("2026-02-21 24:00")
    assert before(at("2026-02-28 16:00"), Dur(90, "min")) == at("2026-02-28 14:30")


# Computed once by an independent implementation of the same rules (fixed +8:00, day by day), seed 20261122; marks at
# 75 %, "n/a" where that program had no opinion.
def test_agrees_with_an_independent_program() -> None:
    for name, opened, limit, pauses, due, mark in ORACLE:
        paused = [(start, stop) for start, stop in pauses]
        answer = ask(office(name).due, opened, duration(limit), paused)
        assert answer == ("undated" if due == "NoCalendar" else due), (name, opened, limit, pauses)
        if mark != "n/a":
            early = ask(office(name).mark, opened, duration(limit), 75, paused)
            assert early == ("undated" if mark == "NoCalendar" else mark), (name, opened, limit, pauses)


def test_no_calendar_says_which_year() -> None:
    with pytest.raises(NoCalendar, match="'office' has no data for 2027"):
        office("plain").add(at("2026-12-29 16:00"), Dur(3, "wd"))


def test_a_gap_between_years_is_not_jumped() -> None:
    data = make_calendar("office", 0, [2024, 2026])
    calendar = WorkCalendar(data)
    assert calendar.add(at("2026-03-02 16:00"), Dur(1, "wd")) == at("2026-03-03 24:00")
    with pytest.raises(NoCalendar, match="2025"):
        calendar.add(at("2024-12-31 16:00"), Dur(1, "wd"))


def test_rolling_to_a_working_day() -> None:
    roll = office("roll")
    assert roll.add(at("2026-02-15 09:00"), Dur(0, "d")) == at("2026-02-24 24:00")
    assert roll.add(at("2026-01-28 09:00"), Dur(1, "mo")) == at("2026-02-28 24:00")  # make-up Saturday
    assert roll.add(at("2026-02-07 09:00"), Dur(1, "mo")) == at("2026-03-09 24:00")
    assert roll.add(at("2026-03-06 09:00"), Dur(1, "h")) == at("2026-03-06 10:00")


def test_days_of_nine_hours() -> None:
    """Shanghai kept +9:00 in the summers of 1986 to 1991; a day limit ends with the civil day all the same."""
    plain = office("plain")
    for opened, limit, due in (
        ("1986-05-03T10:00:00+08:00", "1d", "1986-05-04T23:59:59.999999+09:00"),  # a day of 23 hours
        ("1986-09-13T10:00:00+09:00", "1d", "1986-09-14T23:59:59.999999+08:00"),  # a day of 25 hours
        ("1986-05-03T10:00:00+08:00", "24h", "1986-05-04T11:00:00+09:00"),
        ("1988-03-30T10:00:00+08:00", "1mo", "1988-04-30T23:59:59.999999+09:00"),
    ):
        assert plain.add(parse_instant(opened), duration(limit)) == parse_instant(due), opened
    short = plain.mark(parse_instant("1986-05-03T10:00:00+08:00"), Dur(1, "d"), 99)
    assert short == parse_instant("1986-05-04T23:59:59.999999+09:00")
    civil = {
        "name": "old", "version": "1", "effective_from": "1986-01-01T00:00:00+08:00", "years": {"1986": "W" * 365},
        "shifts": [["01:00", "09:00"]], "close": "18:00",
    }  # fmt: skip
    old = WorkCalendar(civil)
    assert old.add(parse_instant("1986-05-03T10:00:00+08:00"), Dur(1, "wd")) == parse_instant(
        "1986-05-04T18:00:00+09:00"
    )
    # the shift from 01:00 to 09:00 lost the hour from 02:00 to 03:00
    assert old.add(parse_instant("1986-05-04T00:30:00+08:00"), Dur(7, "sh")) == parse_instant(
        "1986-05-04T09:00:00+09:00"
    )


def test_counted_days_say_why() -> None:
    counted = office("plain").counted(at("2026-02-13 17:00"), Dur(3, "wd"))
    assert [(iso_day(day), why) for day, why in counted.days] == [
        ("2026-02-14", "春节调休上班"), ("2026-02-24", ""), ("2026-02-25", ""),
    ]  # fmt: skip
    assert [(iso_day(day), why) for day, why in counted.skipped] == [
        (f"2026-02-{day}", "春节") for day in range(15, 24)
    ]
    weekend = office("closed").counted(at("2026-02-26 17:00"), Dur(3, "wd"))
    assert [(iso_day(day), why) for day, why in weekend.skipped] == [("2026-03-01", "周末")]
    company = office("closed").counted(at("2026-02-23 17:00"), Dur(1, "wd"))
    assert [(iso_day(day), why) for day, why in company.skipped] == [
        ("2026-02-24", "公司放假"), ("2026-02-25", "公司放假"),
    ]  # fmt: skip
    paused = office("plain").counted(
        at("2026-03-02 16:00"), Dur(3, "wd"), spans([["2026-03-03 10:00", "2026-03-04 09:00"]])
    )
    assert [iso_day(day) for day, _ in paused.days] == ["2026-03-04", "2026-03-05", "2026-03-06"]
    assert [(iso_day(day), why) for day, why in paused.skipped] == [("2026-03-03", "暂停")]
    assert office("plain").counted(at("2026-03-02 16:00"), Dur(24, "h")).days == ()
    shifts = office("shifts").counted(at("2026-05-08 16:00"), Dur(17, "sh"))
    assert [iso_day(day) for day, _ in shifts.days] == ["2026-05-08", "2026-05-09", "2026-05-11"]
    assert [iso_day(day) for day, _ in shifts.skipped] == ["2026-05-10"]
    days = office("plain").counted(
        at("2026-03-02 16:00"), Dur(7, "d"), spans([["2026-03-04 10:00", "2026-03-06 09:00"]])
    )
    assert len(days.days) == 7
    assert [iso_day(day) for day, _ in days.skipped] == ["2026-03-04", "2026-03-05"]


# ------------------------------------------------------------------------------------------------ properties

INSTANTS = st.integers(at("2024-01-01 00:00"), at("2026-06-30 24:00"))
LIMITS = st.one_of(
    st.tuples(st.integers(0, 5000), st.just("min")),
    st.tuples(st.integers(0, 300), st.just("h")),
    st.tuples(st.integers(0, 60), st.just("sh")),
    st.tuples(st.integers(0, 60), st.just("d")),
    st.tuples(st.integers(0, 40), st.just("wd")),
    st.tuples(st.integers(0, 13), st.just("mo")),
).map(lambda pair: Dur(*pair))
NAMES = st.sampled_from(["plain", "close", "shifts", "closed"])


@st.composite
def pauses(draw: st.DrawFn, opened: Instant) -> list[Span]:
    starts = draw(st.lists(st.integers(opened - 2 * DAY, opened + 20 * DAY), max_size=4))
    return [(start, start + draw(st.integers(0, 9 * DAY))) for start in starts]


@given(NAMES, INSTANTS, LIMITS, st.integers(0, 40 * DAY))
def test_never_before_the_opening_and_later_for_later(name: str, opened: int, limit: Dur, more: int) -> None:
    due = office(name).add(opened, limit)
    assert due >= opened
    assert office(name).add(opened + more, limit) >= due
    assert office(name).add(opened, Dur(limit.n + 1, limit.unit)) >= due


@given(NAMES, INSTANTS, LIMITS, st.data())
def test_pauses_only_delay(name: str, opened: int, limit: Dur, data: st.DataObject) -> None:
    paused = data.draw(pauses(opened))
    calendar = office(name)
    due = ask(calendar.due, opened, limit, paused)
    if due == "undated":
        return
    assert isinstance(due, int)
    assert due >= calendar.add(opened, limit)
    shuffled = data.draw(st.permutations([*paused, *paused]))
    assert calendar.due(opened, limit, shuffled) == due
    cut = [
        piece for start, stop in paused if stop is not None
        for piece in ((start, (start + stop) // 2), ((start + stop) // 2, stop))
    ]  # fmt: skip
    assert calendar.due(opened, limit, cut) == due
    # whatever starts at or after the due instant changes nothing
    assert calendar.due(opened, limit, [*merged(paused), (due, None)]) == due or any(
        start <= due and (stop is None or due <= stop) for start, stop in paused
    )
    fewer = ask(calendar.due, opened, limit, paused[1:])
    assert isinstance(fewer, int)
    assert fewer <= due


def day_or_year(ask: Callable[[], Day | None]) -> tuple[str, Day | None]:
    try:
        return "day", ask()
    except NoCalendar as error:
        return "no calendar", error.year


@given(NAMES, INSTANTS, st.integers(0, 800), st.sampled_from(("d", "wd")))
def test_the_last_day_is_the_one_counted_to(name: str, opened: int, count: int, unit: Any) -> None:
    calendar, limit = office(name), Dur(count, unit)
    counted = day_or_year(lambda: calendar._count(opened, limit, ())[0])
    assert day_or_year(lambda: calendar._last(opened, limit, ())) == counted


@given(NAMES, INSTANTS, LIMITS, st.integers(1, 99), st.data())
def test_warned_between_opening_and_due(
    name: str, opened: int, limit: Dur, pct: int, data: st.DataObject
) -> None:
    paused = data.draw(pauses(opened))
    due = ask(office(name).due, opened, limit, paused)
    if due == "undated":
        return
    assert isinstance(due, int)
    mark = office(name).mark(opened, limit, pct, paused)
    if limit.n == 0:
        assert mark is None
    elif mark is not None:
        assert opened <= mark <= due


@given(NAMES, INSTANTS, st.integers(1, 30))
def test_counted_and_skipped_are_all_days(name: str, opened: int, count: int) -> None:
    limit = Dur(count, "wd")
    counted = office(name).counted(opened, limit)
    days: list[Day] = [day for day, _ in counted.days]
    due = day_of(office(name).add(opened, limit))
    assert len(days) == count
    assert days[-1] == due
    assert sorted(days + [day for day, _ in counted.skipped]) == list(range(day_of(opened) + 1, due + 1))
    assert all(why for _, why in counted.skipped)


@given(INSTANTS, LIMITS)
def test_more_years_never_change_what_is_dated(opened: int, limit: Dur) -> None:
    few, many = office("plain", 2026), office("plain")
    known = ask(few.add, opened, limit)
    assert known in ("undated", many.add(opened, limit))


@given(INSTANTS, LIMITS)
def test_the_first_step_is_capped(breach: int, limit: Dur) -> None:
    cap = office("plain").add(breach, Dur(3, "wd"))
    step = office("plain").step_at(breach, LADDER[0], limit)
    assert breach <= step <= cap
    assert step in (cap, office("plain").add(breach, limit))


@given(st.integers(parse_day("1985-01-01"), parse_day("1993-01-01")), st.integers(0, 40))
def test_day_limits_end_at_civil_midnight(day: int, count: int) -> None:
    over = to_datetime(office("plain").add(start_of_day(day) + HOUR, Dur(count, "d")) + 1)
    assert (over.hour, over.minute, over.second, over.microsecond) == (0, 0, 0, 0)
    assert (over.date().toordinal() - parse_day("1970-01-01")) - day - count == 719163 + 1


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9)), max_size=6))
def test_merged_pauses_cover_the_same_instants(paused: list[Span]) -> None:
    made = merged(paused)

    def inside(instant: int, within: Any) -> bool:
        return any(start <= instant and (stop is None or instant < stop) for start, stop in within)

    assert [inside(instant, made) for instant in range(12)] == [
        inside(instant, paused) for instant in range(12)
    ]
    assert all(stop is None or start < stop for start, stop in made)
    assert all(one[1] is not None and one[1] < two[0] for one, two in pairwise(made))


def test_what_is_remembered_of_a_day_is_asked_for_with_all_that_it_depends_on() -> None:
    calendar, when = WorkCalendar(make_calendar("office", 0, (2026,), SPECS["plain"])), at("2026-03-02 09:00")
    week = Dur(5, "wd")
    half, most = calendar.mark(when, week, 50), calendar.mark(when, week, 80)
    assert half is not None
    assert most is not None
    assert half < most
    assert calendar.mark(when, Dur(10, "wd"), 50) not in (half, most)
    paused = [(at("2026-03-03 09:00"), at("2026-03-05 09:00"))]
    later = calendar.mark(when, week, 50, paused)
    assert later is not None
    assert later > half
    assert calendar.mark(at("2026-03-02 17:00"), week, 50) == half
