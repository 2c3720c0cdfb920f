"""What is asked of a tenant's publications: calendars, obligations, and who reports how late."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from ledger import lanes
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from projections.reading.snapshots import POLICY, Snapshots
from projections.sources import listed
from projections.store import OtherFold
from schemas.event import Event
from schemas.instants import Day


class PublishedReading:
    """All of it is read off the tenant's book, which is loaded for who asks for more than its sources."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def calendars(self, tenant: Tenant) -> list[dict[str, Any]]:
        """The newest version of each calendar as data, with the years that it took over from those before."""
        from processors.rules.published import CalendarVersion

        with self._snapshots.of(tenant) as seen:
            book = seen.book
        newest = {one.name: one for one in book.published if isinstance(one, CalendarVersion)}
        return [newest[name].data.model_dump(mode="json") for name in sorted(newest)]

    def policies(self, tenant: Tenant) -> list[Event]:
        """Every publication of a policy, in order of place, as the ledger has them: those too that the engine has not come to,
        and all of them while the tables wait for a rebuild, which reads the whole lane."""
        try:
            with self._snapshots.of(tenant) as seen:
                known = seen.policies()
                decided = lanes.engine_state(seen.conn, tenant).decided
                lately = _published(seen.ledger, seen.conn, tenant, decided)
                return [known[place] for place in sorted(known)] + lately
        except OtherFold:
            with self._snapshots.database.read() as conn:
                return _published(self._snapshots.ledger, conn, tenant, 0)

    def calendar_years(self, tenant: Tenant) -> dict[str, set[int]]:
        """Calendar -> the years that it tells."""
        with self._snapshots.of(tenant) as seen:
            return seen.book.almanac.years()

    def roles(self, tenant: Tenant) -> set[str]:
        """Who can owe something there."""
        with self._snapshots.of(tenant) as seen:
            newest = seen.book.roles
        return {*newest.zh} if newest is not None else set()

    def horizons(self, tenant: Tenant) -> dict[str, Day]:
        """Calendar -> the last day that it tells; what falls due behind that stands undated."""
        with self._snapshots.of(tenant) as seen:
            book = seen.book
        return {
            name: day
            for name in sorted(book.almanac.years())
            if (day := book.almanac.horizon(name)) is not None
        }

    def obligations(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Which published obligations the sources seen can open and settle (see ``obligations``)."""
        from projections.obligations import obligations

        with self._snapshots.of(tenant) as seen:
            return obligations(seen.book)

    def sources(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Who sends, how late each may report, and how far it has (see ``sources``), by name."""
        with self._snapshots.of(tenant) as seen:
            return listed(seen.sources, seen.ledger.clock.now())


def _published(ledger: Ledger, conn: Connection, tenant: Tenant, after: int) -> list[Event]:
    """Policies published behind that place."""
    head = ledger.head(conn, tenant).place
    if head == after:
        return []
    found = ledger.facts_with(conn, tenant, after, head, [POLICY.encode()])
    return [one for one in found if one.type == POLICY]
