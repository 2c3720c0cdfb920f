"""The grid around deadlines (到期边界): each kind of due date, the discharge one microsecond before, at and after it, told in
every manner that the two times of a fact allow.

The due instants stand in deadlines.yaml, the outcomes in ``MANNERS``, both written by hand from the grammar's rules: in time
is ``<=`` (S1); what was overdue when its trigger was recorded is born late, and confirmed ten minutes after that; a discharge
in time that was recorded more than five minutes after the due instant is a late entry; a correction counts as if it had
been told so at once; a withdrawal as if it had never been told; a waiver after a breach keeps it (S21).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from processors.rules.promises.promise import Promise
from producers.calendar_maker import make_calendar
from schemas.instants import NEVER
from schemas.policy import Calendar
from schemas.policy_files import load_profile
from schemas.policy_yaml import read_yaml
from tests.processors.desk import Desk

GRID = read_yaml((Path(__file__).parent / "deadlines.yaml").read_text("utf-8"), "deadlines.yaml").value
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, DAY = 60_000_000, 86_400_000_000
KEY = "grid.duty"
YEARS = (1985, 1992)
SUNDAYS = ["1986-05-04", "1986-09-14", "1991-09-15"]
SPECS: dict[str, dict[str, Any]] = {
    "plain": {},
    "close": {"close": "18:00"},
    "shifts": {"shifts": [["09:00", "12:00"], ["13:30", "18:00"]]},
    "sunday": {"shifts": [["01:00", "04:00"]], "open": SUNDAYS},
}


def micros(text: str) -> int:
    """RFC 3339 -> µs UTC, by Python's own reading."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


class Manner(NamedTuple):
    """One way of telling it. Instants are µs after the due instant; ``told`` (happened, recorded, corrects the n-th) in order;
    ``first``: the discharges are placed before the trigger. ``trigger`` when that was recorded, None: at once."""

    name: str
    told: tuple[tuple[int, int, int], ...]
    state: str
    settled: int | None
    trigger: int | None = None
    first: bool = False
    late_entry: bool = False
    withdrawn: int | None = None
    waived: int | None = None


def in_time() -> Iterator[Manner]:
    for at in (-1, 0):
        yield Manner(f"told at once {at:+}", ((at, at, 0),), "met", at)
        yield Manner(f"told within the grace {at:+}", ((at, 5 * MINUTE, 0),), "met", at)
        yield Manner(f"told behind the grace {at:+}", ((at, 5 * MINUTE + 1, 0),), "met", at, late_entry=True)
        yield Manner(f"told days later {at:+}", ((at, 3 * DAY, 0),), "met", at, late_entry=True)
        yield Manner(f"trigger recorded at the due instant {at:+}", ((at, 1, 0),), "met", at, trigger=0)
        yield Manner(f"born late {at:+}", ((at, MINUTE, 0),), "met", at, trigger=1)
        yield Manner(
            f"born late, discharge placed first {at:+}", ((at, at, 0),), "met", at, trigger=1, first=True
        )
        yield Manner(
            f"both days later, in the wrong order {at:+}", ((at, DAY, 0),), "met", at, trigger=DAY, first=True
        )
        yield Manner(
            f"said to be late, corrected {at:+}",
            ((DAY, DAY, 0), (at, 2 * DAY, 1)),
            "met",
            at,
            late_entry=True,
        )
        yield Manner(
            f"corrected twice {at:+}",
            ((-9, -9, 0), (DAY, DAY, 1), (at, 2 * DAY, 2)),
            "met",
            at,
            late_entry=True,
        )
        yield Manner(f"another one withdrawn {at:+}", ((-9, -9, 0), (at, at, 0)), "met", at, withdrawn=DAY)
        yield Manner(f"waived afterwards {at:+}", ((at, at, 0),), "met", at, waived=1)


def late() -> Iterator[Manner]:
    yield Manner("told at once", ((1, 1, 0),), "late", 1)
    yield Manner("told days later", ((1, 3 * DAY, 0),), "late", 1)
    yield Manner("born late", ((1, MINUTE, 0),), "late", 1, trigger=1)
    yield Manner("both days later, in the wrong order", ((1, DAY, 0),), "late", 1, trigger=DAY, first=True)
    yield Manner("said to be in time, corrected before anybody knew", ((-9, -9, 0), (1, 2, 1)), "late", 1)
    yield Manner("said to be in time, corrected days later", ((0, 0, 0), (1, 3 * DAY, 1)), "late", 1)
    yield Manner("the one in time withdrawn", ((-9, -9, 0), (1, 1, 0)), "late", 1, withdrawn=DAY)


def never() -> Iterator[Manner]:
    yield Manner("not told", (), "open", None)
    yield Manner("not told, trigger recorded at the due instant", (), "open", None, trigger=0)
    yield Manner("not told, born late", (), "open", None, trigger=1)
    for when in (-1, 0, 1, DAY):
        yield Manner(f"withdrawn at {when:+}", ((-9, -9, 0),), "open", None, withdrawn=when)
    yield Manner("waived just in time", (), "waived", 0, waived=0)
    yield Manner("waived too late", (), "waived", 1, waived=1)


MANNERS = [*in_time(), *late(), *never()]


class Duty(NamedTuple):
    kind: str
    why: str
    calendar: str
    opened: int
    due: dict[str, Any]
    at: int
    more: str


DUTIES = [
    Duty(kind, why, calendar, micros(opened), due, micros(at), more[0] if more else "")
    for kind, rows in GRID.items()
    for why, calendar, opened, due, at, *more in rows
]


