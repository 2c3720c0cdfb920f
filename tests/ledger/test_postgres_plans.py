"""PostgreSQL keeps the plan of a prepared question. Those of an append are prepared while the tables are empty, and must look
into the index all the same once they are full: counted in rows read, for time tells little on small tables."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger import feeds
from ledger.persons import Persons
from ledger.tenants import Tenant
from tests.kit.places import ON_POSTGRESQL
from tests.ledger.house import House, sent

BATCH = 64
BATCHES = 14
"""psycopg prepares a statement when it has run five times; PostgreSQL may keep its plan when it has run five times more."""

pytestmark = ON_POSTGRESQL


def customer(number: int) -> dict[str, str]:
    return {"number": f"C-{number}", "phone": f"138{number:08}"}


def filled(home: House, tenant: Tenant) -> None:
    for first in range(0, BATCHES * BATCH, BATCH):
        home.send(tenant, *(sent(n, customer=customer(n)) for n in range(first, first + BATCH)))
    for n in range(BATCHES):
        home.send(tenant, sent(f"single {n}", customer={"number": f"C-{n}"}))


def rows_read(connection: Connection) -> int:
    """By this transaction so far, from tables and by way of indexes."""
    query = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables"
    return int(connection.exec_driver_sql(query).scalar_one())


def kept_plans(connection: Connection, of: str) -> int:
    """How often prepared questions with this word ran by a plan that was kept."""
    query = "SELECT coalesce(sum(generic_plans), 0)::bigint FROM pg_prepared_statements WHERE statement LIKE %(of)s"
    return int(connection.exec_driver_sql(query, {"of": f"SELECT%{of}%"}).scalar_one())


def test_ids_are_looked_up_by_key(home: House, tenant: Tenant) -> None:
    filled(home, tenant)
    with home.raw() as connection:
        known = [
            row[0] for row in connection.execute("SELECT event_id FROM fact_ids ORDER BY place LIMIT 10")
        ]
    asked = [*known, *(bytes([n]) * 16 for n in range(BATCH - len(known)))]

    def job(connection: Connection) -> tuple[int, int, int]:
        before = rows_read(connection)
        assert len(feeds.places_of(connection, tenant, asked)) == len(known)
        many = rows_read(connection) - before
        assert len(feeds.places_of(connection, tenant, known[:1])) == 1
        return many, rows_read(connection) - before - many, kept_plans(connection, "fact_ids")

    many, one, kept = home.writer.call(job)
    assert (many, one) == (len(known), 1)
    assert kept  # else this test has not seen what it is about


def test_facts_are_looked_up_by_place(home: House, tenant: Tenant) -> None:
    filled(home, tenant)

    def job(connection: Connection) -> tuple[int, int]:
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        for _ in range(BATCHES):
            assert list(feeds.facts_at(connection, tenant, [70, 9, 3, 10_000])) == [3, 9, 70]
        before = rows_read(connection)
        assert len(feeds.facts_at(connection, tenant, range(1, 41))) == 40
        return rows_read(connection) - before, kept_plans(connection, "facts")

    read, kept = home.writer.call(job)
    assert read == 40
    assert kept


def test_persons_and_keys_are_looked_up_by_key(home: House, tenant: Tenant) -> None:
    filled(home, tenant)
    persons = Persons(home.keys)
    known = [persons.claims(tenant.name, "crm", f"C-{n}", "").number for n in range(10)]
    asked = [*known, *(bytes([n]) * 32 for n in range(BATCH - len(known)))]
    other = [persons.claims(tenant.name, "crm", "C-70", "").number]

    def job(_: Connection) -> tuple[int, int, int]:
        connection = home.keys.connection
        before = rows_read(connection)
        home.keys.ahead(tenant.name, asked, [])
        many = rows_read(connection) - before
        home.keys.ahead(tenant.name, other, [])
        return many, rows_read(connection) - before - many, kept_plans(connection, "blind_index")

    many, one, kept = home.writer.call(job)
    assert (many, one) == (2 * len(known), 2)  # the entry, and the person's key
    assert kept
