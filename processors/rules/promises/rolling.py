"""Rolling duties (滚动): at most one open; the next counts from the discharge, until the duty ends (S13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.docket import known
from processors.rules.promises.openings import Later, Opening
from processors.rules.promises.promise import CANCELLED, LATE, MET
from processors.rules.promises.running import End, Matter, Running
from processors.rules.promises.settle import Found, settle
from processors.rules.protocol import Evidence
from schemas.instants import Instant

if TYPE_CHECKING:
    from processors.rules.policies import Bound


def rolling(matter: Matter, opening: Opening, bound: Bound, later: Later) -> list[Running]:
    """Each discharge opens the next, by the policy and calendar that stand at its place (S23)."""
    made: list[Running] = []
    since = opening.trigger
    while True:
        one = Rolled(matter, opening, bound, since, later, first=not made)
        made.append(one)
        if one.state not in (MET, LATE) or one.found is None:
            return made
        last = matter.docket.entry(one.found.events, one.found.time)
        following = matter.book.policies.bind(matter.policy, last.time, last.place)
        if following is None or following.terms.form != "rolling":
            return made
        root = f"{opening.root.partition('>')[0]}>{last.root}"
        opening = opening._replace(at=one.settled, recorded=known(last), latch=root)
        bound, since = following, last


class Rolled(Running):
    """One link of the chain; ``from_`` is what it counts from: the trigger, or the discharge before."""

    def __init__(
        self, matter: Matter, opening: Opening, bound: Bound, from_: Evidence, later: Later, *, first: bool
    ) -> None:
        self.from_, self._later, self._first = from_, later, first
        super().__init__(matter, opening, bound)

    def _calendars(self) -> Calendars:
        if self._first:
            return super()._calendars()
        return Calendars(
            self.matter.book, self.terms.calendar, self.from_.time, self.from_.place, self.source
        )

    def _discharged(self) -> Found | None:
        self.since = self.opened + (not self._first)
        return settle(self.terms.by, self.docket, self.since, self.due)

    def _ended(self) -> Iterator[End]:
        leaf = self.terms.until
        if leaf is None:
            return
        ends = [(self._at(entry), entry) for entry in self.docket.of(leaf)]
        for at, entry in sorted((e for e in ends if e[0] >= self.opened), key=lambda e: e[0]):
            yield at, 1, CANCELLED, Found(at, (entry.event_id,), known(entry), "")
            return

    def _at(self, entry: Evidence) -> Instant:
        plus = self.terms.until.plus if self.terms.until is not None else None
        at = self._later(entry, plus) if plus is not None else entry.time
        return entry.time if at is None else at