def profile(duty: Duty) -> dict[str, Any]:
    whole = load_profile().dump()
    whole |= {"effective_from": "1980-01-01T00:00:00+08:00", "facts": {}}
    whole["dates"] = {
        "planned": {"event": "project.move_in_scheduled", "date": "planned_on", "match": ["case"]}
    }
    whole["policies"] = {
        KEY: {
            "row": "O1", "zh": "某事", "on": "complaint.received", "per": ["case"], "due": duty.due,
            "by": "complaint.forwarded", "owes": "crc",
        }
    }  # fmt: skip
    return whole


def calendar(name: str, opened: int) -> dict[str, Any]:
    """Statutory where the library knows it, else the plain week; no working day is asked of the latter but those given."""
    spec = SPECS[name]
    if opened > 0 and opened < micros("2025-01-01T00:00:00+08:00"):
        return make_calendar("office", 0, range(*YEARS), Calendar(base="none", **spec), "1")
    statutory = make_calendar("office", 0, (2025, 2026), Calendar(**spec), "1")
    if opened < micros("2026-12-29T00:00:00+08:00"):
        return statutory
    plain: Any = make_calendar("office", 0, range(2027, 2031), Calendar(base="none"), "1")
    years: Any = statutory["years"]
    return {**statutory, "years": {**years, **plain["years"]}}


def tell(desk: Desk, duty: Duty, manner: Manner, case: str) -> None:
    """Place the trigger, what dates it, and the discharges."""

    def discharges() -> None:
        for number, (at, recorded, corrects) in enumerate(manner.told, start=1):
            desk.place(
                "complaint.forwarded", duty.at + at, f"{case}-d{number}", recorded=duty.at + recorded, case_id=case,
                corrects=f"{case}-d{corrects}" if corrects else "", period=duty.more,
            )  # fmt: skip

    if duty.kind == "before":
        desk.place("project.move_in_scheduled", duty.opened - DAY, f"{case}-p", planned_on=duty.more, case_id=case)  # fmt: skip
    if manner.first:
        discharges()
    recorded = duty.opened if manner.trigger is None else duty.at + manner.trigger
    desk.place(
        "complaint.received", duty.opened, f"{case}-t", recorded=recorded, case_id=case, due_at=duty.more
    )
    if duty.kind == "gate":
        desk.place("case.closed", duty.at, f"{case}-g", case_id=case)
    if not manner.first:
        discharges()
    if manner.withdrawn is not None:
        desk.place("event.withdrawn", duty.at + manner.withdrawn, f"{case}-w", corrects=f"{case}-d1")
    if manner.waived is not None:
        desk.place(
            "obligation.waived", duty.at + manner.waived, f"{case}-x", obligation_key=KEY, keys={"case": case}, reason="r",
        )  # fmt: skip


def desk_of(duty: Duty) -> Desk:
    desk = Desk()
    desk.publish(profile(duty), "1984-12-31 09:00")
    desk.publish_calendar(calendar(duty.calendar, duty.opened), "1984-12-31 09:00")
    return desk


def found(desk: Desk, duty: Duty) -> dict[str, Promise]:
    rows = [row for row in desk.promises(KEY) if duty.kind != "every" or row.period == duty.more]
    return {row.keys.split('"')[3]: row for row in rows}


def outcome(desk: Desk, row: Promise) -> tuple[Any, ...]:
    breached = [mark for mark in desk.marks(row) if mark.kind == "breached"]
    assert all(mark.time == row.due for mark in breached)
    return (
        row.state,
        row.due,
        row.settled,
        bool(row.born_late),
        bool(row.late_entry),
        [mark.at for mark in breached],
    )


def expected(duty: Duty, manner: Manner) -> tuple[Any, ...]:
    settled = NEVER if manner.settled is None else duty.at + manner.settled
    born_late = manner.trigger is not None and manner.trigger > 0
    breaches = []
    if settled > duty.at:
        breaches = [
            duty.at + (1 if not born_late or manner.trigger is None else manner.trigger + 10 * MINUTE)
        ]
    return (manner.state, duty.at, settled, born_late, manner.late_entry, breaches)


@pytest.mark.parametrize("duty", DUTIES, ids=[f"{one.kind}: {one.why}" for one in DUTIES])
def test_every_manner_of_telling(duty: Duty) -> None:
    desk = desk_of(duty)
    for number, manner in enumerate(MANNERS):
        tell(desk, duty, manner, f"c{number}")
    rows = found(desk, duty)
    for number, manner in enumerate(MANNERS):
        assert outcome(desk, rows[f"c{number}"]) == expected(duty, manner), manner.name


@pytest.mark.parametrize("kind", list(GRID))
def test_a_trigger_is_corrected_or_withdrawn(kind: str) -> None:
    """Before, at and after the due instant: it is due as if it had been told so at once, or is not at all."""
    duty = next(one for one in DUTIES if one.kind == kind)
    desk = desk_of(duty)
    told = Manner("told at once", ((0, 0, 0),), "met", 0)
    for number, when in enumerate((-1, 0, 1, DAY)):
        gone, moved = f"gone{number}", f"moved{number}"
        tell(desk, duty, told, gone)
        desk.place("event.withdrawn", duty.at + when, f"{gone}-u", corrects=f"{gone}-t")
        tell(desk, duty._replace(opened=duty.opened + 1), told, moved)
        desk.place(
            "complaint.received", duty.opened, f"{moved}-u", recorded=duty.at + when, corrects=f"{moved}-t",
            case_id=moved, due_at=duty.more,
        )  # fmt: skip
    rows = found(desk, duty)
    assert sorted(rows) == [f"moved{number}" for number in range(4)]
    for number, when in enumerate((-1, 0, 1, DAY)):
        row = rows[f"moved{number}"]
        assert (row.state, row.due, row.settled) == ("met", duty.at, duty.at)
        assert bool(row.born_late) == (when > 0)
