"""Carried on (续判): what the newest discharge makes of a scope's one promise, told from its row.

Nothing before it has changed: not what opened the promise, when it is due, nor who owes it. An open promise is ended by it
or stays as it is; a promise that had ended before stays so, as the earliest end counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.dating import reach_back
from processors.rules.promises.docket import Docket, happened, parsed
from processors.rules.promises.listeners import DISCHARGE, OPENS, START
from processors.rules.promises.promise import LATE, LATE_ENTRY_GRACE, MET, OPEN, SUPERSEDED, Promise
from processors.rules.promises.settle import settle
from processors.rules.promises.terms import Terms
from processors.rules.promises.texts import words
from processors.rules.protocol import Evidence, Row
from processors.rules.rows import altered
from schemas.instants import NEVER

if TYPE_CHECKING:
    from processors.rules.book import Book

PLAIN = frozenset({"after", "given", "open", "coverage", "gate"})
"""Forms of promises that are settled for good by the earliest of their ends."""


def carry(rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
    """The rows with the last entry, where that is a discharge and its trigger is all that ever opened anything in this scope.
    No rows, where nothing has opened any. None for anything else: it is judged."""
    if not rows:
        return None if any(e.slot[0] in OPENS for e in evidence) else rows
    if len(rows) != 1:
        return None
    (row,), entry = rows, evidence[-1]
    assert isinstance(row, Promise)
    if entry.slot[0] != DISCHARGE or entry.known or row.state == SUPERSEDED:
        return None
    if row.late_entry and book.sources.declared:  # this one may have come in its source's time
        return None
    bound = book.policy_at(row.policy_place, row.obligation)
    if bound is None or bound.terms.form not in PLAIN or bound.terms.each:
        return None
    openers = [e for e in evidence if e.slot[0] in OPENS]
    if len(openers) != 1 or openers[0].event_id != row.trigger:
        return None
    if row.state != OPEN:
        return rows if entry.time > row.settled else None
    ended = _ended(row, bound.terms, openers[0], evidence, book)
    return None if ended is None else (ended,)


def _ended(
    row: Promise, terms: Terms, trigger: Evidence, evidence: Sequence[Evidence], book: Book
) -> Promise | None:
    """An open promise with its newest discharge. None where more than its end may follow from that: where it may have come
    too early, where pauses count whose time it was, and where it may be a late entry."""
    if terms.min is not None or any(e.slot[0] == START for e in evidence):
        return None
    since = -NEVER if terms.form == "gate" else row.opened
    if terms.since is not None or terms.since_ever:
        calendars = Calendars(book, terms.calendar, happened(trigger), trigger.place, parsed(trigger.value))
        since = reach_back(terms, row.opened, calendars)
    found = settle(terms.by, Docket(evidence), since, row.due)
    if found is None:
        return row
    settled = max(found.time, row.opened)
    in_time = settled <= row.due
    if in_time and found.recorded > max(row.due, row.confirm) + LATE_ENTRY_GRACE:
        return None
    return altered(
        row,
        state=MET if in_time else LATE,
        settled=settled,
        settled_by=words(found.events),
        settled_recorded=found.recorded,
        steps=row.steps if row.due < settled else "[]",
        unstepped=0,
    )
