"""Rebuild and swap beside a running engine and running readers; the set that stands is always whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.rules.cases import Cases
from projections import judged, recorded, slices
from projections.rebuild import Rebuild
from projections.store import OtherFold, active_set, open_store
from schemas.event import Event
from schemas.instants import HOUR, MINUTE
from tests.kit.hostile import END, TICKETS, Crash, Tick, Told, by_recorded, faults, histories, wire
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Cluster
from tests.kit.quick import quick_world
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}


def story(world: World) -> None:
    """A complaint and a repair from end to end, with breaches."""
    history = [
        Told(ticket, kind, START + (kind * 30 + 1) * HOUR, 0)
        for ticket in TICKETS
        for kind in range(len(TICKETS[ticket]))
    ]
    for index in sorted(range(len(history)), key=lambda i: history[i].time):
        world.append(wire(history, index), at=history[index].time)
    world.tick(START + 500 * HOUR)


def test_swapped_sets_are_equal_and_readers_see_the_new_one(world: World) -> None:
    story(world)
    before = world.tables()
    report = world.rebuild(swap=True)
    assert (report.old_set, report.new_set, report.differences) == ("a", "b", {})
    assert world.tables() == before
    with world.database.read() as conn:
        active = active_set(conn)
    assert active is not None
    assert active[0] == "b"


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), faults(), st.integers(1, 4), st.integers(1, 9), st.integers(1, 3))
def test_where_the_pages_of_the_bulk_fall_changes_nothing(
    history: list[Told], disturbed: list[Tick | Crash], page: int, portion: int, lines: int
) -> None:
    """However few facts, verdicts, pieces of evidence and lines it takes at once."""
    with quick_world() as world, pytest.MonkeyPatch.context() as patch:
        moments = [(at, 0, index) for at, index in by_recorded(history)]
        moments += [(fault.at, 1, 0) for fault in disturbed]
        for at, fault, index in sorted(moments):
            world.tick(max(at, world.clock.now())) if fault else world.append(
                wire(history, index), at=max(at, world.clock.now())
            )
        world.tick(END)
        before = world.tables()
        patch.setattr(recorded, "PAGE", page)
        patch.setattr(judged, "PORTION", portion)
        patch.setattr(slices, "FIRST", lines)
        patch.setattr(slices, "MOST", lines)
        assert world.rebuild(swap=True).differences == {}
        assert world.tables() == before


def test_a_page_holds_few_of_the_many_verdicts_behind_one_fact(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(world)
    monkeypatch.setattr(recorded, "PAGE", 3)
    heard: list[int] = []
    own = recorded.Recorded._verdicts

    def verdicts(*given: Any) -> list[Event]:
        heard.append(len(found := own(*given)))
        return found

    monkeypatch.setattr(recorded.Recorded, "_verdicts", verdicts)
    assert world.rebuild().differences == {}
    assert max(heard) == 3
    assert heard.count(3) > 2


@ON_POSTGRESQL
def test_postgresql_has_counted_a_set_before_anybody_reads_it(world: World) -> None:
    story(world)
    world.rebuild(swap=True)
    with world.database.read() as conn:
        lines = conn.execute(text("SELECT relname, reltuples FROM pg_class"))
        counted = {str(one.relname): float(one.reltuples) for one in lines}
        promises = conn.execute(text("SELECT count(*) FROM touchline_sets.promises_b")).scalar_one()
    assert counted["promises_b"] == promises > 0
    assert min(counted[table] for table in ("evidence_b", "cases_b", "said_b")) > 0


def test_a_difference_is_named(world: World) -> None:
    story(world)
    table = world.store.tables.parked
    world.writer.call(
        lambda conn: conn.execute(
            table.insert().values(
                tenant=1, rule="x", event_id="y", scope="s", verdict_id="z", error="e", resumed=0
            )
        )
    )
    found = world.rebuild().differences[world.tenant.name]
    (one,) = found.first
    key = {"tenant": 1, "rule": "x", "event_id": "y", "scope": "s"}
    assert (found.count, one.table, one.key) == (1, "parked", key)
    assert (one.was, one.fresh) == ({"verdict_id": "z", "error": "e", "resumed": 0}, None)


def test_the_old_engine_is_fenced_by_the_swap(world: World) -> None:
    from ledger.errors import Fenced

    story(world)
    world.rebuild(swap=True)
    world.append(event("complaint.received", "late", START, ticket="n", data=COMPLAINT))
    with pytest.raises(Fenced):
        world.engine.step()


def test_a_rule_that_changed_is_noticed_on_opening(world: World) -> None:
    class Newer(Cases):
        version = Cases.version + 1

    with pytest.raises(OtherFold, match="touchline rebuild"):
        open_store(world.database, world.writer, (Newer(), *world.rules[1:]))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[World, EmbeddedRunner, Progress]]:
    world = World(tmp_path)
    progress = Progress()
    runner = EmbeddedRunner(
        world.ledger,
        world.store,
        world.rules,
        progress,
        "live",
        reopen=lambda: open_store(world.database, world.writer, world.rules),
    )
    runner.start()
    yield world, runner, progress
    runner.stop()
    world.close()


def test_beside_a_running_engine_and_readers(running: tuple[World, EmbeddedRunner, Progress]) -> None:
    world, runner, progress = running
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        number = 0
        while not stop.is_set() and number < 400:
            number += 1
            world.append(
                event("complaint.received", f"w{number}", START, ticket=f"w{number}", data=COMPLAINT),
                at=world.clock.now() + MINUTE,
            )

    def read() -> None:
        seen = 0
        while not stop.is_set():
            try:
                with world.reading.snapshot() as (conn, tables):
                    rows = conn.exec_driver_sql(f"SELECT count(*) FROM cases_{tables.name}").scalar_one()
                assert rows >= seen, "a reader saw a set that was not whole"
                seen = rows
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    assert progress.wait(world.tenant.number, 20, 20)
    for _ in range(2):
        report = Rebuild(world.ledger, world.rules, runner.pause()).run()
        assert report.swapped
        assert report.differences == {}
    stop.set()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with world.database.read() as conn:
        head = world.ledger.head(conn, world.tenant).place
    assert progress.wait(world.tenant.number, head, 20)
    assert runner.status.error == ""
    assert world.rebuild().differences == {}


def test_sqlite_and_postgresql_conclude_and_fold_alike(cluster: Cluster, tmp_path: Path) -> None:
    """Invariant 16: the same facts at the same recorded times give the same verdict lane and the same tables."""
    place = cluster.ledger()
    told = []
    for where in (tmp_path / "data", place):
        world = World(where)
        story(world)
        told.append((world.lane(), world.tables()))
        world.close()
    cluster.drop(place)
    assert len(told[0][0]) > 5
    assert told[0] == told[1]
