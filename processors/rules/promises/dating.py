"""Dating (定期): when a promise is due, when to warn, and when the alert ladder takes its steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from processors.rules.pauses import Span
from processors.rules.promises.calendars import Calendars
from processors.rules.promises.terms import Terms, Warning_
from processors.rules.workdays import NoCalendar, WorkCalendar, before, share
from schemas.instants import NEVER, Instant, day_of, shift_months, start_of_day
from schemas.policy import Dur, Ladder


class Dated(NamedTuple):
    """``due`` NEVER where it cannot be told (``undated``), stands still (``paused``), or no clock runs."""

    due: Instant = NEVER
    warns: tuple[Instant, ...] = ()
    undated: bool = False
    paused: bool = False


def date(
    terms: Terms, opened: Instant, given: Instant | None, pauses: Sequence[Span], calendars: Calendars
) -> Dated:
    """S1 to S5, S8, S9, S11, S24. The warnings are told by the calendar that tells the due instant."""
    limit = terms.limit
    if limit is not None:
        try:
            return calendars.ask(lambda calendar: _limited(calendar, terms, opened, limit, pauses))
        except NoCalendar:
            return Dated(undated=True)
    if terms.given:
        if given is None:
            return Dated(undated=True)
        found = (_ahead(warning, opened, given) for warning in terms.warnings)
        return Dated(given, _between(opened, given, found))
    return Dated()


def warned_before(terms: Terms, opened: Instant, due: Instant) -> tuple[Instant, ...]:
    """Of dates, periods and plans: what the policy says, else the ladder's length for long limits (S9)."""
    warnings = terms.warnings if terms.warned else (Warning_(before=terms.ladder.warn_long),)
    return _between(opened, due, (_ahead(warning, opened, due) for warning in warnings))


def steps(
    due: Instant, limit: Dur | None, ladder: Ladder, calendars: Calendars
) -> tuple[tuple[Instant, ...], bool]:
    """(instants of the alert ladder's steps, whether one falls in a year without calendar) (S10)."""
    made: list[Instant] = []
    at = due
    for step in ladder.steps:
        try:
            at = calendars.ask(lambda calendar, at=at, step=step: calendar.step_at(at, step, limit))  # type: ignore[misc]
        except NoCalendar:
            return tuple(made), True
        made.append(at)
    return tuple(made), False


def reach_back(terms: Terms, opened: Instant, calendars: Calendars) -> Instant:
    """From when on a discharge counts: from the opening, or ``since`` so long before it, in whole days (S17)."""
    if terms.since_ever:
        return -NEVER
    since = terms.since
    if since is None:
        return opened
    count, unit = since
    day = day_of(opened)
    if unit in ("mo", "y"):
        return start_of_day(shift_months(day, -count * (12 if unit == "y" else 1)))
    if unit in ("min", "h", "d"):
        return before(opened, since)
    while (
        True
    ):  # working time cannot be counted back: the first day from which the length reaches the opening
        try:
            reached = calendars.ask(lambda calendar, day=day: calendar.add(start_of_day(day), since))  # type: ignore[misc]
        except NoCalendar:
            return start_of_day(day + 1)
        if reached < opened:
            return start_of_day(day + 1)
        day -= 1


def _limited(
    calendar: WorkCalendar, terms: Terms, opened: Instant, limit: Dur, pauses: Sequence[Span]
) -> Dated:
    """By one calendar, which raises NoCalendar where it cannot tell."""
    due = calendar.due(opened, limit, pauses)
    if due is None:
        return Dated(paused=True)
    if limit.n == 0:
        return Dated(due)
    found = [
        calendar.mark(opened, limit, warning.pct, pauses, terms.ladder.warn_long)
        if warning.pct
        else _ahead(warning, opened, due)
        for warning in terms.warnings
    ]
    return Dated(due, _between(opened, due, found))


def _ahead(warning: Warning_, opened: Instant, due: Instant) -> Instant | None:
    """A warning told from the due instant alone; one that should have come before the opening comes with it."""
    if warning.before is not None:
        return max(before(due, warning.before), opened)
    return share(opened, due, warning.pct)


def _between(opened: Instant, due: Instant, warns: Iterable[Instant | None]) -> tuple[Instant, ...]:
    return tuple(sorted({warn for warn in warns if warn is not None and opened <= warn < due}))
