"""A new policy may listen to what no policy before it did. Facts already placed are then filed for it once, so that a
trigger which arrives late finds its discharges, in whatever order they came (invariants 7 and 9)."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.fold import Fold, as_evidence
from processors.rules.book import Book
from schemas.event import Event

PAGE = 1000


def backfill(
    fold: Fold, ledger: Ledger, conn: Connection, tenant: Tenant, publication: Event, before: Book
) -> None:
    """File what was placed before ``publication`` for the listeners that it added. Corrected and withdrawn events have no
    standing evidence and get none. What triggers lie there bind an earlier version, so no row changes now."""
    types = {listener.type for listener in fold.book.listeners_new_since(before)}
    place = 0
    while types and place < publication.place - 1:
        page = ledger.facts(conn, tenant, place, PAGE)
        for event in page:
            if event.place >= publication.place:
                return
            if (event.type in types or "*" in types) and ledger.corrected_by(
                conn, tenant, event.event_id
            ) is None:
                file_missing(fold, event)
        place = page[-1].place


def file_missing(fold: Fold, event: Event) -> None:
    """File an event where its evidence does not stand yet."""
    fold.shelf.know((event.event_id,))
    for rule in fold.rules.values():
        have = fold.shelf.filed(rule.name, event.event_id)
        for filing in rule.file(event, fold.book):
            if (filing.scope, filing.slot, filing.link) not in have:
                fold.shelf.add(rule.name, as_evidence(filing, event))
