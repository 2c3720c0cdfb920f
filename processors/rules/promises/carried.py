"""Carried on (续判): the newest discharge of a promise that is settled changes nothing, and need not be judged to know that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processors.rules.promises.listeners import DISCHARGE, RESET, TRIGGER
from processors.rules.promises.promise import OPEN, SUPERSEDED, Promise
from processors.rules.protocol import Evidence, Row

if TYPE_CHECKING:
    from processors.rules.book import Book

PLAIN = frozenset({"after", "given", "open"})
"""Forms of promises that are settled for good by the earliest of their ends."""


def carry(rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
    """The rows as they are, where the last entry is a discharge behind the end of the scope's one promise: the earliest end
    counts, and whether it was entered late is told from what was recorded before it. No rows, where nothing has opened any.
    Anything else is judged."""
    if not rows:
        return None if any(e.slot[0] in (TRIGGER, RESET) for e in evidence) else rows
    if len(rows) != 1:
        return None
    (row,), entry = rows, evidence[-1]
    assert isinstance(row, Promise)
    if entry.slot[0] != DISCHARGE or entry.known or entry.time <= row.settled:
        return None
    if row.late_entry and book.sources.declared:  # this one may have come in its source's time
        return None
    bound = book.policy_at(row.policy_place, row.obligation)
    if row.state in (OPEN, SUPERSEDED) or bound is None or bound.terms.form not in PLAIN:
        return None
    openers = [e.event_id for e in evidence if e.slot[0] in (TRIGGER, RESET)]
    return rows if openers == [row.trigger] else None
