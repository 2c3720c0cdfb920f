"""Who is to be erased, found in the fact lane and kept in a small table: facts are the truth, the table finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, insert, inspect, select, update

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.erasure_tables import cursors, erasures
from schemas.event import Event

REQUESTED, EXECUTED = "privacy.erasure_requested", "privacy.erasure_executed"
MARK = b'"type":"privacy.erasure_'
"""How the type stands in a stored body."""
PAGE = 20_000
"""Places that are searched at a time."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request. ``basis`` is "" where none was given; ``executed`` the place of the fact that says it was done, 0 = none."""

    event_id: str
    person: str
    basis: str
    executed: int


def follow(ledger: Ledger, tenant: Tenant) -> None:
    """Search what was appended since the last time."""
    with ledger.database.read() as connection:
        at = _cursor(connection, tenant)
        head = ledger.head(connection, tenant).place
    while at < head:
        upto = min(at + PAGE, head)
        with ledger.database.read() as connection:
            found = ledger.facts_with(connection, tenant, at, upto, [MARK])
        ledger.writer.call(partial(_take, tenant=tenant, at=at, upto=upto, found=found))
        at = upto


def listed(connection: Connection, tenant: Tenant) -> list[Erasure]:
    """Every request found so far, in order of the event ids. Empty where the tables were never made."""
    if not inspect(connection).has_table(erasures.name):
        return []
    c = erasures.c
    rows = connection.execute(
        select(c.event_id, c.person, c.basis, c.executed)
        .where(c.tenant == tenant.number)
        .order_by(c.event_id)
    )
    return [Erasure(*row) for row in rows]


def unapplied(ledger: Ledger) -> bool:
    """Whether somebody who was erased can be read again, because keys.db was replaced by an older copy."""
    for tenant in ledger.tenants():
        with ledger.database.read() as connection:
            gone = {one.person for one in listed(connection, tenant) if one.executed}
        if gone - ledger.erased(tenant).keys() or ledger.keys.revived(tenant.name):
            return True
    return False


def _cursor(connection: Connection, tenant: Tenant) -> int:
    return int(connection.scalar(select(cursors.c.place).where(cursors.c.tenant == tenant.number)) or 0)


def _take(connection: Connection, tenant: Tenant, at: int, upto: int, found: Sequence[Event]) -> None:
    """Writer job: what stands at places > ``at``, and the cursor. Nothing where another process was here first."""
    if _cursor(connection, tenant) != at:
        return
    for fact in found:
        if fact.type == REQUESTED:
            _add(connection, tenant, fact.event_id, fact, 0)
        elif fact.type == EXECUTED:
            request = str(fact.data.get("request") or "")
            said = (
                update(erasures)
                .where(erasures.c.tenant == tenant.number, erasures.c.event_id == request)
                .values(executed=fact.place)
            )
            if not request or connection.execute(said).rowcount == 0:
                _add(connection, tenant, request or fact.event_id, fact, fact.place)
    moved = update(cursors).where(cursors.c.tenant == tenant.number).values(place=upto)
    if connection.execute(moved).rowcount == 0:
        connection.execute(insert(cursors).values(tenant=tenant.number, place=upto))


def _add(connection: Connection, tenant: Tenant, event_id: str, fact: Event, executed: int) -> None:
    connection.execute(
        insert(erasures).values(
            tenant=tenant.number,
            event_id=event_id,
            person=str(fact.data["subject_ref"]),
            basis=str(fact.data.get("basis") or ""),
            executed=executed,
        )
    )
