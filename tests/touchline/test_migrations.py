"""What the owner's migration makes is what the rooms' own tables say: columns, order of the key, unique indexes."""

from __future__ import annotations

from sqlalchemy import inspect, select, text

from alerts.tables import metadata as alerts
from ledger.migrating import APPENDED, CHANGED, HEAD, SCRIPTS, migrate
from ledger.postgres import PostgresDatabase
from ledger.postgres_engine import KEYS, RECORD, SETS, postgres_engine
from ledger.tables import metadata as record
from producers.erasure_tables import metadata as erasure
from producers.inbox.tables import letters
from producers.inbox.tables import metadata as inbox
from projections.store import OPERATIONAL
from tests.kit.postgres import APPLICATION, Cluster, Place


def test_the_migrated_tables_are_those_of_the_rooms(cluster: Cluster) -> None:
    place = cluster.ledger()
    database = PostgresDatabase.at(place.url)
    wanted = {
        table.name: table
        for of in (record, alerts, erasure, inbox, OPERATIONAL)
        for table in of.tables.values()
    }
    with database.read() as connection:
        found = inspect(connection)
        made = set(found.get_table_names(RECORD))
        parts = {name for name in made if name.startswith(("facts_", "verdicts_", "fact_ids_"))}
        assert made - parts == {*wanted, "leases", "alembic_version"}  # leases: of shared databases alone
        for name, table in wanted.items():
            columns = [
                (c["name"], str(c["type"]).split(" COLLATE")[0], c["nullable"])
                for c in found.get_columns(name, RECORD)
            ]
            dialect = connection.dialect
            assert columns == [
                (c.name, c.type.compile(dialect).split(" COLLATE")[0], False) for c in table.columns
            ]
            key = found.get_pk_constraint(name, RECORD)["constrained_columns"]
            assert key == [c.name for c in table.primary_key.columns]
            indexes = {
                (i["name"], tuple(i["column_names"]), i["unique"]) for i in found.get_indexes(name, RECORD)
            }
            named = {(str(i.name), tuple(c.name for c in i.columns), bool(i.unique)) for i in table.indexes}
            assert {i for i in indexes if not str(i[0]).endswith("_key")} == named
    database.close()
    cluster.drop(place)
    assert {*APPENDED, *CHANGED, "about"} == {*wanted, "leases"}  # each has its grants


def test_the_newest_revision_is_the_one_that_is_asked_for() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [HEAD]


def test_a_database_of_an_earlier_revision_is_brought_up(postgres: Place) -> None:
    """With what stands in it; the application's role may use what is new."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    engine = postgres_engine(postgres.owner, name="test")
    with engine.begin() as connection:
        for schema in (RECORD, SETS, KEYS):
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    assert migrate(postgres.owner, APPLICATION) == ("0001", HEAD)
    database = PostgresDatabase.at(postgres.url)
    with database.read() as connection:
        assert connection.execute(select(letters)).all() == []
    database.close()
