"""Several writers on one PostgreSQL, and what may happen to it: nobody deadlocks, nobody waits for ever, nothing
acknowledged is lost, nothing is kept twice, and a process outlives its database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from ledger import leases
from ledger.candidate import Appended, Outcome
from ledger.errors import HeldElsewhere, NotKept, OutcomeUnknown
from ledger.leases import REBUILD, RENEW, Leases
from ledger.ports import Locks
from ledger.postgres import PostgresDatabase
from ledger.tenants import Tenant
from tests.kit.cutting import Wire
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Cluster, Place, migrated, needed
from tests.ledger.house import House, house, sent


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A server that may be killed, with durability on."""
    needed()
    cluster = Cluster(durable=True)
    yield cluster
    cluster.close()


@ON_POSTGRESQL
def test_two_processes_that_take_tenants_in_another_order(home: House, place: Place) -> None:
    one, two = home.tenant("甲"), home.tenant("乙")
    with house(place, home.clock) as other, home.raw() as admin:
        told: list[Future[list[Outcome]]] = []
        begin = threading.Barrier(2)

        def send(where: House, order: tuple[Tenant, Tenant], name: str) -> None:
            begin.wait(60)
            for number in range(150):
                for tenant in order:
                    told.append(where.ledger.append(tenant, [sent(f"{name}-{number}")]))

        threads = [
            threading.Thread(target=send, args=(home, (one, two), "a")),
            threading.Thread(target=send, args=(other, (two, one), "b")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        outcomes = [outcome for future in told for outcome in future.result(60)]
        assert len(outcomes) == 600
        assert all(isinstance(outcome, Appended) for outcome in outcomes)
        for tenant in (one, two):
            assert [fact.place for fact in home.facts(tenant)] == list(range(1, 301))
            assert {fact.source_id[3] for fact in home.facts(tenant)} == {"a", "b"}
        deadlocks = "SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert admin.execute(deadlocks).fetchone()[1] == 0
        assert home.verify().ok


@ON_POSTGRESQL
def test_engine_rows_then_counters_each_ascending(home: House, tenant: Tenant) -> None:
    """Whichever row somebody else has, what comes before it is held by then, and what comes after is not asked for."""
    both = frozenset({tenant.number, home.tenant("乙").number})
    order = [(table, number) for table in ("engines", "counters") for number in sorted(both)]
    waits = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
    )

    def free(one: tuple[str, int]) -> bool:
        with home.raw() as third:
            try:
                third.execute(f"SELECT 1 FROM {one[0]} WHERE tenant = {one[1]} FOR UPDATE NOWAIT")
            except psycopg.errors.LockNotAvailable:
                return False
        return True

    for at, (table, number) in enumerate(order):
        with home.raw() as other, home.raw() as admin:
            other.execute("BEGIN")
            other.execute(f"SELECT 1 FROM {table} WHERE tenant = {number} FOR UPDATE")
            job = home.writer.submit(lambda _: None, Locks(both, both))
            wait(lambda admin=admin: admin.execute(waits).fetchone()[0] == 1)
            assert [free(one) for one in order if one != order[at]] == [False] * at + [True] * (3 - at)
            other.execute("COMMIT")
            job.result(60)


@ON_POSTGRESQL
def test_callers_that_wait_share_one_commit(home: House, tenant: Tenant) -> None:
    go = threading.Event()
    held = home.writer.submit(lambda _: go.wait(60), Locks.counter(tenant.number))
    waiting = [home.ledger.append(tenant, [sent(number)]) for number in range(20)]
    go.set()
    assert held.result(60)
    places = [one.place for future in waiting for one in future.result(60) if isinstance(one, Appended)]
    assert places == list(range(1, 21))
    with home.raw() as admin:
        ((transactions,),) = admin.execute("SELECT count(DISTINCT xmin::text) FROM facts").fetchall()
    assert transactions <= 2  # they came in while one commit was under way


@ON_POSTGRESQL
def test_one_callers_error_is_nobody_elses(home: House, tenant: Tenant) -> None:
    def bad(connection: object) -> None:
        home.keys.add_person(tenant.name, "p")
        connection.exec_driver_sql("SELECT 1 / 0")  # type: ignore[attr-defined]

    locks = Locks.counter(tenant.number)
    futures = [home.ledger.append(tenant, [sent(0)])]
    failing = home.writer.submit(bad, locks)
    futures += [home.ledger.append(tenant, [sent(n)]) for n in (1, 2)]
    with pytest.raises(Exception, match="division by zero"):
        failing.result(60)
    assert [one.place for future in futures for one in future.result(60) if isinstance(one, Appended)] == [
        1,
        2,
        3,
    ]
    assert home.count("persons", keys=True) == 0


@ON_POSTGRESQL
def test_recorded_time_is_the_databases(home: House, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.clock.SystemClock.now", lambda self: 0)  # this machine thinks it is 1970
    database = PostgresDatabase.at(place.url)
    database.close()
    home.close()
    with house(place, database.clock) as there, there.raw() as admin:
        clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        there.database.clock = database.clock
        real = PostgresDatabase.at(place.url)
        from ledger.keys import KeyStore
        from ledger.ledger import Ledger
        from ledger.writer import Writer

        keys = KeyStore.open(real)
        writer = Writer(real, keys, real.clock)
        ledger = Ledger(real, writer, keys, real.clock)
        tenant = ledger.add_tenant("钟", [])
        before = admin.execute(clock).fetchone()[0]
        ledger.append(tenant, [sent(1)]).result(60)
        after = admin.execute(clock).fetchone()[0]
        (fact,) = there.facts(tenant)
        assert before <= fact.recorded <= after
        writer.close()
        keys.close()
        real.close()


def test_a_commit_whose_answer_is_lost(cluster: Cluster) -> None:
    place = cluster.ledger()
    wire = Wire(place.tcp)
    try:
        with house(replace(place, url=wire.url)) as home:
            tenant = home.tenant()
            home.keep(tenant, sent(1))
            wire.cut_after_commit()
            with pytest.raises(OutcomeUnknown, match="sending it again is safe"):
                home.ledger.append(tenant, [sent(2)]).result(60)
            assert wire.cut.is_set()
            again = home.keep(tenant, sent(2))  # on a new connection, by itself
            assert (again.place, again.duplicate) == (2, True)
            assert home.keep(tenant, sent(3)).place == 3
            assert home.verify().ok
    finally:
        wire.close()
        cluster.drop(place)


@ON_POSTGRESQL
def test_a_backend_that_is_ended_before_the_commit(home: House, tenant: Tenant) -> None:
    def ended(connection: object) -> None:
        with home.raw() as admin:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()  # type: ignore[attr-defined]
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    with pytest.raises(NotKept):
        home.writer.submit(ended).result(60)
    assert home.keep(tenant, sent(1)).place == 1


@ON_POSTGRESQL
def test_a_lock_that_somebody_keeps_is_not_waited_for_for_ever(home: House, tenant: Tenant) -> None:
    home.writer.call(lambda connection: connection.exec_driver_sql("SET lock_timeout = '50ms'"))
    with home.raw() as admin:
        admin.execute("BEGIN")
        admin.execute("SELECT 1 FROM counters FOR UPDATE")
        with pytest.raises(NotKept, match="locked by another process"):
            home.ledger.append(tenant, [sent(1)]).result(60)
        admin.execute("COMMIT")
    assert home.keep(tenant, sent(1)).place == 1


@ON_POSTGRESQL
def test_a_bell_whose_connections_were_lost_rings_again(
    home: House, caplog: pytest.LogCaptureFixture
) -> None:
    heard = threading.Event()
    mine, theirs = home.database.bell(heard.set), home.database.bell(lambda: None)
    assert mine is not None
    assert theirs is not None
    try:
        assert heard.wait(60)  # at the start: what was said before is not heard any more
        with home.raw() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'touchline bell'"
            )
        heard.clear()
        assert heard.wait(60)
        heard.clear()
        for _ in range(40):  # what is rung while the connection is away is lost
            theirs.ring()
            if heard.wait(0.5):
                break
        assert heard.is_set()
    finally:
        mine.stop()
        theirs.stop()
    assert [record.getMessage() for record in caplog.records if record.name.startswith("sqlalchemy")] == []


@ON_POSTGRESQL
def test_another_process_is_woken(home: House, tenant: Tenant, place: Place) -> None:
    with house(place, home.clock) as other, ExitStack() as ends:
        woken, mine = threading.Semaphore(0), threading.Semaphore(0)
        for where, heard in ((home, mine), (other, woken)):
            bell = where.database.bell(heard.release)
            assert bell is not None
            ends.callback(bell.stop)
            where.writer.ring_by(bell.ring)
            assert heard.acquire(timeout=60)  # it listens now
        home.keep(tenant, sent(1))
        assert woken.acquire(timeout=60)
        other.keep(tenant, sent(2))
        assert mine.acquire(timeout=60)


@ON_POSTGRESQL
def test_who_is_woken_does_not_ring_back(home: House, tenant: Tenant, place: Place) -> None:
    """Two processes that did woke each other for ever, a hundred times a second, with nothing to do."""
    told: list[str] = []
    with house(place, home.clock) as other, home.raw() as admin, ExitStack() as ends:
        woken = threading.Semaphore(0)
        other.writer.listen(woken.release)
        for where in (home, other):
            bell = where.database.bell(where.writer.heard)
            assert bell is not None
            ends.callback(bell.stop)
            where.writer.ring_by(bell.ring)
        assert woken.acquire(timeout=60)  # it listens now
        admin.execute("LISTEN touchline")
        for n in range(5):
            home.keep(tenant, sent(n))
            assert woken.acquire(timeout=60)
        ends.close()  # each bell rings once as it ends, after all that it was to ring
        admin.execute("NOTIFY touchline, 'the end'")
        for note in admin.notifies(timeout=60):
            if note.payload == "the end":
                break
            told.append(note.payload)
    assert len(set(told)) == 2
    assert min(told.count(one) for one in set(told)) == 1


@ON_POSTGRESQL
def test_a_lease_is_one_processs_until_it_lets_go_or_dies(home: House, tenant: Tenant, place: Place) -> None:
    second = home.tenant("乙").number
    both = [tenant.number, second]
    with house(place, home.clock) as other:
        one, two = Leases(home.writer), Leases(other.writer)
        assert one.held(both) == {1, 2}
        assert two.held(both) == frozenset()
        one.release()
        two = Leases(other.writer)
        assert two.held(both) == {1, 2}
        with home.raw() as admin:
            admin.execute("UPDATE leases SET until = 0 WHERE tenant = 2")  # silent for too long
        assert Leases(home.writer).held(both) == {2}


@ON_POSTGRESQL
def test_a_lease_is_renewed_in_time_and_asked_for_anew_where_it_may_be_anothers(
    home: House, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(leases, "monotonic", lambda: now[0])
    second = home.tenant("乙").number
    both = [tenant.number, second]
    one, two = Leases(home.writer, "one"), Leases(home.writer, "two")
    assert one.held(both) == one.claim(both) == {1, 2}
    assert one.held([second]) == {2}, "asked for others, it says what it has of these"
    for renewed in (lambda: one.held([second]), one.renew):
        with home.raw() as admin:
            admin.execute("UPDATE leases SET until = until - 3000000")
        now[0] += RENEW + 0.1
        renewed()
        with home.raw() as admin:
            admin.execute("UPDATE leases SET until = until - 3000000 WHERE tenant = 2")
        assert two.claim([second]) == frozenset(), "it was renewed"
    with home.raw() as admin:
        admin.execute("UPDATE leases SET until = 0")
    assert two.claim([second]) == {2}
    assert one.held([second]) == {2}, "it has just asked"
    one.doubt()
    assert one.held([second]) == frozenset()
    two.release()
    assert one.held(both) == {1, 2}
    one.release()
    assert two.claim(both) == {1, 2}
    assert one.held(both) == frozenset()


@ON_POSTGRESQL
def test_who_rebuilds_holds_everything_or_nothing(home: House, tenant: Tenant) -> None:
    one, two = Leases(home.writer, "one"), Leases(home.writer, "two")
    with one.all_of([tenant.number]):
        assert two.claim([REBUILD, tenant.number]) == frozenset()
    assert two.claim([REBUILD, tenant.number]) == {REBUILD}, "its tenants it goes on with"
    two.release()
    one.release()
    assert two.claim([tenant.number]) == {tenant.number}
    with pytest.raises(HeldElsewhere), one.all_of([tenant.number]):
        raise AssertionError


@pytest.mark.crash
def test_the_server_is_killed_and_started_again(own: Cluster) -> None:
    place = own.database("ledger", migrated)
    with house(place) as home:
        tenant = home.tenant()
        kept: dict[str, int] = {}
        stop, down = threading.Event(), threading.Event()
        unknown: list[str] = []

        def send(worker: int) -> None:
            number = 0
            while not stop.is_set():
                name = f"{worker}-{number}"
                try:
                    outcome = home.keep(tenant, sent(name, customer={"phone": f"1380000{number % 5:04}"}))
                except NotKept:
                    unknown.append(name)
                    down.wait(0.02)
                    continue  # the same again
                kept[f"no-{name}"] = outcome.place
                number += 1

        workers = [threading.Thread(target=send, args=(n,)) for n in range(3)]
        for worker in workers:
            worker.start()
        for _ in range(2):
            target = len(kept) + 20
            wait(lambda target=target: len(kept) >= target)
            own.kill()
            own.start()
        target = len(kept) + 20
        wait(lambda: len(kept) >= target)
        stop.set()
        for worker in workers:
            worker.join(60)
        assert unknown  # it was noticed
        facts = {fact.source_id: fact.place for fact in home.facts(tenant)}
        assert facts == kept
        assert sorted(kept.values()) == list(range(1, len(kept) + 1))
        assert home.verify().ok
        for fact in home.facts(tenant):
            assert home.ledger.unseal(tenant, fact, "customer.phone")  # no key is missing


def wait(what: object, seconds: float = 60) -> None:
    """Until it is so."""
    import time

    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_stopped_process_lets_go_of_its_locks(cluster: Cluster) -> None:
    """What the server does after 15 s of silence, shortened: its transaction is ended, and the process finds out."""
    place = cluster.ledger()
    with house(place) as home, house(place, home.clock) as other:
        tenant = home.tenant()
        home.writer.call(lambda c: c.exec_driver_sql("SET idle_in_transaction_session_timeout = '100ms'"))
        go = threading.Event()
        stuck = home.writer.submit(lambda _: go.wait(60), Locks.counter(tenant.number))
        assert other.keep(tenant, sent(1)).place == 1  # it waited for the lock, and got it
        go.set()
        with pytest.raises(NotKept):
            stuck.result(60)
        assert home.keep(tenant, sent(2)).place == 2
    with psycopg.connect(place.admin) as admin:
        assert admin.execute("SELECT count(*) FROM touchline.facts").fetchone() == (2,)
    cluster.drop(place)


@ON_POSTGRESQL
@pytest.mark.parametrize("begun", [True, False], ids=["in a transaction", "between two"])
def test_a_connection_that_a_job_found_lost_is_given_up(home: House, place: Place, begun: bool) -> None:
    """Whoever was the first to find it gone, the next transaction has another one."""
    transaction: Any = home.database.transaction()
    try:
        if begun:
            transaction.begin()
        connection = transaction.connection if begun else transaction.reading
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with psycopg.connect(place.admin, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,))
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql("SELECT 1")
        with suppress(Exception):
            transaction.rollback()
        transaction.begin()
        assert transaction.connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        transaction.rollback()
    finally:
        transaction.close()
