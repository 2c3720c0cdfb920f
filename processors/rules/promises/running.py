"""One opened promise on its way to a row: dated, settled, and what became of it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.dating import Dated, date, reach_back, steps
from processors.rules.promises.docket import Docket, happened, parsed
from processors.rules.promises.listeners import WAIVER
from processors.rules.promises.openings import Opening
from processors.rules.promises.paths import text
from processors.rules.promises.people import acknowledged, owes, person
from processors.rules.promises.promise import (
    CANCELLED,
    LATE,
    LATE_ENTRY_GRACE,
    MET,
    OPEN,
    SUPERSEDED,
    UNREACHED,
    WAIVED,
    Promise,
)
from processors.rules.promises.settle import Found, count, first, settle
from processors.rules.promises.texts import named, numbers, words
from processors.rules.promises.waiting import pauses, used
from processors.rules.protocol import Evidence
from processors.rules.workdays import NoCalendar
from schemas.instants import NEVER, Instant

if TYPE_CHECKING:
    from processors.rules.book import Book
    from processors.rules.policies import Bound

End = tuple[Instant, int, str, Found | None]
"""(instant, rank at one instant, state, by what)"""


class Matter(NamedTuple):
    """What all promises of one scope have in common."""

    scope: str
    policy: str
    keys: str
    docket: Docket
    book: Book


class Running:
    """Kinds ``after``, ``given``, ``open`` and the members of a coverage; the other kinds date and settle in their own way.

    Made by ``judge``, in order of opening; ``row()`` once nothing can supersede it any more. ``root`` is what the promise
    is called after, ``since`` from when on a discharge counts, ``confirm`` before when no breach is confirmed.
    """

    since: Instant
    confirm: Instant = 0
    planned: Instant = NEVER
    period = ""
    ongoing = False

    def __init__(self, matter: Matter, opening: Opening, bound: Bound) -> None:
        self.matter, self.opening, self.bound = matter, opening, bound
        self.docket, self.terms = matter.docket, bound.terms
        self.opened, self.root = opening.at, opening.root
        self.source: Mapping[str, Any] = parsed(opening.sources[0].value)
        if len(opening.sources) > 1:  # the first that tells something counts
            self.source = ChainMap(*[dict(parsed(entry.value)) for entry in opening.sources])
        self.bound_at = happened(opening.trigger)
        self.pauses = pauses(self.terms.pause, self.docket) if self.terms.pause else []
        self._begin()
        self.calendars = self._calendars()
        self.dated = self._date()
        self.due, self.calendar, self.dated_by = (
            self.dated.due,
            self.calendars.used,
            self.calendars.dated_by,
        )
        self.state, self.settled, self.early = OPEN, NEVER, False
        self.found: Found | None = None
        self._settle()

    def supersede(self, at: Instant) -> None:
        """A further trigger starts it anew (again: restart), or its date was moved."""
        self.state, self.settled, self.found, self.early = SUPERSEDED, at, None, False
        self.due = self.dated.due

    # -- what the kinds do differently

    def _begin(self) -> None:
        """Before anything is computed."""

    def _calendars(self) -> Calendars:
        place = self.opening.trigger.place
        return Calendars(self.matter.book, self.terms.calendar, self.bound_at, place, self.source)

    def _date(self) -> Dated:
        spans = [(pause.start, pause.stop) for pause in self.pauses]
        return date(self.terms, self.opened, self.source.get("g"), spans, self.calendars)

    def _discharged(self) -> Found | None:
        """What settles it, and from when on that counts; ``early`` where it came before it was allowed to."""
        terms, allowed = self.terms, self.opened
        self.since = reach_back(terms, self.opened, self.calendars)
        if terms.min is not None:
            allowed = self._allowed()
            if terms.early == "ignore":
                self.since = max(self.since, allowed)
        found = settle(terms.by, self.docket, self.since, self.due)
        if found is not None and terms.early == "breach" and max(found.time, self.opened) < allowed:
            self.due = max(found.time, self.opened)
            self.early = True
        return found

    def _ended(self) -> Iterator[End]:
        """Further ends of its own kind."""
        return iter(())

    # -- settling

    def _settle(self) -> None:
        """The earliest of discharge, cancelling, waiver and unreached; at one instant, the discharge."""
        terms, docket = self.terms, self.docket
        if docket.fresh:
            return
        ends: list[End] = []
        found = self._discharged()
        if found is not None:
            time = max(found.time, self.opened)  # it was there before: met at the opening
            ends.append((time, 0, MET if time <= self.due and not self.early else LATE, found))
        if terms.cancel and (cancelled := first(terms.cancel, docket, self.opened)) is not None:
            ends.append((cancelled.time, 1, CANCELLED, cancelled))
        for entry in docket.under(WAIVER):
            if entry.time >= self.opened:
                ends.append((entry.time, 1, WAIVED, Found(entry.time, (entry.event_id,), entry.recorded, "")))
                break
        if terms.unreached is not None:
            tries = count(terms.unreached, docket.of(terms.unreached), self.opened, NEVER)
            if tries is not None:
                ends.append((tries.time, 1, UNREACHED, tries))
        ends += self._ended()
        if not ends:
            return
        self.settled, _, self.state, self.found = min(ends, key=_order)
        if self.state not in (MET, LATE) and self.early:
            self.early, self.due = False, self.dated.due

    def _allowed(self) -> Instant:
        """The instant before which a discharge is too early; the opening itself where no calendar tells."""
        minimum = self.terms.min
        assert minimum is not None
        try:
            return self.calendars.ask(lambda calendar: calendar.add(self.opened, minimum))
        except NoCalendar:
            return self.opened

    @property
    def keys(self) -> str:
        """Key name -> value, as the row shows them."""
        return self.matter.keys

    # -- flags

    @property
    def born_late(self) -> bool:
        """Overdue when its trigger was first recorded, or impossible from birth."""
        return self.due < max(self.opening.recorded, self.opened)

    def _late_entry(self) -> bool:
        """Discharged in time, which nobody could know when the grace after its due instant was over. What a source that
        declared its delay reports within it is not late."""
        if self.state != MET or self.due == NEVER or self.found is None or self.born_late:
            return False
        known = max(self.due, self.confirm) + LATE_ENTRY_GRACE
        if self.found.recorded <= known:
            return False
        in_time = settle(self.terms.by, self.docket.known_at(self._punctual(known)), self.since, self.due)
        return in_time is None or in_time.time > self.due

    def _punctual(self, known: Instant) -> Callable[[Evidence], Instant]:
        """Until when a piece of evidence is recorded in time."""
        sources, base = self.matter.book.sources, max(self.due, self.confirm) + 1
        if not sources.declared:
            return lambda entry: known
        return lambda entry: known + sources.within(str(parsed(entry.value).get("s", "")), base)

    # -- the row

    def row(self) -> Promise:
        terms, source, trigger, found = self.terms, self.source, self.opening.trigger, self.found
        own_id = named(terms.key, self.matter.keys, self.root)
        rungs: tuple[Instant, ...] = ()
        missing = False
        if self.due < self.settled and self.due != NEVER:
            rungs, missing = steps(self.due, terms.limit, terms.ladder, self.calendars)
        born_late, late_entry = self.born_late, self._late_entry()
        acknowledged_at, acknowledged_by = acknowledged(own_id, self.docket, self.opened)
        waited = used(self.pauses, self.opened, self.settled) if self.pauses else {}
        still = self.state == OPEN
        return Promise(
            id=own_id,
            scope=self.matter.scope,
            obligation=terms.key,
            obligation_row=terms.row,
            part=terms.key.partition("/")[2],
            kind=terms.kind,
            period=self.period,
            policy_place=self.bound.version.place,
            policy_version=self.bound.version.version,
            calendar_place=self.calendar.place if self.calendar is not None else 0,
            calendar_version=self.calendar.version if self.calendar is not None else "",
            case_id=source.get("c", ""),
            house_id=source.get("h", ""),
            project_id=source.get("p", ""),
            customer_ref=source.get("u", ""),
            keys=self.keys,
            trigger=trigger.event_id,
            trigger_place=trigger.place,
            trigger_recorded=self.opening.recorded,
            opened=self.opened,
            due=self.due,
            planned=self.planned,
            confirm=self.confirm,
            warns=numbers(self.dated.warns),
            steps=numbers(rungs),
            state=self.state,
            settled=self.settled,
            settled_by=words(found.events) if found is not None else "[]",
            settled_recorded=found.recorded if found is not None else NEVER,
            entered_by=found.actor if late_entry and found is not None else "",
            born_late=int(born_late),
            late_entry=int(late_entry),
            early=int(self.early),
            undated=int(self.dated.undated),
            unstepped=int(missing and still),
            paused=int(self.dated.paused and still),
            ongoing=int(self.ongoing),
            waited=text(waited) if waited else "{}",
            owes=terms.owed or words(owes(terms, source, self.docket, self.bound_at)),
            person=person(terms, source, self.docket, self.opened, self.settled),
            acknowledged_at=acknowledged_at,
            acknowledged_by=acknowledged_by,
            dated_by=self.dated_by.place if self.dated_by is not None else 0,
            dated_recorded=self.dated_by.recorded if self.dated_by is not None else NEVER,
        )


def _order(end: End) -> tuple[Instant, int, str]:
    return end[:3]
