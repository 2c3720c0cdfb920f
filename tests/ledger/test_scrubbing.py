"""What destroyed keys leave on the disk of a PostgreSQL server, and that the operator's scrub takes it away. Every
file is read."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from ledger.clock import SystemClock
from ledger.errors import NoLedger
from ledger.scrubbing import scrub
from tests.kit.postgres import Cluster, Place, needed
from tests.ledger.forgetting import Room, complaint, settle_in
from tests.ledger.house import house


@pytest.fixture
def server() -> Iterator[Cluster]:
    """Of our own, with nobody else's log in it."""
    needed()
    made = Cluster()
    yield made
    made.close()


def holding(place: Place, secrets: tuple[bytes, ...]) -> set[str]:
    """Files in which some of them stand."""
    return {name for name, held in place.stored() if any(secret in held for secret in secrets)}


def test_no_destroyed_key_is_left_in_any_file_of_the_server(server: Cluster) -> None:
    place = server.ledger()
    with psycopg.connect(place.admin, autocommit=True) as admin, house(place, SystemClock()) as home:
        before = settle_in(home)
        room = Room.of(home)
        for n in range(40):
            room.keep(complaint(f"m-{n}", before.at, customer={"phone": f"1370000{n:04d}"}))
        admin.execute("ANALYZE")
        assert admin.execute(
            "SELECT DISTINCT attname FROM pg_stats WHERE schemaname = 'touchline_keys'"
            " AND attname IN ('key', 'mac', 'value')"
        ).fetchall() == []  # it would have copied values  # fmt: skip
        admin.execute("SELECT pg_create_physical_replication_slot('standby', true)")
        room.request(before.person)
        room.erasures.settle()
        assert holding(place, before.secrets)  # deleted, and still there

        kept = scrub(place.admin)  # while the house stands
        assert (kept.segments > 0, kept.slots, kept.archived) == (True, 1, False)
        left = holding(place, before.secrets)
        assert left
        assert all(len(name) == 24 for name in left), left  # segments of the log alone
        admin.execute("SELECT pg_drop_replication_slot('standby')")

        assert scrub(place.admin).segments == 0
        assert holding(place, before.secrets) == set()
        room.keep(complaint("c-77", before.at, customer={"phone": "13700009999"}))
        assert home.count("persons", keys=True) == 42
        assert home.verify().ok
        assert home.ledger.erased(room.tenant).keys() == {before.person}


def test_old_statistics_go_too(server: Cluster) -> None:
    place = server.ledger()
    with psycopg.connect(place.admin, autocommit=True) as admin, house(place, SystemClock()) as home:
        before = settle_in(home)
        for table, column in (("person_keys", "key"), ("blind_index", "mac")):
            admin.execute(f"ALTER TABLE touchline_keys.{table} ALTER COLUMN {column} SET STATISTICS 100")
        admin.execute("ANALYZE touchline_keys.blind_index, touchline_keys.person_keys")
        (where,) = admin.execute("SELECT pg_relation_filepath('pg_statistic')").fetchone() or ("",)
        statistics = where.rpartition("/")[2]
        assert statistics in holding(place, before.secrets)
        room = Room.of(home)
        room.request(before.person)
        room.erasures.settle()
        assert scrub(place.admin).segments == 0
        assert holding(place, before.secrets) == set()


def test_who_may_not_is_told_and_nothing_is_said_to_be_clean(cluster: Cluster, postgres: Place) -> None:
    with pytest.raises(ValueError, match="superuser"):
        scrub(postgres.owner)


def test_a_database_without_keys_is_said(cluster: Cluster, postgres: Place) -> None:
    with pytest.raises(NoLedger, match="keys"):
        scrub(postgres.admin)
