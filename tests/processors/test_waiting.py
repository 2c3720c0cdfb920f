"""Sources (来源): for whom a promise waits, at the instants where one microsecond decides. ``base`` is the instant at which the
breach would be confirmed without any source."""

from __future__ import annotations

from typing import Any

import pytest

from processors.rules.sources import ANY, DECLARED, NONE, REPORTED, Reported, Sources, Wait
from schemas.event import Event
from schemas.instants import HOUR, NEVER, Instant, format_instant, parse_instant

DUE = parse_instant("2026-03-02T18:00:00+08:00")
BASE = DUE + HOUR
LIMIT = DUE + 26 * HOUR
BATCH, VISIT = "night-batch", "repair.visited"


def fact(kind: str, at: Instant, place: int, source: str, data: dict[str, Any]) -> Event:
    return Event(
        type=kind, version=1, event_id=f"e{place}", time=at, recorded=at, place=place, after=place, source=source, data=data
    )  # fmt: skip


def declared(at: Instant, within: str = "26h") -> Event:
    return fact(DECLARED, at, 1, "desk", {"source": BATCH, "reports_within": within})


def reported(at: Instant, through: Instant, place: int = 3) -> Event:
    return fact(REPORTED, at, place, BATCH, {"through_at": format_instant(through)})


def heard(*events: Event) -> Sources:
    known = NONE
    for event in events:
        known = known.heard(event)
    return known


def slow(*more: Event, told: Instant = DUE - HOUR, sent: Instant = DUE - HOUR) -> Sources:
    """One that declared 26 hours and had sent a visit."""
    return heard(declared(told), fact(VISIT, sent, 2, BATCH, {}), *more)


def test_it_is_waited_for_up_to_what_it_declared() -> None:
    assert slow().waits([VISIT], DUE, BASE) == [Wait(BATCH, LIMIT, LIMIT)]
    assert slow().waits([ANY], DUE, BASE) == [Wait(BATCH, LIMIT, LIMIT)]
    assert slow().waits(["repair.completed"], DUE, BASE) == []


@pytest.mark.parametrize(("told", "waits"), [(BASE - 1, True), (BASE, False)])
def test_what_is_declared_or_sent_at_the_base_comes_too_late(told: Instant, waits: bool) -> None:
    for known in (slow(told=told), slow(sent=told)):
        assert bool(known.waits([VISIT], DUE, BASE)) is waits
        assert bool(known.waits([ANY], DUE, BASE)) is waits


@pytest.mark.parametrize(
    ("at", "through", "until"),
    [
        (BASE + HOUR, DUE, BASE + HOUR),
        (BASE + HOUR, DUE - 1, LIMIT),
        (LIMIT + HOUR, DUE, LIMIT),
        (BASE + 1, DUE, BASE + 1),
        (BASE, DUE, None),
        (LIMIT, DUE, LIMIT),
    ],
)
def test_a_report_ends_it_and_nothing_waits_longer_than_declared(
    at: Instant, through: Instant, until: Instant | None
) -> None:
    waits = slow(reported(at, through)).waits([VISIT], DUE, BASE)
    assert waits == ([] if until is None else [Wait(BATCH, LIMIT, until)])


def test_the_newest_report_alone_counts_and_says_how_far_it_had_come_before() -> None:
    first = heard(reported(BASE, DUE))
    assert first.reported == {BATCH: Reported(3, BASE, DUE, -NEVER)}
    assert first.heard(reported(BASE + 1, DUE, 4)) is first  # no further
    later = first.heard(reported(BASE + HOUR, DUE + HOUR, 5))
    assert later.reported == {BATCH: Reported(5, BASE + HOUR, DUE + HOUR, DUE)}
    assert first.superseded(later) == [3]


def test_nobody_reports_through_what_is_still_to_come() -> None:
    assert heard(reported(DUE, DUE + HOUR)).reported[BATCH].through == DUE


def test_the_last_declaration_binds_from_then_on() -> None:
    known = heard(declared(DUE), declared(DUE + HOUR, "0h"))
    assert [known.within(BATCH, at) for at in (DUE, DUE + 1, DUE + HOUR, DUE + HOUR + 1)] == [
        0,
        26 * HOUR,
        26 * HOUR,
        0,
    ]
