"""Cases (事项) as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from ledger.hot import Among
from processors.rules.cases import OPENED_BY, Case, Cases
from projections.promises import instant_or_none
from projections.tables import SetTables, columns_of
from schemas.canonical import uncanonical
from schemas.catalogue import event_type
from schemas.instants import Instant

_NAMES = tuple(name for name, _ in columns_of(Case))


def view(row: Case) -> dict[str, Any]:
    """The case as JSON; instants RFC 3339 or null."""
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "opened": instant_or_none(row.opened),
        "last": instant_or_none(row.last),
        "closed": instant_or_none(row.closed),
        "last_type": row.last_type,
        "project_id": row.project_id,
        "house_id": row.house_id,
        "customer_ref": row.customer_ref,
        "owner_type": row.owner_type,
        "channel": row.channel,
        "ticket": row.ticket,
        "source": row.source,
        "topic": row.topic,
        "urgency": row.urgency,
        "touchpoints": row.touchpoints,
    }


@lru_cache(maxsize=32)
def _touchpoints(tables: SetTables) -> Among:
    e = tables.evidence
    query = select(e.c.scope, e.c.value).where(e.c.rule == Cases.name, e.c.slot == "touchpoint")
    return Among(lambda keys: query.where(e.c.tenant == bindparam("tenant"), e.c.scope.in_(keys)), str)


@lru_cache(maxsize=32)
def _tickets(tables: SetTables) -> Among:
    c = tables.rows[Case].c
    return Among(
        lambda keys: select(c.id, c.ticket).where(c.tenant == bindparam("tenant"), c.id.in_(keys)), str
    )


def _opens(value: str) -> bool:
    name = uncanonical(value)["type"]
    return name in OPENED_BY or event_type(name).case == "opens"


class CaseList:
    """Queries of one set."""

    def __init__(self, tables: SetTables) -> None:
        self._tables = tables
        self._rows = tables.rows[Case]
        self._evidence = tables.evidence

    def find(
        self,
        conn: Connection,
        tenant: int,
        *,
        kind: str | None = None,
        state: str | None = None,
        project_id: str | None = None,
        ticket: str | None = None,
        limit: int = 100,
        after: tuple[Instant, str] | None = None,
    ) -> list[dict[str, Any]]:
        """The latest touched first. ``after`` is the (last µs, id) of the last one already had."""
        c = self._rows.c
        query = select(*(c[n] for n in _NAMES)).where(c.tenant == tenant)
        for column, wanted in (
            (c.kind, kind),
            (c.state, state),
            (c.project_id, project_id),
            (c.ticket, ticket),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if after is not None:
            query = query.where((c.last < after[0]) | and_(c.last == after[0], c.id > after[1]))
        query = query.order_by(c.last.desc(), c.id).limit(limit)
        return [view(Case(**dict(zip(_NAMES, line, strict=True)))) for line in conn.execute(query)]

    def get(self, conn: Connection, tenant: int, case_id: str) -> dict[str, Any] | None:
        """One case by id."""
        c = self._rows.c
        line = conn.execute(
            select(*(c[n] for n in _NAMES)).where(c.tenant == tenant, c.id == case_id)
        ).first()
        return view(Case(**dict(zip(_NAMES, line, strict=True)))) if line else None

    def opened(self, conn: Connection, tenant: int, case_ids: Sequence[str]) -> set[str]:
        """Those of which a touchpoint stands that opens a case; the others are not there, or were only ever spoken of."""
        found = _touchpoints(self._tables)(conn, case_ids, tenant=tenant)
        return {scope for scope, value in found if _opens(value)}

    def of_source(
        self, conn: Connection, tenant: int, source: str, after: str, limit: int
    ) -> list[tuple[str, str, int]]:
        """(id, ticket, touchpoints) of cases that a source spoke of first, by id, behind ``after``."""
        c = self._rows.c
        query = select(c.id, c.ticket, c.touchpoints).where(
            c.tenant == tenant, c.source == source, c.id > after
        )
        return [
            (row.id, row.ticket, row.touchpoints) for row in conn.execute(query.order_by(c.id).limit(limit))
        ]

    def tickets(self, conn: Connection, tenant: int, case_ids: Sequence[str]) -> dict[str, str]:
        """Case id -> its source's own number, of those that have one."""
        return {row[0]: row[1] for row in _tickets(self._tables)(conn, case_ids, tenant=tenant) if row[1]}

    def numbered(self, conn: Connection, tenant: int, tickets: Sequence[str]) -> list[tuple[str, str, str]]:
        """(ticket, source, id) of the cases that bear these numbers. Looks through all cases: for few numbers."""
        c = self._rows.c
        query = select(c.ticket, c.source, c.id).where(c.tenant == tenant, c.ticket.in_(tickets))
        return [(row.ticket, row.source, row.id) for row in conn.execute(query.order_by(c.ticket, c.id))]

    def place(self, conn: Connection, tenant: int, case_id: str) -> int:
        """Place of the last fact of a case, whatever became of it since; 0 where there is none."""
        c = self._evidence.c
        query = select(func.max(c.place)).where(c.tenant == tenant, c.rule == Cases.name, c.scope == case_id)
        return conn.execute(query).scalar_one() or 0
