"""Who may deliver, and how it is read: for who receives and for who only lists."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.inbox.tables import inboxes
from schemas.instants import Instant


@dataclass(frozen=True, slots=True)
class Inbox:
    """Who may deliver as a source, and how it is read. One tenant's."""

    source: str
    tenant: Tenant
    mapping: str
    file: str
    aliases: str
    verify: str
    place: str
    changed: Instant


def listed(ledger: Ledger) -> list[Inbox]:
    """Every inbox, by name; empty where the tables were never made."""
    with ledger.database.read() as connection:
        if not inspect(connection).has_table(inboxes.name):
            return []
        found = connection.execute(select(inboxes).order_by(inboxes.c.source)).mappings().all()
    tenants = {tenant.number: tenant for tenant in ledger.tenants()}
    return [
        Inbox(**{**{name: row[name] for name in Inbox.__slots__}, "tenant": tenants[row["tenant"]]})
        for row in found
    ]
