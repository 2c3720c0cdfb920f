"""Carried on (续判): what the newest evidence makes of a scope's one promise, told from its row.

Nothing before it has changed: not what opened the promise, when it is due, nor who owes it. A first trigger opens one
(``opened``). An open promise is ended by a discharge or stays as it is; a promise that had ended before stays so, as the
earliest end counts. What waits for a gate opens once, whatever triggers follow, and is due when the gate is passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.dating import reach_back
from processors.rules.promises.docket import Docket, happened, known, parsed
from processors.rules.promises.listeners import DISCHARGE, FACT, GATE, OPENS, START, TRIGGER
from processors.rules.promises.opened import opened
from processors.rules.promises.promise import (
    BORN_LATE_GRACE,
    LATE,
    LATE_ENTRY_GRACE,
    MET,
    OPEN,
    SUPERSEDED,
    Promise,
)
from processors.rules.promises.settle import Found, settle
from processors.rules.promises.terms import Terms
from processors.rules.promises.texts import words
from processors.rules.protocol import Evidence, Row
from processors.rules.rows import altering
from schemas.instants import NEVER

if TYPE_CHECKING:
    from processors.rules.book import Book

PLAIN = frozenset({"after", "given", "open", "coverage", "gate"})
"""Forms of promises that are settled for good by the earliest of their ends."""

_ended = altering(Promise, "state", "settled", "settled_by", "settled_recorded", "steps", "unstepped")
_gated = altering(Promise, "due", "planned", "confirm", "warns", "born_late")


def carry(rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
    """The rows with the last entry, where that opens the first promise of this scope, or is a discharge, a gate or one more
    trigger of the only one. No rows, where nothing has opened any. None for anything else: it is judged."""
    entry = evidence[-1]
    if not rows:
        if entry.slot[0] == TRIGGER and (len(evidence) == 1 or all(e.slot[0] == FACT for e in evidence[:-1])):
            return opened(evidence, book)
        return None if any(e.slot[0] in OPENS for e in evidence) else rows
    if len(rows) != 1:
        return None
    (row,) = rows
    assert isinstance(row, Promise)
    if entry.known or row.state == SUPERSEDED:
        return None
    bound = book.policies.at(row.policy_place, row.obligation)
    if bound is None or bound.terms.form not in PLAIN or bound.terms.each:
        return None
    if not _opened_once(row, bound.terms, evidence, book):
        return None
    role = entry.slot[0]
    if role == DISCHARGE:
        changed = _discharged(row, bound.terms, evidence, book)
    elif role == GATE:
        changed = _passed(row, bound.terms, evidence)
    else:
        changed = row if role == TRIGGER else None
    return None if changed is None else rows if changed is row else (changed,)


def _opened_once(row: Promise, terms: Terms, evidence: Sequence[Evidence], book: Book) -> bool:
    """Whether the row's own trigger is all that ever opens anything in this scope: it stands alone, or before others that
    the same policy binds, which opens but once."""
    first = True
    for one in evidence:
        if one.slot[0] not in OPENS:
            continue
        if first:
            if one.event_id != row.trigger:
                return False
            first = False
        elif terms.form != "gate" or one.slot not in terms.opens_alone:
            return False
        else:
            bound = book.policies.bind(row.obligation, happened(one), one.place)
            if bound is None or bound.version.place != row.policy_place:
                return False
    return True


def _discharged(row: Promise, terms: Terms, evidence: Sequence[Evidence], book: Book) -> Promise | None:
    """With its newest discharge. None where more than its end may follow from that: where it may have come too early, where
    pauses count whose time it was, and where it may be a late entry."""
    entry = evidence[-1]
    if row.late_entry and book.sources.declared:  # this one may have come in its source's time
        return None
    if row.state != OPEN:
        return row if entry.time > row.settled else None
    if terms.min is not None or (terms.pause and any(e.slot[0] == START for e in evidence)):
        return None
    since = -NEVER if terms.form == "gate" else row.opened
    if terms.since is not None or terms.since_ever:
        trigger = next(e for e in evidence if e.slot[0] in OPENS)
        calendars = Calendars(book, terms.calendar, happened(trigger), trigger.place, parsed(trigger.value))
        since = reach_back(terms, row.opened, calendars)
    if entry.slot not in terms.ends_alone:
        found = settle(terms.by, Docket(evidence), since, row.due)
    elif entry.time >= since:  # of those before it none did; who entered it is asked of late entries alone
        found = Found(entry.time, (entry.event_id,), known(entry), "")
    else:
        found = None
    if found is None:
        return row
    time, events, known_since, _ = found
    settled = max(time, row.opened)
    in_time = settled <= row.due
    if in_time and known_since > max(row.due, row.confirm) + LATE_ENTRY_GRACE:
        return None
    return _ended(
        row,
        state=MET if in_time else LATE,
        settled=settled,
        settled_by=words(events),
        settled_recorded=known_since,
        steps=row.steps if row.due < settled else "[]",
        unstepped=0,
    )


def _passed(row: Promise, terms: Terms, evidence: Sequence[Evidence]) -> Promise | None:
    """With its gate passed. None where it is passed too early, which is its breach, or where it takes more to say so."""
    entry, gate = evidence[-1], terms.gate
    if gate is None or entry.slot != gate.slot or gate.facts or terms.confirm is not None:
        return None
    if any(e.slot == gate.slot for e in evidence[:-1]):  # the first one counts
        return row
    if row.state != MET or (terms.pause and any(e.slot[0] == START for e in evidence)):
        return None
    due = entry.time
    confirm = known(entry) + BORN_LATE_GRACE if known(entry) > due else 0
    if row.settled_recorded > max(due, confirm) + LATE_ENTRY_GRACE:
        return None
    born_late = int(due < max(row.trigger_recorded, row.opened))
    return _gated(row, due=due, planned=NEVER, confirm=confirm, warns="[]", born_late=born_late)
