"""Facts put straight into the record, where a benchmark wants more than the intake takes in its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ledger.chain import FACTS, Chain
from ledger.tables import counters, fact_ids, facts
from ledger.tenants import Tenant
from schemas.identity import event_id


def renamed(tenant: Tenant, body: Mapping[str, Any], suffix: int) -> dict[str, Any]:
    """The same fact under an id of its own; it corrects nothing."""
    made = {name: value for name, value in body.items() if name not in ("corrects", "root")}
    made["id"] = f"{body['id']}-{suffix}"
    made["event_id"] = event_id(tenant.name, str(made["source"]), str(made["id"]))
    return made


def place(conn: Connection, tenant: Tenant, bodies: Iterable[tuple[str, bytes]]) -> None:
    """(event id, canonical bytes), chained behind the head as the ledger does, recorded when the last one was."""
    c = counters.c
    head = conn.execute(select(c.place, c.recorded, c.hash).where(c.tenant == tenant.number)).one()
    at, recorded, hashed = head
    chain = Chain(FACTS, tenant.number, tenant.name.encode())
    rows, ids = [], []
    for own_id, text in bodies:
        at += 1
        hashed = chain.link(hashed, at, recorded, text)
        rows.append(
            {"tenant": tenant.number, "place": at, "recorded": recorded, "body": text, "hash": hashed}
        )
        key = bytes.fromhex(own_id.replace("-", ""))
        ids.append({"tenant": tenant.number, "event_id": key, "place": at})
    conn.execute(insert(facts), rows)
    conn.execute(insert(fact_ids), ids)
    conn.execute(update(counters).where(c.tenant == tenant.number).values(place=at, hash=hashed))
