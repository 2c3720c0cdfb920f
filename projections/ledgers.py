"""Ledgers (电子台账): cases of one kind with the touchpoints that stand, in order of opening, page by page (domain.md 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.cases import Case, Cases
from processors.rules.protocol import Evidence
from projections.pages import SqlPages
from projections.tables import SetTables, columns_of
from schemas.event import Event
from schemas.instants import Instant

PAGE = 200
_NAMES = tuple(name for name, _ in columns_of(Case))


class Ledgers:
    """Queries of one snapshot. Instants in µs UTC; ``until`` is outside."""

    def __init__(
        self, conn: Connection, ledger: Ledger, tenant: Tenant, tables: SetTables, pages: SqlPages
    ) -> None:
        self._conn = conn
        self._ledger = ledger
        self._tenant = tenant
        self._rows = tables.rows[Case]
        self._pages = pages

    def count(self, kind: str, since: Instant, until: Instant) -> int:
        """Cases of the kind ("" for any) that were opened in the span."""
        query = select(func.count()).select_from(self._rows).where(*self._where(kind, since, until))
        return int(self._conn.scalar(query) or 0)

    def cases(self, kind: str, since: Instant, until: Instant) -> Iterator[tuple[Case, list[Event]]]:
        """Each with its standing touchpoints in order of happening, sealed."""
        c = self._rows.c
        after: tuple[Instant, str] | None = None
        while True:
            query = select(*(c[n] for n in _NAMES)).where(*self._where(kind, since, until))
            if after is not None:
                query = query.where(or_(c.opened > after[0], and_(c.opened == after[0], c.id > after[1])))
            lines = self._conn.execute(query.order_by(c.opened, c.id).limit(PAGE)).all()
            found = [Case(**dict(zip(_NAMES, line, strict=True))) for line in lines]
            yield from self._with_events(found)
            if len(found) < PAGE:
                return
            after = found[-1].opened, found[-1].id

    def _where(self, kind: str, since: Instant, until: Instant) -> list[Any]:
        c = self._rows.c
        wanted = [c.tenant == self._tenant.number, c.opened < until]
        if kind:
            return [*wanted, c.opened >= since, c.kind == kind]
        return [*wanted, c.last >= since]

    def _with_events(self, cases: Sequence[Case]) -> Iterator[tuple[Case, list[Event]]]:
        filed = self._pages.evidence(Cases.name, [case.id for case in cases])
        places = {entry.place for entries in filed.values() for entry in entries}
        facts = self._ledger.facts_at(self._conn, self._tenant, places)
        for case in cases:
            entries = sorted(filed.get(case.id, ()), key=Evidence.order)
            yield case, [facts[entry.place] for entry in entries if entry.slot == "touchpoint"]
