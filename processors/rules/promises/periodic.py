"""Recurring duties (周期性责任): one promise for each period that begins while the duty is on (S12).

Judging knows no now, so it makes the periods ahead too, as far as the published calendar goes, and one more that stands
undated until the next year is published: it says that nobody can count any further. What has not begun is not shown.
A period is bound by what had been published when it began, or when its trigger was recorded, whichever is later (S23).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from processors.rules.promises.activity import Stretch, stretches
from processors.rules.promises.calendars import Calendars
from processors.rules.promises.dating import Dated, warned_before
from processors.rules.promises.docket import Docket, parsed
from processors.rules.promises.listeners import DISCHARGE
from processors.rules.promises.moving import back
from processors.rules.promises.openings import Later
from processors.rules.promises.periods import Period, due_day, periods
from processors.rules.promises.promise import CANCELLED
from processors.rules.promises.running import End, Matter, Running
from processors.rules.promises.settle import Found, settle
from processors.rules.protocol import Evidence
from processors.rules.workdays import NoCalendar
from schemas.instants import DAY, NEVER, Instant, civil_date, day_of, end_of_day, start_of_day
from schemas.policy import Every

if TYPE_CHECKING:
    from processors.rules.policies import Bound

LONG = 28
"""Days from which on a period is warned of like a month (S9)."""
SPAN = 400
"""Days after the calendar's end in which the next period begins."""


def periodic(matter: Matter, later: Callable[[str], Later]) -> list[Running]:
    """Of every version that is a recurring duty, the periods that it binds; in order. ``later`` is by calendar."""
    made: list[Periodic] = []
    for bound in matter.book.policies.versions(matter.policy):
        if bound.terms.form == "every":
            made += _bound_by(matter, bound, later(bound.terms.calendar))
    made.sort(key=lambda one: (one.opened, one.period))
    if made and made[-1].last.stop == NEVER:
        made[-1].ongoing = True
    return [*made]


def _bound_by(matter: Matter, bound: Bound, later: Later) -> Iterator[Periodic]:
    terms, book, spec = bound.terms, matter.book, bound.terms.every
    on = stretches(terms, matter.docket, later)
    if spec is None or not on:
        return
    start = max(
        on[0].start, book.policies.begun(matter.policy)
    )  # nobody owed a period before there was a policy
    horizon = book.almanac.horizon(terms.calendar)
    until = day_of(start) if horizon is None else max(horizon, day_of(start))
    dockets = _Dockets(matter.docket, spec)
    for period in periods(spec, day_of(start), until + SPAN, book.almanac.moons(terms.calendar)):
        begins, ends = start_of_day(period.first), end_of_day(period.last)
        while on and on[0].stop <= begins:
            del on[0]
        if not on:
            return
        if not period.told:  # on what day of that year nobody can say: it is owed as soon as the duty is
            begins = max(begins, start, on[0].start)
        if spec.first == "next" and begins < max(start, on[0].start):
            continue
        if on[0].start > ends:
            continue
        beyond = horizon is None or period.first > horizon
        opened = max(begins, on[0].start)
        place = max(book.place_at(opened), on[0].opening.trigger.place)
        binding = book.policies.bind(matter.policy, begins, place)
        if binding is not None and binding.version is bound.version:
            last = [stretch for stretch in on if stretch.start <= ends][-1]
            mine = matter._replace(docket=dockets.of(period))
            yield Periodic(mine, on[0], bound, period, place, last, undated=beyond or not period.told)
        if beyond:
            return


class _Dockets:
    """The discharges of each period: those that name it or, without a label, those that happen in it."""

    def __init__(self, docket: Docket, spec: Every) -> None:
        self.docket, self.lead = docket, spec.lead
        self.days = spec.days is not None
        self.by_time = docket.role(DISCHARGE)
        self.labelled: dict[str, list[Evidence]] | None = None
        if spec.label is not None:
            self.labelled = {}
            for entry in self.by_time:
                self.labelled.setdefault(str(parsed(entry.value).get("l")), []).append(entry)

    def of(self, period: Period) -> Docket:
        if self.labelled is None and not period.told:
            return self.docket.with_only(DISCHARGE, [])  # none of them can be told to be its own
        if self.labelled is None:
            first = period.first if self.lead is None else back(period.first, self.lead)
            low = bisect_left(self.by_time, start_of_day(first), key=lambda entry: entry.time)
            high = bisect_right(self.by_time, end_of_day(period.last), key=lambda entry: entry.time)
            return self.docket.with_only(DISCHARGE, self.by_time[low:high])
        label = period.label.partition("-")[2] if self.days else period.label
        mine = self.labelled.get(label, [])
        if self.days:  # a festival's name comes again every year
            year = period.label[:4]
            mine = [entry for entry in mine if str(civil_date(day_of(entry.time)).year) == year]
        return self.docket.with_only(DISCHARGE, mine)


class Periodic(Running):
    """One period. ``last`` is the stretch in which it ends, or the last that reached into it."""

    def __init__(
        self,
        matter: Matter,
        stretch: Stretch,
        bound: Bound,
        period: Period,
        place: int,
        last: Stretch,
        *,
        undated: bool,
    ) -> None:
        self.of_period, self.stretch, self.last = period, stretch, last
        self._place, self._undated = place, undated
        self.period = period.label
        super().__init__(matter, stretch.opening, bound)

    def _begin(self) -> None:
        self.root = self.period
        self.opened = max(start_of_day(self.of_period.first), self.stretch.start)
        if self.terms.member:  # a group's promise is about no single member
            self.source = {name: self.source[name] for name in self._kept() if name in self.source}

    def _kept(self) -> tuple[str, ...]:
        """What its members have in common; the region only where it is a region's own duty."""
        return ("p", "o", "w", "r") if "region" in self.terms.names else ("p", "o", "w")

    def _calendars(self) -> Calendars:
        begins = start_of_day(self.of_period.first)
        return Calendars(self.matter.book, self.terms.calendar, begins, self._place, self.source)

    def _date(self) -> Dated:
        if self._undated:
            return Dated(undated=True)
        spec = self.terms.every
        assert spec is not None
        due, grace = end_of_day(due_day(spec, self.of_period)), spec.grace
        if grace is not None:
            try:
                due = self.calendars.ask(lambda calendar: calendar.add(due, grace))
            except NoCalendar:
                return Dated(undated=True)
        return Dated(due, self._warnings(due))

    def _warnings(self, due: Instant) -> tuple[Instant, ...]:
        period = self.of_period
        length = period.last - period.first + 1
        if self.terms.warned or length >= LONG:
            return warned_before(self.terms, self.opened, due)
        at = start_of_day(period.first) + length * DAY * self.terms.ladder.warn_pct // 100
        return (at,) if self.opened <= at < due else ()

    def _discharged(self) -> Found | None:
        self.since = -NEVER
        return settle(self.terms.by, self.docket, self.since, self.due)

    def _ended(self) -> Iterator[End]:
        """The duty ended before the period did."""
        last = self.last
        if last.stop <= end_of_day(self.of_period.last):
            yield last.stop, 1, CANCELLED, Found(last.stop, (last.ended_by,), last.ended_recorded, "")
