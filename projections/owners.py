"""Who has a case (首问负责人) and through whose hands it went, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from processors.rules.firstcontact import CaseOwner
from projections.promises import instant_or_none
from projections.tables import SetTables, columns_of

_NAMES = tuple(name for name, _ in columns_of(CaseOwner))
ROLE = "first_contact_owner"


def view(row: CaseOwner) -> dict[str, Any]:
    """JSON; instants RFC 3339 or null. ``handovers`` in order, the last one perhaps not accepted yet."""
    return {
        "owner": row.owner,
        "since": instant_or_none(row.since),
        "by": row.by,
        "first": row.first,
        "first_role": row.first_role,
        "first_at": instant_or_none(row.first_at),
        "first_event": row.first_event,
        "customer_service": bool(row.service),
        "offered_to": row.offered_to or None,
        "offered": instant_or_none(row.offered),
        "handovers": [
            {
                **one,
                "offered": instant_or_none(one["offered"]),
                "accepted": instant_or_none(one["accepted"]),
                "accepted_by": one["accepted_by"] or None,
            }
            for one in json.loads(row.chain)
        ],
    }


def of_cases(
    conn: Connection, tables: SetTables, tenant: int, cases: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Case id -> its view; cases that nobody asked, complained or reported in are left out."""
    c = tables.rows[CaseOwner].c
    query = select(*(c[n] for n in _NAMES)).where(c.tenant == tenant, c.id.in_(sorted(set(cases))))
    rows = [CaseOwner(**dict(zip(_NAMES, line, strict=True))) for line in conn.execute(query)]
    return {row.id: view(row) for row in rows}


def fill(conn: Connection, tables: SetTables, tenant: int, promises: Sequence[dict[str, Any]]) -> None:
    """``in_charge`` for a list, from the rows of its cases."""
    lacking = {p["case_id"] for p in promises if not p["person"] and ROLE in p["owes"] and p["case_id"]}
    if lacking:
        found = of_cases(conn, tables, tenant, lacking)
        in_charge(promises, {case: one["owner"] for case, one in found.items()})


def in_charge(promises: Iterable[dict[str, Any]], owner_of: dict[str, str]) -> None:
    """What the first contact owes and no policy gives to a person is owed by whoever has the case."""
    for promise in promises:
        if not promise["person"] and ROLE in promise["owes"]:
            promise["person"] = owner_of.get(promise["case_id"], "")
