"""The cases behind a figure (指标明细): each event that is counted in it, with its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.satisfaction import Satisfaction, SatisfactionAnswers
from projections.defects import reports_behind
from projections.moment import Moment
from projections.sums import behind, cells
from projections.tables import SetTables
from schemas.catalogue import CATALOGUE
from schemas.instants import Instant, format_instant

_TOLD = ("satisfied", "component", "cause", "responsible_party", "severity", "location")


def events_behind(
    conn: Connection,
    ledger: Ledger,
    tables: SetTables,
    tenant: Tenant,
    figure: str,
    where: Mapping[str, str],
    moment: Moment,
    *,
    limit: int,
    after: tuple[Instant, str] | None = None,
) -> list[dict[str, Any]]:
    """``{"event_id", "case_id", "type", "zh", "en", "time", "project_id", "house_id", "owner_type", "data"}``, the latest
    first. ``case_id`` null where the event belongs to none; ``data``: what was counted of it, or determined of its case,
    never free text."""
    number = tenant.number
    counted: list[tuple[int, Mapping[str, Any]]]
    if figure == "defects":
        rows = reports_behind(conn, tables, number, where, moment, limit, after)
        counted = [
            (row.place, {"cause": row.cause, "responsible_party": row.responsible_party}) for row in rows
        ]
    else:
        rule, kind = Satisfaction.name, SatisfactionAnswers
        keys = list(cells(conn, tables, number, rule, kind, where, moment))
        entries = behind(conn, tables, number, rule, kind, keys, moment, limit, after)
        counted = [(entry.place, {}) for entry in entries]
    facts = ledger.facts_at(conn, tenant, {place for place, _ in counted})
    found: list[dict[str, Any]] = []
    for place, determined in counted:
        fact = facts[place]
        known, data = CATALOGUE[fact.type], {**fact.data, **determined}
        found.append(
            {
                "event_id": fact.event_id,
                "case_id": fact.case_id or None,
                "type": fact.type,
                "zh": known.zh,
                "en": known.en,
                "time": format_instant(fact.time),
                "project_id": fact.project_id,
                "house_id": fact.house_id,
                "owner_type": fact.owner_type,
                "data": {name: data[name] for name in _TOLD if data.get(name) not in (None, "")},
            }
        )
    return found
