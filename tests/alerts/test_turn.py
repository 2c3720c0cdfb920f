"""Several processes with alerts on one database: one is at work, the others stand by, and nobody is told twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import Connection, select

from alerts.dispatch import start
from alerts.meters import AlertMeters
from alerts.routing import Past
from alerts.service import Alerts
from alerts.settings import AlertSettings
from alerts.tables import cursors
from ledger.clock import SimulatedClock
from ledger.leases import ALERTS, Turn
from schemas.instants import MINUTE, SECOND
from tests.alerts.support import NOON, SECRET, Inbox, conclude, inbox, until, verdict, verdict_id_of
from tests.kit.places import ON_POSTGRESQL, Where
from tests.kit.postgres import Place
from tests.ledger.house import House


@contextmanager
def standing(place: Where, box: Inbox) -> Iterator[tuple[House, Alerts]]:
    """One process's share, started."""
    home = House.open(place, SimulatedClock(NOON))
    turn = Turn(home.writer, ALERTS)
    settings = AlertSettings(log=False, webhook_url=box.url, webhook_secret=SECRET, poll=SECOND // 20)
    alerts = Alerts(home.database, home.writer, home.ledger, home.clock, settings, turn=turn)
    alerts.start()
    try:
        yield home, alerts
    finally:
        alerts.stop()
        home.close()


def ids(box: Inbox) -> list[str]:
    return [call.headers["webhook-id"] for call in box.calls]


@ON_POSTGRESQL
def test_one_sends_and_another_goes_on_when_it_ends(place: Where) -> None:
    assert isinstance(place, Place)
    with inbox() as box, standing(place, box) as (second_home, second):
        second.stop()  # only so that the first one is the one at work
        with standing(place, box) as (home, first), standing(place, box) as (_, heir):
            assert (first.ringing, heir.ringing) == (True, False)
            tenant = home.tenant("example-homes")
            conclude(home, tenant, verdict(1, due=NOON + SECOND))
            box.wait_for(lambda: ids(box) == [verdict_id_of(1)])
            told = {
                metric.name: metric for metric in AlertMeters(first, home.database, home.ledger).collect()
            }
            assert [s.value for s in told["touchline_alerts_ringing"].samples] == [1]
            until(lambda: lag(first, home) == {"1": 0.0})
            first.stop()  # its turn is given up at once
            conclude(home, tenant, verdict(2, due=NOON + MINUTE))
            box.wait_for(lambda: ids(box) == [verdict_id_of(1), verdict_id_of(2)])
            until(lambda: heir.ringing)
            assert heir.problem == ""
        assert second_home.database.shared


@ON_POSTGRESQL
def test_two_that_see_a_tenant_first_at_the_same_moment_write_one_cursor(place: Where) -> None:
    assert isinstance(place, Place)
    now, opened = Past(verdicts=0, facts=3, time=NOON), threading.Event()
    with closing(House.open(place, SimulatedClock(NOON))) as home:
        tenant = home.tenant("example-homes").number
        with closing(House.open(place, SimulatedClock(NOON))) as other:
            go_on = threading.Event()

            def first(conn: Connection) -> None:
                start(conn, tenant, now, history=0)
                opened.set()
                assert go_on.wait(60)

            written = home.writer.submit(first)
            assert opened.wait(60)
            doubled = other.writer.submit(lambda conn: start(conn, tenant, replace(now, facts=9), history=0))
            with psycopg.connect(place.admin, autocommit=True) as admin:
                until(lambda: _waits_for_another(admin))
            go_on.set()
            written.result(60)
            doubled.result(60)
            with home.database.read() as conn:
                kept = conn.execute(select(cursors.c.tenant, cursors.c.past_facts)).all()
    assert [tuple(row) for row in kept] == [(tenant, 3)]


def _waits_for_another(admin: psycopg.Connection[tuple[int]]) -> bool:
    """Whether the second transaction stands behind the first one's row."""
    found = admin.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query ILIKE 'INSERT INTO%alert_cursors%'"
        " AND cardinality(pg_blocking_pids(pid)) > 0"
    ).fetchone()
    return found is not None and found[0] > 0


def lag(alerts: Alerts, home: House) -> dict[str, float]:
    told = {metric.name: metric for metric in AlertMeters(alerts, home.database, home.ledger).collect()}
    return {sample.labels["tenant"]: sample.value for sample in told["touchline_alerts_lag"].samples}


@ON_POSTGRESQL
@pytest.mark.crash
def test_who_is_silent_loses_its_turn_and_a_tenant_that_began_meanwhile_rings(place: Where) -> None:
    assert isinstance(place, Place)
    with inbox() as box, standing(place, box) as (home, silent):
        silent._turn = Never()  # type: ignore[assignment]  # a process that was stopped in mid-thought
        with standing(place, box) as (_, heir):
            assert not heir.ringing
            tenant = home.tenant("example-homes")
            conclude(home, tenant, verdict(1, due=NOON + SECOND))
            with psycopg.connect(place.admin, autocommit=True) as admin:
                admin.execute("UPDATE touchline.leases SET until = 0")  # the seconds of its silence
            box.wait_for(lambda: ids(box) == [verdict_id_of(1)])
            assert heir.ringing


class Never:
    """A turn that never comes, and is never asked to end."""

    def mine(self) -> bool:
        return False

    def over(self) -> None:
        return


def test_what_keeps_it_from_going_on_is_told_with_its_age(place: Where) -> None:
    home = House.open(place, SimulatedClock(NOON))
    settings = AlertSettings(log=False, poll=SECOND // 20)
    broken = threading.Event()

    class Doubtful:
        def mine(self) -> bool:
            if broken.is_set():
                raise OSError("away")
            return True

        def over(self) -> None:
            return

    alerts = Alerts(home.database, home.writer, home.ledger, home.clock, settings, turn=Doubtful())  # type: ignore[arg-type]
    alerts.start()
    assert (alerts.held_up(), alerts.problem) == (0.0, "")
    broken.set()
    until(lambda: alerts.held_up() > 0.1)
    assert alerts.problem == "lanes: OSError"
    broken.clear()
    until(lambda: alerts.held_up() == 0.0)
    alerts.stop()
    home.close()
