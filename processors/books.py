"""The book of a tenant as its publications on the record make it: for the engine, and for who only reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.book import Book


def book_of(ledger: Ledger, conn: Connection, tenant: Tenant, places: Sequence[int]) -> Book:
    """The book as of the publications at these places."""
    book = Book.empty()
    found = ledger.facts_at(conn, tenant, places)
    for place in places:
        book = book.add(found[place]).hear(found[place])
    return book
