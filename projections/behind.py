"""The cases behind a figure (指标明细): each event that is counted in it, with its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.defects import DefectReports, Defects
from processors.rules.linear import Sum
from processors.rules.satisfaction import Satisfaction, SatisfactionAnswers
from projections.moment import Moment
from projections.sums import behind, cells
from projections.tables import SetTables
from schemas.catalogue import CATALOGUE
from schemas.instants import Instant, format_instant

BEHIND: Mapping[str, tuple[str, type[Sum]]] = {
    "satisfaction": (Satisfaction.name, SatisfactionAnswers),
    "defects": (Defects.name, DefectReports),
}
"""Figure -> (rule, the sums whose evidence it is)."""
_TOLD = ("satisfied", "component", "cause", "severity", "location")


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
    first. ``case_id`` null where the event belongs to none; ``data``: what was counted of it, never free text."""
    rule, kind = BEHIND[figure]
    keys = list(cells(conn, tables, tenant.number, rule, kind, where, moment))
    entries = behind(conn, tables, tenant.number, rule, kind, keys, moment, limit, after)
    facts = ledger.facts_at(conn, tenant, {entry.place for entry in entries})
    found: list[dict[str, Any]] = []
    for entry in entries:
        fact = facts[entry.place]
        known = CATALOGUE[fact.type]
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
                "data": {name: fact.data[name] for name in _TOLD if fact.data.get(name) is not None},
            }
        )
    return found
