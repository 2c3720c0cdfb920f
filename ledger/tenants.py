"""Tenants: the group of companies that share customers, staff and ladders (集团). One tenant, one order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from ledger.chain import GENESIS, tenant_hash
from ledger.errors import TenantExists, UnknownTenant
from ledger.hot import Hot
from ledger.lanes import FIRST_SET
from ledger.tables import counters, engines, tenants


@dataclass(frozen=True, slots=True)
class Tenant:
    """``number`` is its partition everywhere, 1, 2, 3 … in order of registration; both never change."""

    number: int
    name: str


_by_name = Hot(select(tenants.c.number).where(tenants.c.name == bindparam("name")))


def listed(connection: Connection) -> list[Tenant]:
    """Every tenant, by number."""
    query = select(tenants.c.number, tenants.c.name).order_by(tenants.c.number)
    return [Tenant(number, name) for number, name in connection.execute(query)]


def find(connection: Connection, name: str) -> Tenant:
    """By name. Raises UnknownTenant."""
    row = _by_name(connection, name=name).first()
    if row is None:
        raise UnknownTenant(name)
    return Tenant(row[0], name)


def register(connection: Connection, name: str) -> Tenant:
    """Give the next number, with empty lanes. Raises TenantExists; ValueError for a name that is no name."""
    if not name or name != name.strip() or len(name) > 100 or not name.isprintable():
        raise ValueError("a tenant's name has 1 to 100 printable characters and no space at either end")
    if _by_name(connection, name=name).first() is not None:
        raise TenantExists(name)
    query = select(tenants.c.number, tenants.c.hash).order_by(tenants.c.number.desc()).limit(1)
    last = connection.execute(query).first()
    number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    hashed = tenant_hash(previous, number, name.encode())
    connection.execute(insert(tenants).values(number=number, name=name, hash=hashed))
    connection.execute(insert(counters).values(tenant=number, place=0, recorded=0, hash=GENESIS, floor=0))
    connection.execute(
        insert(engines).values(
            tenant=number, decided=0, advanced=0, verdict_place=0, verdict_recorded=0, verdict_hash=GENESIS,
            epoch=0, owner="", set_name=FIRST_SET, fold_version="",
        )
    )  # fmt: skip
    return Tenant(number, name)
