"""The key store on PostgreSQL in a database of its own, lost, and mistaken for another's."""

from __future__ import annotations

import psycopg
import pytest

from ledger.clock import SimulatedClock
from ledger.errors import KeyStoreForeign, KeyStoreLost
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.postgres import PostgresDatabase
from ledger.writer import Writer
from tests.kit.postgres import Cluster, migrated
from tests.ledger.house import START, sent


def test_keys_in_a_database_of_their_own(cluster: Cluster) -> None:
    record, apart, other = cluster.ledger(), cluster.database(), cluster.database()
    migrated(other)  # copies of a template bear the same ledger's id
    with psycopg.connect(apart.admin, autocommit=True) as admin:
        admin.execute("GRANT CREATE ON DATABASE " + admin.info.dbname + " TO touchline_app")
    database = PostgresDatabase.at(record.url, apart.url)
    keys = KeyStore.open(database)
    writer = Writer(database, keys, SimulatedClock(START))
    ledger = Ledger(database, writer, keys, SimulatedClock(START))
    tenant = ledger.add_tenant("云栖", [])
    ledger.append(tenant, [sent(1, data={"d": "漏"}, personal=("d",))]).result(60)
    with database.read() as connection:
        (fact,) = ledger.facts(connection, tenant, 0, 9)
    assert ledger.unseal(tenant, fact, "d") == "漏"
    writer.close()
    keys.close()
    database.close()

    with psycopg.connect(record.admin) as admin:
        assert admin.execute("SELECT to_regclass('touchline_keys.person_keys')").fetchone() == (None,)
    with psycopg.connect(apart.admin) as admin:
        assert admin.execute("SELECT count(*) FROM touchline_keys.person_keys").fetchone() == (1,)

    database = PostgresDatabase.at(record.url)  # the setting was forgotten
    with pytest.raises(KeyStoreLost, match="touchline_keys"):
        KeyStore.open(database)
    database.close()
    database = PostgresDatabase.at(other.url, apart.url)
    with pytest.raises(KeyStoreForeign):
        KeyStore.open(database)
    database.close()
    for place in (record, apart, other):
        cluster.drop(place)
