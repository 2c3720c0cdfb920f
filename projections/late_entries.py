"""Late entries (补录明细): promises kept in time whose proof was entered afterwards, by who entered it and department."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.promises.promise import Promise
from projections.promises import Names
from projections.tables import SetTables
from schemas.event import Event
from schemas.instants import Instant, format_instant

ALWAYS = 2**63 - 1


def late_entries(
    conn: Connection,
    tables: SetTables,
    ledger: Ledger,
    tenant: Tenant,
    names: Names,
    *,
    since: Instant = 0,
    until: Instant = ALWAYS,
    limit: int = 500,
) -> dict[str, Any]:
    """``{"count", "by": [{"department", "person", "count"}], "entries": […]}`` of what was entered from ``since`` up to
    ``until`` (outside), the latest first, ``limit`` entries; ``count`` and ``by`` are of all. ``person`` is the actor's
    reference, else his role, else the source; ``department`` "" where the entry names none. ``late_by`` in µs."""
    p = tables.rows[Promise].c
    what: tuple[Any, ...] = (
        p.id,
        p.obligation,
        p.policy_place,
        p.case_id,
        p.project_id,
        p.house_id,
        p.due,
        p.settled,
        p.settled_by,
        p.settled_recorded,
        p.entered_by,
    )
    lines = conn.execute(
        select(*what)
        .where(p.tenant == tenant.number, p.state == "met", p.late_entry == 1)
        .where(p.settled_recorded >= since, p.settled_recorded < until)
        .order_by(p.settled_recorded.desc(), p.id)
    ).all()
    entries: list[dict[str, Any]] = []
    by: Counter[tuple[str, str]] = Counter()
    for line in lines:
        proofs = [ledger.fact(conn, tenant, one) for one in json.loads(line.settled_by)]
        proof = _entered([fact for fact in proofs if fact is not None], line.entered_by)
        department = proof.department if proof is not None else ""
        by[(department, line.entered_by)] += 1
        if len(entries) < limit:
            zh, en = names(line.policy_place, line.obligation)
            entries.append(
                {
                    "promise_id": line.id,
                    "obligation": line.obligation,
                    "zh": zh,
                    "en": en,
                    "case_id": line.case_id,
                    "project_id": line.project_id,
                    "house_id": line.house_id,
                    "due": format_instant(line.due),
                    "happened": format_instant(line.settled),
                    "entered": format_instant(line.settled_recorded),
                    "late_by": line.settled_recorded - line.due,
                    "department": department,
                    "person": line.entered_by,
                    "source": proof.source if proof is not None else "",
                    "event_id": proof.event_id if proof is not None else "",
                }
            )
    return {
        "count": len(lines),
        "by": [
            {"department": department, "person": person, "count": count}
            for (department, person), count in sorted(by.items(), key=lambda one: (-one[1], one[0]))
        ],
        "entries": entries,
    }


def _entered(facts: Sequence[Event], person: str) -> Event | None:
    """The proof that was entered last, by that person."""
    mine = [fact for fact in facts if person in (fact.actor_ref, fact.actor_role, fact.source)]
    return max(mine or facts, key=lambda fact: fact.place, default=None)
