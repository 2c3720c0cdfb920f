"""A desk: the promises rule run in memory over a few events, without SQL, engine or clock.

File, evidence, judge, marks: the same four steps as in the house, judged anew from all evidence at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from processors.rules.book import Book
from processors.rules.promises.filing import file_with
from processors.rules.promises.promise import Promise
from processors.rules.promises.rule import Promises
from processors.rules.protocol import LINK, PARTIAL, Evidence, Filing, Mark
from producers.calendar_maker import make_calendar
from schemas.catalogue import CATALOGUE
from schemas.event import ENVELOPE, Event
from schemas.instants import Instant, end_of_day, parse_day, parse_instant
from schemas.kinds import WORKS
from schemas.policy import Calendar


def at(text: str) -> Instant:
    """``2026-02-25 23:59:59.999999`` (Shanghai); ``24:00`` is the day's last microsecond."""
    day, _, clock = text.partition(" ")
    if clock in ("", "24:00"):
        return end_of_day(parse_day(day))
    return parse_instant(f"{day}T{clock}{':00' * (clock.count(':') == 1)}+08:00")


@cache
def china(
    version: str = "cn-2026",
    years: tuple[int, ...] = (2025, 2026),
    closed: tuple[str, ...] = (),
    close: str | None = None,
    shifts: tuple[tuple[str, str], ...] = (("00:00", "24:00"),),
) -> dict[str, Any]:
    """Data of ``calendar.published`` for the office calendar, with statutory holidays and make-up days."""
    spec = Calendar(closed=list(closed), close=close, shifts=list(shifts))
    made: dict[str, Any] = make_calendar("office", at("2026-01-01 00:00"), years, spec, version)
    return made


class Desk:
    """Events are placed in the order in which they are given; a publication counts from its place on."""

    def __init__(self) -> None:
        self.rule = Promises()
        self.book = Book.empty()
        self.facts: list[Event] = []
        self.evidence: dict[str, dict[tuple[str, str, str], Evidence]] = {}
        self.voided: set[str] = set()
        self.roots: dict[str, str] = {}

    def place(self, event_type: str, time: Instant, event_id: str, **fields: Any) -> Event:
        """Place a fact. ``recorded`` (default: its time), ``corrects`` and routing fields by name; the rest is data."""
        corrects = str(fields.pop("corrects", ""))
        recorded = fields.pop("recorded", time)
        envelope = {name: fields.pop(name) for name in ENVELOPE if name in fields}
        self.roots[event_id] = self.roots.get(corrects, corrects) or event_id
        number = len(self.facts) + 1
        return self.take(
            Event(
                type=event_type,
                version=1,
                event_id=event_id,
                time=time,
                recorded=recorded,
                place=number,
                after=number,
                source="crm",
                corrects=corrects,
                root=self.roots[event_id],
                data=fields,
                **envelope,
            )
        )

    def take(self, event: Event) -> Event:
        """Place an event as it is."""
        gone = self.void(event.corrects) if event.corrects else {}
        before, self.book = self.book, self.book.add(event).hear(event)
        self._file(self.rule.file(event, self.book), event, gone)
        for fact in self.facts:
            if fact.event_id not in self.voided:
                new = [
                    x
                    for x in self.book.policies.listeners_new_since(before.policies)
                    if x.type in (fact.type, "*")
                ]
                self._file(file_with(fact, new), fact, {})
        self.facts.append(event)
        return event

    def void(self, event_id: str) -> dict[tuple[str, str, str, Instant], Instant]:
        """Take an event's evidence out of every scope. Returns since when each piece was known."""
        self.voided.add(event_id)
        gone: dict[tuple[str, str, str, Instant], Instant] = {}
        for scope in self.evidence.values():
            for key in [key for key in scope if key[0] == event_id]:
                entry = scope.pop(key)
                gone[(entry.scope, entry.slot, entry.link, entry.time)] = entry.known or entry.recorded
        return gone

    def _file(
        self, filings: Iterable[Filing], event: Event, gone: dict[tuple[str, str, str, Instant], Instant]
    ) -> None:
        for one in filings:
            time = event.time if one.at is None else one.at
            entry = Evidence(
                scope=one.scope,
                event_id=event.event_id,
                slot=one.slot,
                time=time,
                rank=CATALOGUE[event.type].rank if event.type in CATALOGUE else WORKS,
                recorded=event.recorded,
                place=event.after,
                root=event.root,
                value=one.value,
                link=one.link,
                known=gone.get((one.scope, one.slot, one.link, time), 0),
            )
            self.evidence.setdefault(one.scope, {})[(event.event_id, one.slot, one.link)] = entry

    def seen_by(self, scope: str) -> list[Evidence]:
        """Evidence of a scope and of the partial scopes it links to, in order of happening."""
        own = self.evidence.get(scope, {}).values()
        links = {e.link for e in own if e.slot == LINK}
        every = [*own, *(e for link in links for e in self.evidence.get(link, {}).values())]
        return sorted((e for e in every if e.slot != LINK), key=Evidence.order)

    def promises(self, obligation: str = "") -> list[Promise]:
        """All promises, or those of one obligation, in order of opening."""
        scopes = [s for s in sorted(self.evidence) if not s.startswith(PARTIAL)]
        rows = [row for scope in scopes for row in self.rule.judge(scope, self.seen_by(scope), self.book)]
        found = [row for row in rows if isinstance(row, Promise)]
        return sorted(
            (row for row in found if obligation in ("", row.obligation)),
            key=lambda r: (r.opened, r.obligation, r.id),
        )

    def marks(self, row: Promise) -> list[Mark]:
        """What it will have said, in order of instants."""
        made = list(self.rule.marks(row, self.book))
        assert [mark.at for mark in made] == self.rule.instants(row, self.book), "all that is asked of most"
        return sorted(made, key=lambda mark: (mark.at, mark.kind))

    def publish(self, policies: dict[str, Any], time: str = "2025-12-31 09:00", number: str = "1") -> Event:
        """Publish a whole profile, as plain JSON."""
        return self.place(
            "policy.published",
            at(time),
            f"policy-{number}",
            profile=policies["profile"],
            version=policies["version"],
            effective_from=policies["effective_from"],
            policy=policies,
        )

    def publish_calendar(self, data: dict[str, Any], time: str = "2025-12-31 09:00") -> Event:
        """Publish a calendar."""
        return self.place("calendar.published", at(time), f"calendar-{data['version']}", **data)
