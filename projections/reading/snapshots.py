"""Snapshots: one state of the record with the set of tables that is active in it, and what the publications say there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from ledger.database import Database
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.linear import AnyRule
from processors.rules.protocol import Owner, Tabled
from processors.rules.sources import NONE, Sources
from projections.kept import Kept
from projections.pages import SqlPages
from projections.promises import Names, names_in
from projections.said import said_by_id
from projections.store import OtherFold, active_set
from projections.tables import SetTables, fold_version, set_tables
from schemas.event import Event
from schemas.instants import AHEAD, Instant

if TYPE_CHECKING:
    from processors.rules.book import Book
    from projections.replay import Replay

POLICY: Final = "policy.published"


class Snapshots:
    """Lists are read off the tables by ``owners`` alone; what replays and explains asks ``rules`` for what judges, which is
    imported when it is first asked for."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        owners: Sequence[Owner],
        rules: Callable[[], Sequence[AnyRule]],
    ) -> None:
        self.database = database
        self.ledger = ledger
        self.owners = tuple(owners)
        self.rules = rules
        self.books: Kept[Book] = Kept()
        self.names: Kept[Names] = Kept()
        self.sources: Kept[Sources] = Kept()
        self._kinds: tuple[type[Tabled], ...] = tuple(kind for owner in owners for kind in owner.rows)
        self._version = fold_version(owners)

    @contextmanager
    def open(self) -> Iterator[tuple[Connection, SetTables]]:
        """One snapshot and the set that is active in it. Raises OtherFold while the tables belong to another version of the
        rules."""
        with self.database.read() as conn:
            active = active_set(conn)
            if active is None or active[1] != self._version:
                raise OtherFold("the tables are being rebuilt for this version; `touchline rebuild`")
            yield conn, set_tables(active[0], self._kinds)

    @contextmanager
    def of(self, tenant: Tenant) -> Iterator[Snapshot]:
        """The same as one tenant sees it."""
        with self.open() as (conn, tables):
            yield Snapshot(self, conn, tables, tenant)

    def now(self) -> Instant:
        """What opens later has not begun; a sender's clock may run a little before ours."""
        return self.ledger.clock.now() + AHEAD


class Snapshot:
    """One tenant in one snapshot; made by ``Snapshots.of``, and good for as long as that is open."""

    def __init__(self, of: Snapshots, conn: Connection, tables: SetTables, tenant: Tenant) -> None:
        self._of = of
        self.conn = conn
        self.tables = tables
        self.tenant = tenant
        self.number = tenant.number
        self.ledger = of.ledger

    @cached_property
    def pages(self) -> SqlPages:
        """What the fold reads too."""
        return SqlPages(self.conn, self.tables, self.number, self._of.owners)

    @cached_property
    def publications(self) -> list[int]:
        """Fact places of all that was published."""
        return self.pages.publications()

    def policies(self) -> dict[int, Event]:
        """Place -> the publication of a policy. Read afresh: what is made of them is what is kept."""
        published = self.ledger.facts_at(self.conn, self.tenant, self.publications)
        return {p: f for p, f in published.items() if f.type == POLICY}

    @property
    def names(self) -> Names:
        """What the tenant's policies are called. Kept like the book, and sooner had."""
        return self._of.names.of(self.tenant, self.publications, lambda: names_in(self.policies()))

    @property
    def book(self) -> Book:
        """The tenant's book. Kept until there is one publication more."""

        def bound() -> Book:
            from processors.books import book_of

            return book_of(self.ledger, self.conn, self.tenant, self.publications)

        return self._of.books.of(self.tenant, self.publications, bound)

    @property
    def sources(self) -> Sources:
        """What the book knows of sources, without the policies, of which reading takes a while. Kept like the book."""

        def heard() -> Sources:
            found = self.ledger.facts_at(self.conn, self.tenant, self.publications)
            return reduce(Sources.heard, (found[place] for place in self.publications), NONE)

        return self._of.sources.of(self.tenant, self.publications, heard)

    def verdict(self, verdict_id: str) -> Event | None:
        """One verdict by its id."""
        return said_by_id(self.conn, self.ledger, self.tenant, self.tables, verdict_id)

    def replay(self) -> Replay:
        """What replays and explains."""
        from projections.replay import Replay

        return Replay(
            self.conn, self.ledger, self.tenant, self.tables, self._of.rules(), self.book, self.names
        )
