"""A new policy may listen to what no policy before it did. Facts already placed are then filed for it once, so that a
trigger which arrives late finds its discharges, in whatever order they came (invariants 7 and 9)."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.conclude import Saying
from processors.fold import Fold
from processors.rules.book import Book
from processors.standing import stood
from processors.warm import Key
from schemas.event import Event

PAGE = 1000


def backfill(
    fold: Fold, ledger: Ledger, conn: Connection, tenant: Tenant, publication: Event, before: Book
) -> None:
    """File what was placed before ``publication`` for the listeners that it added. Events corrected or withdrawn before
    it have no standing evidence and get none; what is parked stays out. What triggers lie there bind an earlier version,
    so nothing opens now but the periods of recurring duties that begin from here on."""
    types = {listener.type for listener in fold.book.policies.listeners_new_since(before.policies)}
    held = fold.shelf.parked.held() if types else set()
    saying = Saying(at=publication.recorded, after=publication.place, cause=publication.event_id)
    touched: list[Key] = []
    place = 0
    while types and place < publication.place - 1:
        page = ledger.facts(conn, tenant, place, PAGE)
        for event in page:
            if event.place >= publication.place:
                break
            if (event.type in types or "*" in types) and stood(
                ledger, conn, tenant, event.event_id, publication.place
            ):
                touched += fold.entering.missing(event, fold.book, held, saying)
        place = page[-1].place
    fold.settle_missing(touched, saying)
