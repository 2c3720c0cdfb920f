"""Which operational rows go along with a record, beside the API keys: what people were told, so that nobody is told twice.

A new operational table belongs in this list, or its room says why it does not. Left out: calls of the last minute to
rate-limited channels, the leases of engines and relays, what feeds the engines (a copy is fed by its own ledger until somebody
says otherwise), how far a relay has published (a copy that is published goes to topics of its own, from the start), and the
rebuildable sets, which are folded afresh.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, Select, Table, and_, case, false, or_

from alerts.tables import alerts, cursors, deliveries
from alerts.tables import metadata as alerting
from ledger.copying.plan import Heads, Portable, Row
from producers.erasure_tables import metadata as erasing
from producers.inbox.tables import inboxes, letters
from producers.inbox.tables import metadata as receiving
from projections.store import ACTIVE, OPERATIONAL

ROOMS: tuple[MetaData, ...] = (alerting, erasing, receiving, OPERATIONAL)
"""Operational tables of every room, which the ledger's migrations make beside its own (a test)."""
NOT_FOLDED: tuple[Table, Row] = (ACTIVE, (1, "a", ""))
"""The active set of a copy: one of no fold version, which the first house that opens it folds afresh."""


def told() -> list[Portable]:
    """The alerts, their deliveries and how far both lanes were read, none of it beyond the heads that are copied; who may
    deliver, and the letters, which are sealed as they stand."""
    return [
        Portable(cursors, _cursors),
        Portable(alerts, lambda query, heads: query.where(_upto(alerts, heads))),
        Portable(deliveries, lambda query, heads: query.where(_upto(deliveries, heads))),
        Portable(inboxes),
        Portable(letters),
    ]


def _upto(table: Table, heads: Heads) -> Any:
    mine = [and_(table.c.tenant == n, table.c.place <= verdict) for n, (_, verdict) in heads.items()]
    return or_(false(), *mine)


def _cursors(query: Select[Any], heads: Heads) -> Select[Any]:
    """In one snapshot they cannot be ahead; if they are, something else wrote there, and the copy does not go on with it."""
    facts = {number: fact for number, (fact, _) in heads.items()}
    verdicts = {number: verdict for number, (_, verdict) in heads.items()}
    if not heads:
        return query
    c = cursors.c
    fact, verdict = case(facts, value=c.tenant, else_=0), case(verdicts, value=c.tenant, else_=0)
    least = [
        c.tenant,
        *(
            case((column > most, most), else_=column).label(column.name)
            for column, most in (
                (c.verdict_place, verdict),
                (c.fact_place, fact),
                (c.past_verdicts, verdict),
                (c.past_facts, fact),
            )
        ),
        c.past_time,
    ]
    return query.with_only_columns(*least)
