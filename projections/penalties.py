"""Penalties (处罚) as the approver reads them: what is proposed, of whom, for what, and what was decided."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.penalty import LABELS, Penalty
from projections.promises import instant_or_none
from projections.tables import SetTables, columns_of
from schemas.instants import Instant

_NAMES = tuple(name for name, _ in columns_of(Penalty))
STATES = ("waiting", "proposed", "confirmed", "waived", "unfounded")


class PenaltyList:
    """Queries of one snapshot. Money in fen."""

    def __init__(self, conn: Connection, ledger: Ledger, tenant: Tenant, tables: SetTables) -> None:
        self._conn = conn
        self._ledger = ledger
        self._tenant = tenant
        self._rows = tables.rows[Penalty]

    def find(
        self,
        *,
        state: str | None = None,
        case_id: str | None = None,
        limit: int = 100,
        after: tuple[Instant, str] | None = None,
    ) -> list[dict[str, Any]]:
        """The latest opened first. ``after`` is the (opened µs, id) of the last one already had."""
        c = self._rows.c
        query = select(*(c[n] for n in _NAMES)).where(c.tenant == self._tenant.number)
        if state is not None:
            query = query.where(c.state == state)
        if case_id is not None:
            query = query.where(c.case_id == case_id)
        if after is not None:
            query = query.where((c.opened < after[0]) | and_(c.opened == after[0], c.id > after[1]))
        lines = self._conn.execute(query.order_by(c.opened.desc(), c.id).limit(limit))
        return [self.view(Penalty(**dict(zip(_NAMES, line, strict=True)))) for line in lines]

    def get(self, penalty_id: str) -> dict[str, Any] | None:
        """One by id."""
        c = self._rows.c
        query = select(*(c[n] for n in _NAMES)).where(c.tenant == self._tenant.number, c.id == penalty_id)
        line = self._conn.execute(query).first()
        return self.view(Penalty(**dict(zip(_NAMES, line, strict=True)))) if line else None

    def view(self, row: Penalty) -> dict[str, Any]:
        """JSON; instants RFC 3339 or null; ``reason`` and ``objection`` as they were written."""
        said: dict[str, Any] = {}
        if row.decision and (fact := self._ledger.fact(self._conn, self._tenant, row.decision)):
            said = self._ledger.unsealed(self._tenant, fact)
        zh, en = LABELS.get(row.rule, ("", ""))
        return {
            "id": row.id,
            "problem": row.scope,
            "state": row.state,
            "rule": row.rule,
            "zh": zh,
            "en": en,
            "bearer_role": row.bearer_role,
            "bearer_ref": row.bearer_ref or None,
            "amount_fen": row.amount_fen,
            "min_fen": row.min_fen,
            "max_fen": row.max_fen,
            "outside": bool(row.outside),
            "review": bool(row.review),
            "level": row.level,
            "factor": row.factor,
            "opened": instant_or_none(row.opened),
            "doubled": instant_or_none(row.doubled),
            "case_id": row.case_id or None,
            "house_id": row.house_id or None,
            "project_id": row.project_id or None,
            "decided": instant_or_none(row.decided),
            "decided_by": row.decided_by or None,
            "decision": row.decision or None,
            "reason": said.get("reason"),
            "objection": said.get("objection"),
            "policy_version": row.policy_version or None,
        }
