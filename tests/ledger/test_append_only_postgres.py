"""Append-only on PostgreSQL: triggers that fire for everyone, always, on every part; and a role that may not even try."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, MetaData, Table, select, text

from ledger.columns import int64
from ledger.errors import NoLedger, OwnerWrites, Unreachable
from ledger.lanes import VerdictDraft, decide, engine_state
from ledger.migrating import migrate
from ledger.postgres import PostgresDatabase
from ledger.revisions import HEAD
from ledger.tables import RECORD, facts
from ledger.tenants import Tenant
from schemas.identity import verdict_id
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import APPLICATION, OWNER, Place
from tests.ledger.house import House, sent

TABLES = sorted(table.name for table in RECORD)
KEYS = {table.name: keys for table, keys in RECORD.items()}


@pytest.fixture
def filled(home: House, tenant: Tenant) -> House:
    home.send(tenant, sent(1), sent(2, corrects_source_id="no-1"))
    named = verdict_id("row", "breached", 0)
    body = {"event_id": named, "type": "obligation.breached", "v": 1, "time": 1, "data": {}}

    def job(connection: Connection) -> None:
        draft = VerdictDraft(event_id=named, after=1, body=body)
        expect = engine_state(connection, tenant)
        decide(connection, home.clock, expect, decided=2, advanced=0, verdicts=[draft])

    home.writer.call(job)
    return home


def parts(connection: psycopg.Connection[tuple[str]], table: str) -> Iterator[str]:
    """The table and every part of it, as the catalogue knows them."""
    name = f"touchline.{table}"
    query = "SELECT relid::regclass::text FROM pg_partition_tree(%s::text::regclass)"
    below = {row[0] for row in connection.execute(query, (name,)).fetchall()}
    yield from sorted(below | {connection.execute("SELECT %s::regclass::text", (name,)).fetchone()[0]})  # type: ignore[index]


@ON_POSTGRESQL
def test_no_row_is_changed_even_by_the_superuser(filled: House) -> None:
    with filled.raw() as connection:
        connection.execute("SET session_replication_role = replica")  # in which ordinary triggers sleep
        for table in TABLES:
            before = connection.execute(f"SELECT * FROM {table}").fetchall()
            column = KEYS[table][0][-1]
            assert before
            found = list(parts(connection, table))
            for part in found:
                changes = [f"TRUNCATE {part} CASCADE"]
                if connection.execute(f"SELECT count(*) FROM {part}").fetchone() != (0,):
                    changes += [f"UPDATE {part} SET {column} = {column}", f"DELETE FROM {part}"]
                    changes += [f"WITH d AS (DELETE FROM ONLY {part} RETURNING *) SELECT count(*) FROM d"]
                for change in changes:
                    if "ONLY" in change and part == f"{table}" and len(found) > 1:
                        continue  # a partitioned table has no rows of its own
                    with pytest.raises(psycopg.errors.IntegrityError, match=f"{table} is append-only"):
                        connection.execute(change)
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == before


@ON_POSTGRESQL
def test_an_existing_key_is_not_replaced(filled: House) -> None:
    with filled.raw() as connection:
        for table in TABLES:
            before = connection.execute(f"SELECT * FROM {table}").fetchall()
            for key in KEYS[table]:
                again = f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1"
                with pytest.raises(psycopg.errors.UniqueViolation):
                    connection.execute(again)
                with pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
                    connection.execute(f"{again} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {key[0]} = 0")
                connection.execute(f"{again} ON CONFLICT DO NOTHING")
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == before
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO tenants VALUES (7, '云栖', ''::bytea)")


@ON_POSTGRESQL
def test_the_application_may_not_even_try(filled: House, place: Place) -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:
        for table in TABLES:
            for part in parts(connection, table):
                for forbidden in (
                    f"UPDATE {part} SET {KEYS[table][0][0]} = 0",
                    f"DELETE FROM {part}",
                    f"TRUNCATE {part}",
                    f"ALTER TABLE {part} DISABLE TRIGGER ALL",
                    f"DROP TABLE {part}",
                    f"CREATE TRIGGER mine BEFORE INSERT ON {part} EXECUTE FUNCTION touchline.append_only()",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(forbidden)
        for forbidden in (
            "CREATE TABLE touchline.mine (n int)",
            "DELETE FROM touchline.counters",
            "UPDATE touchline.about SET value = ''",
            "SELECT touchline.no_truncate('touchline.facts', '')",
            f"SET ROLE {OWNER}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


@ON_POSTGRESQL
def test_every_trigger_fires_always_and_every_column_has_a_value(filled: House) -> None:
    with filled.raw() as connection:
        query = "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE tgname IN ('no_change', 'no_truncate')"
        found = {(table, name): state for table, name, state in connection.execute(query)}
        for table in TABLES:
            for part in parts(connection, table):
                assert found[(part, "no_change")] == found[(part, "no_truncate")] == "A"
        query = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema IN ('touchline', 'touchline_keys') AND is_nullable = 'YES'"
        )
        assert connection.execute(query).fetchall() == []
        query = (
            "SELECT DISTINCT data_type, collation_name FROM information_schema.columns"
            " WHERE table_schema IN ('touchline', 'touchline_keys') AND table_name <> 'alembic_version'"
        )
        types = {("bigint", None), ("bytea", None), ("text", "C")}
        assert set(connection.execute(query).fetchall()) == types


@ON_POSTGRESQL
def test_ranges_are_made_ahead_and_nothing_waits_for_them(home: House, tenant: Tenant) -> None:
    size = 4_194_304
    where = "SELECT tableoid::regclass::text, min(place), max(place) FROM facts GROUP BY 1 ORDER BY 1"
    cut = "SELECT partrelid::regclass::text, partstrat::text, pg_get_partkeydef(partrelid) FROM pg_partitioned_table"
    home.send(tenant, sent(1))
    with home.raw() as connection:
        assert set(connection.execute(cut).fetchall()) == {
            ("facts", "r", "RANGE (tenant, place)"), ("verdicts", "r", "RANGE (tenant, place)"),
            ("fact_ids", "h", "HASH (tenant, event_id)"),
        }  # fmt: skip
        made = "SELECT touchline.provide_ranges()"
        assert connection.execute(made).fetchone() == (2,)  # another tenant is expected now: two lanes
        assert connection.execute(made).fetchone() == (0,)
        connection.execute("UPDATE counters SET place = %s", (size - 3,))
        assert connection.execute(made).fetchone() == (1,)
        home.send(tenant, *(sent(number) for number in range(2, 6)))
        connection.execute("INSERT INTO facts VALUES (77, 5, 0, '', '')")  # a tenant nobody provided for
        assert connection.execute(where).fetchall() == [
            ("facts_1_0", 1, size - 1),
            ("facts_1_1", size, size + 1),
            ("facts_rest", 5, 5),
        ]
    with home.database.read() as connection:
        query = select(facts.c.place).where(facts.c.tenant == 1, facts.c.place > size).order_by(facts.c.place)
        assert list(connection.scalars(query.limit(9))) == [size + 1]
        plan = connection.execute(text(f"EXPLAIN {query.compile(compile_kwargs={'literal_binds': True})}"))
        assert not [line for line in plan.scalars() if "on facts_1_0" in line or "on facts_2_" in line]


@ON_POSTGRESQL
def test_the_writing_connection_is_durable_and_lets_go(home: House, tenant: Tenant) -> None:
    names = ("synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")

    def settings(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

    assert home.writer.call(settings) == ["on", "5s", "15s", "30s"]


@ON_POSTGRESQL
def test_readers_cannot_write(home: House, tenant: Tenant) -> None:
    with home.database.read() as connection, pytest.raises(Exception, match="read-only"):
        connection.exec_driver_sql("UPDATE counters SET place = 9")


@ON_POSTGRESQL
def test_tables_of_the_sets_belong_to_the_application(home: House, place: Place) -> None:
    tables = MetaData()
    Table("mine_a", tables, int64("n", key=True))
    home.database.create(tables)
    home.database.create(tables)
    with home.raw() as connection:
        query = "SELECT schemaname, tableowner FROM pg_tables WHERE tablename = 'mine_a'"
        assert connection.execute(query).fetchall() == [("touchline_sets", APPLICATION)]
    home.writer.call(tables.drop_all)
    home.writer.call(lambda connection: home.database.make(connection, tables))


def test_who_is_refused(postgres: Place) -> None:
    with pytest.raises(NoLedger, match="touchline database migrate"):
        PostgresDatabase.at(postgres.url)
    assert migrate(postgres.owner, APPLICATION) == ("", HEAD)
    assert migrate(postgres.owner, APPLICATION) == (HEAD, HEAD)
    with pytest.raises(OwnerWrites):
        PostgresDatabase.at(postgres.owner)
    with pytest.raises(OwnerWrites):
        PostgresDatabase.at(postgres.admin)
    PostgresDatabase.at(postgres.owner, writing=False).close()
    for owner, word in ((OWNER, "could act"), ("nobody_here", "no role"), ("a; DROP", "no name")):
        with pytest.raises(ValueError, match=word):
            migrate(postgres.owner, owner)


def test_a_password_is_never_said(postgres: Place) -> None:
    wrong = postgres.tcp.replace(":", ":secret-", 2).replace("postgresql:secret-", "postgresql:")
    with pytest.raises(Unreachable) as told:
        PostgresDatabase.at(wrong)
    assert "secret" not in str(told.value)
    assert told.value.__cause__ is None
