"""The promises rule (时限承诺): the obligations of domain.md section 3, whatever their clock, and worklist items.

Written as policies, which are facts; this rule knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from processors.rules.promises import carried, filing, judge, marks
from processors.rules.promises.promise import Owned, Promise
from processors.rules.protocol import Evidence, Mark, Row
from processors.rules.sources import REPORTED
from schemas.event import Event

if TYPE_CHECKING:
    from processors.rules.book import Book


class Promises(Owned):
    """One scope for each (policy, key values); a promise is judged over all evidence of its scope."""

    file = staticmethod(filing.file)
    carry = staticmethod(carried.carry)
    instants = staticmethod(marks.instants)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        return judge.judge(scope, evidence, book)

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        assert isinstance(row, Promise)
        return marks.marks(row, book)

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        assert isinstance(row, Promise)
        return marks.about(row, book)

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        """A new calendar may date what was undated, and tell steps of the alert ladder that none could. It reaches further
        for duties that go on; and a new policy may change or end the periods of these that have not begun. A report of a
        source confirms the breaches that waited for it alone."""
        if event.type == "calendar.published":
            return ((Promise, "undated", 1), (Promise, "unstepped", 1), (Promise, "ongoing", 1))
        if event.type == "policy.published":
            return ((Promise, "ongoing", 1),)
        if event.type == REPORTED and book.sources.declared:
            report = book.sources.reported[event.source]
            return ((Promise, "due", (report.before, report.through)),)
        return ()
