"""What is asked of figures (指标): satisfaction and defects with the cases behind them, coverage, late entries, the morning
note."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ledger.tenants import Tenant
from projections.behind import events_behind
from projections.coverage import coverage, duties
from projections.daynote import DayNote
from projections.defects import defects
from projections.kept import Kept
from projections.late_entries import ALWAYS, late_entries
from projections.members import members_of
from projections.moment import Moment
from projections.reading.position import position
from projections.reading.snapshots import Snapshot, Snapshots
from projections.satisfaction import satisfaction
from schemas.figures import Figures, Published, binding, figures_of
from schemas.instants import NEVER, Instant, parse_instant


class FigureReading:
    """``where``: column -> text. A figure is of now, or of one moment: ``as_of`` or ``known_at``."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._measures: Kept[list[tuple[Instant, Published]]] = Kept()

    def satisfaction(
        self,
        tenant: Tenant,
        where: Mapping[str, str],
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any]:
        """Satisfaction by project, owner type and month (see ``satisfaction``)."""
        with self._snapshots.of(tenant) as seen:
            at = known_at if known_at is not None else as_of if as_of is not None else seen.ledger.clock.now()
            counted = self._counted(seen, at, known_at)
            return satisfaction(seen.conn, seen.tables, seen.number, counted, where, Moment(as_of, known_at))

    def defects(
        self,
        tenant: Tenant,
        where: Mapping[str, str],
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any]:
        """Defects by project, origin, component, cause and month (see ``defects``)."""
        with self._snapshots.of(tenant) as seen:
            return defects(seen.conn, seen.tables, seen.number, where, Moment(as_of, known_at))

    def behind(
        self,
        tenant: Tenant,
        figure: str,
        where: Mapping[str, str],
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """The events, with their cases, that a figure (``satisfaction``, ``defects``) counts, the latest first. ``after``:
        ``<time>,<event id>`` of the last one already had."""
        with self._snapshots.of(tenant) as seen:
            return events_behind(
                seen.conn,
                seen.ledger,
                seen.tables,
                tenant,
                figure,
                where,
                Moment(as_of, known_at),
                limit=limit,
                after=position(after),
            )

    def coverage(self, tenant: Tenant, where: Mapping[str, str]) -> list[dict[str, Any]]:
        """Of all duties that are shares (100 % return visits), by period and project, up to now (see ``coverage``)."""
        with self._snapshots.of(tenant) as seen:
            asked = duties(seen.policies())
            return coverage(seen.conn, seen.tables, seen.number, asked, where, seen.ledger.clock.now())

    def members(
        self,
        tenant: Tenant,
        where: Mapping[str, str],
        *,
        stands: str = "",
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """The cases behind those shares, as far as they have come by now (see ``members_of``). ``after``: ``<opened>,<promise
        id>`` of the last one already had."""
        with self._snapshots.of(tenant) as seen:
            asked, now = duties(seen.policies()), seen.ledger.clock.now()
            found = members_of(
                seen.conn, seen.tables, seen.number, asked, where, stands, now, position(after)
            )
            return list(islice(found, limit))

    def late_entries(
        self, tenant: Tenant, *, since: Instant | None = None, until: Instant | None = None, limit: int = 500
    ) -> dict[str, Any]:
        """Who entered late what was done in time (see ``late_entries``)."""
        with self._snapshots.of(tenant) as seen:
            return late_entries(
                seen.conn,
                seen.tables,
                seen.ledger,
                tenant,
                seen.names,
                since=0 if since is None else since,
                until=ALWAYS if until is None else until,
                limit=limit,
            )

    def day_note(self, tenant: Tenant, at: Instant) -> dict[str, Any]:
        """The figures of the morning note as of an instant (see ``daynote``)."""
        with self._snapshots.of(tenant) as seen:
            return DayNote(seen.tables, seen.names, at).read(seen.conn, seen.number)

    def _counted(self, seen: Snapshot, at: Instant, known_at: Instant | None) -> Figures:
        """What figures are published by, of what was published by then. Nothing is compiled for it."""
        published = self._measures.of(seen.tenant, seen.publications, lambda: _measures(seen))
        known = (one for recorded, one in published if known_at is None or recorded <= known_at)
        return binding(known, at, NEVER)


def _measures(seen: Snapshot) -> list[tuple[Instant, Published]]:
    return [
        (fact.recorded, Published(parse_instant(str(fact.data["effective_from"])), fact.place, said))
        for fact in seen.policies().values()
        if (said := figures_of(fact.data["policy"])) is not None
    ]
