"""A rebuild with everything going on: intake, the live engine, time, and readers on threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from ledger import lanes
from ledger.errors import Fenced
from ledger.ports import Locks
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.rules.book import Book
from processors.rules.cases import Cases
from processors.rules.protocol import Filing
from projections import judged, refold
from projections.dump import dump
from projections.rebuild import Far, FoldFailed, Rebuild
from projections.refold import Refold
from projections.sets import Sets, StillActive
from projections.store import active_set, open_store
from projections.tables import SetTables
from schemas.event import Event
from schemas.instants import HOUR, MINUTE
from tests.kit.cutting import Wire
from tests.kit.places import ON_POSTGRESQL, Where, raw
from tests.kit.postgres import Place
from tests.kit.world import START, World, event
from tests.projections.test_rebuild import COMPLAINT, story
from tests.web.site import until
from touchline.defaults import publications

READERS = 3


class Live:
    """A world whose engine runs on its own thread, as in a server."""

    def __init__(self, place: Where) -> None:
        self.world = World(place)
        self.progress = Progress()
        world = self.world
        self.runner = EmbeddedRunner(
            world.ledger,
            world.store,
            world.rules,
            self.progress,
            "live",
            reopen=lambda: open_store(world.database, world.writer, world.rules),
        )
        self.runner.start()

    def head(self) -> int:
        with self.world.database.read() as conn:
            return self.world.ledger.head(conn, self.world.tenant).place

    def settled(self) -> None:
        assert self.progress.wait(self.world.tenant.number, self.head(), 30), self.runner.status

    def close(self) -> None:
        self.runner.stop()
        self.world.close()


@pytest.fixture
def live(place: Where) -> Iterator[Live]:
    made = Live(place)
    yield made
    made.close()


def whole(conn: Connection, tables: SetTables, decided: int, verdicts: int) -> bool:
    """Does every table of the set agree with the engine row of the same snapshot? One that was half folded, half emptied, or
    of another moment would not: each fact here opens one case, and each verdict has its line."""
    cases = tables.rows[Cases.rows[0]]
    opened = conn.execute(select(func.count()).select_from(cases)).scalar_one()
    filed = conn.execute(
        select(func.count(tables.evidence.c.event_id.distinct())).where(
            tables.evidence.c.rule == Cases.name, tables.evidence.c.slot != "verdict"
        )
    ).scalar_one()
    said = conn.execute(select(func.count()).select_from(tables.said)).scalar_one()
    published = conn.execute(select(func.count()).select_from(tables.publications)).scalar_one()
    published -= opened > 0  # the first complaint is kept beside them: it says what its source sends
    return bool(said == verdicts and opened == decided - published and filed >= opened)


@contextmanager
def rebuilding(live: Live) -> Iterator[Rebuild]:
    """Beside the engine in its own process; on PostgreSQL in another one, which cannot have it pause."""
    if isinstance(live.world.place, Path):
        yield Rebuild(live.world.ledger, live.world.rules, live.runner.pause())
        return
    other = World(live.world.place, take_over=False, clock=live.world.clock)
    yield Rebuild(other.ledger, other.rules)
    other.close()


def test_no_reader_sees_a_mixture_and_the_engine_goes_on(live: Live) -> None:
    world, stop, failures = live.world, threading.Event(), list[BaseException]()
    seen: list[set[str]] = [set() for _ in range(READERS)]

    def write() -> None:
        number = 0
        while not stop.is_set() and number < 150:
            number += 1
            now = world.clock.now() + 20 * MINUTE  # what is due falls due meanwhile
            told = event("complaint.received", f"w{number}", now, ticket=f"w{number}", data=COMPLAINT)
            world.append(told, at=now)

    def read(names: set[str]) -> None:
        while not stop.is_set():
            with world.reading.snapshot() as (conn, tables):
                state = lanes.engine_state(conn, world.tenant)
                assert whole(conn, tables, state.decided, state.verdict_place), tables.name
                assert state.set_name == tables.name
                names.add(tables.name)

    def run(target: object, *arguments: object) -> threading.Thread:
        def body() -> None:
            try:
                target(*arguments)  # type: ignore[operator]
            except BaseException as error:
                failures.append(error)
                stop.set()

        return threading.Thread(target=body)

    threads = [run(write), *(run(read, names) for names in seen)]
    for thread in threads:
        thread.start()
    try:
        assert live.progress.wait(world.tenant.number, 20, 30)
        with rebuilding(live) as rebuild:
            report = rebuild.run()
            assert (report.swapped, report.differences) == (True, {})
            live.settled()  # it has followed the swap
            assert rebuild.drop_old()
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert failures == []
    assert set.union(*seen) == {"a", "b"}
    live.settled()
    assert world.verdicts()  # it concluded all the while
    assert live.runner.status.error == ""
    assert world.rebuild().differences == {}


@ON_POSTGRESQL
def test_the_swap_keeps_the_engines_of_other_processes_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its locks are held from before the last page is folded until the set is the new one; who waited for them is fenced."""
    story(world)
    world.append(event("complaint.received", "late", START, ticket="late", data=COMPLAINT))
    other = World(world.place, take_over=False, clock=world.clock)
    rebuild = Rebuild(other.ledger, other.rules)
    ended: list[BaseException | None] = []

    def step() -> None:
        try:
            world.engine.step()
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    def waits() -> bool:
        with raw(world.place) as admin:
            query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            return bool(admin.execute(query).fetchone()[0])

    engine = threading.Thread(target=step)
    abreast = Rebuild._abreast

    def meanwhile(self: Rebuild, conn: Connection) -> bool:
        engine.start()
        until(lambda: bool(ended) or waits())
        assert ended == []
        return abreast(self, conn)

    monkeypatch.setattr(Rebuild, "_abreast", meanwhile)
    try:
        assert rebuild.run(compare=False).swapped
    finally:
        engine.join(60)
        other.close()
    assert isinstance(ended[0], Fenced)


def test_no_reader_waits_for_the_swap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads while it holds all that it locks, and has not committed, is answered from the old set."""
    story(world)
    before, flip = world.tables(), Rebuild._flip
    read: list[list[str]] = []

    def held(self: Rebuild, conn: Connection) -> bool:
        done = flip(self, conn)
        reader = threading.Thread(target=lambda: read.append(world.tables()), daemon=True)
        reader.start()
        reader.join(20)
        assert not reader.is_alive(), "it waits"
        with world.database.read() as other:
            assert active_set(other) == ("a", world.store.version)
        return done

    monkeypatch.setattr(Rebuild, "_flip", held)
    assert world.rebuild(swap=True).swapped
    assert set(map(tuple, read)) == {tuple(before)}


@ON_POSTGRESQL
def test_a_swap_whose_answer_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was made: that is found out, and the set that is read is not dropped."""
    assert isinstance(world.place, Place)
    story(world)
    before = world.tables()
    wire = Wire(world.place.tcp)
    flip = Rebuild._flip

    def lost(self: Rebuild, conn: Connection) -> bool:
        wire.cut_after_commit()
        return flip(self, conn)

    other = World(replace(world.place, url=wire.url), take_over=False, clock=world.clock)
    try:
        rebuild = Rebuild(other.ledger, other.rules)
        monkeypatch.setattr(Rebuild, "_flip", lost)
        assert rebuild.run(compare=False).swapped
        assert wire.cut.is_set()
        assert world.tables() == before
        with world.database.read() as conn:
            assert active_set(conn) == (rebuild.report.new_set, rebuild.store.version)
    finally:
        other.close()
        wire.close()


def test_a_tenant_that_comes_before_the_swap_is_folded_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(world)
    rebuild = Rebuild(world.ledger, world.rules)
    engines = Rebuild._engines

    def meanwhile(self: Rebuild) -> Locks:
        if len(world.ledger.tenants()) == 1:
            world.ledger.add_tenant("乙", publications(world.clock.now()))
        return engines(self)

    monkeypatch.setattr(Rebuild, "_engines", meanwhile)
    assert rebuild.run(compare=False).swapped
    with world.database.read() as conn:
        for tenant in world.ledger.tenants():
            assert lanes.engine_state(conn, tenant).set_name == rebuild.report.new_set, tenant.name


def test_a_snapshot_is_read_to_its_end_whatever_is_swapped_and_dropped(world: World) -> None:
    story(world)
    before = world.tables()
    rebuild = Rebuild(world.ledger, world.rules)
    sets = Sets(world.database, world.writer)
    with world.reading.snapshot() as (conn, tables):
        lanes.engine_state(conn, world.tenant)  # the snapshot is taken, no table of the set is touched
        rebuild.run()
        gone = rebuild.drop_old(patience=0.0)
        assert gone != world.database.shared  # PostgreSQL would take it away under this reader
        assert list(dump(conn, tables, world.tenant.number)) == before
    assert rebuild.drop_old()
    assert sets.standing().keys() == {rebuild.report.new_set}


def test_the_active_set_is_never_dropped(world: World) -> None:
    story(world)
    with pytest.raises(StillActive):
        Sets(world.database, world.writer).drop(world.store.name)
    assert world.rebuild().differences == {}


class Failing(Cases):
    """A later version, which fails on what the earlier one took."""

    version = Cases.version + 1

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        if event.type == "complaint.received":
            raise ValueError("张三 13800000000")
        return super().file(event, book)


def test_a_fold_error_stops_the_rebuild_and_parks_nothing(world: World) -> None:
    story(world)
    before, lane = world.tables(), world.lane()
    rebuild = Rebuild(world.ledger, (Failing(), *world.rules[1:]))
    with pytest.raises(FoldFailed, match="ValueError of 云栖集团") as failed:
        rebuild.run()
    assert "13800000000" not in str(failed.value)
    assert (world.tables(), world.lane()) == (before, lane)
    assert Sets(world.database, world.writer).standing().keys() == {world.store.name}
    with world.database.read() as conn:
        found = active_set(conn)
    assert found is not None
    assert found[0] == world.store.name


def test_progress_is_told_and_never_goes_back(world: World) -> None:
    story(world)
    told: list[Far] = []
    Rebuild(world.ledger, world.rules, None, told.append).run()
    assert [far.done for far in told] == sorted(far.done for far in told)
    assert all(far.judged <= far.facts <= far.whole for far in told)
    assert {"fold", "judge", "compare", "swap"} <= {far.step for far in told}
    assert told[-1].facts == told[-1].judged == told[-1].whole == world.engine.state.decided


def test_progress_is_told_while_scopes_are_judged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes as long as filing."""
    story(world)
    monkeypatch.setattr(judged, "PORTION", 2)
    told: list[Far] = []
    Rebuild(world.ledger, world.rules, None, told.append).run()
    between = {far.judged for far in told if far.step == "judge"}
    assert len(between) > 3, "between none and all"


def test_a_page_holds_so_many_facts_and_verdicts_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many verdicts follow one fact: memory is that of a page. (What it takes: benchmarks/rebuild_memory.py.)"""
    for number in range(12):
        told = event("complaint.received", f"w{number}", START, ticket=f"w{number}", data=COMPLAINT)
        world.append(told, at=START + number * MINUTE)
    world.tick(START + 900 * HOUR)  # behind the last fact, everything falls due
    monkeypatch.setattr(refold, "PAGE", 4)
    monkeypatch.setattr(refold, "HEARD", 5)
    monkeypatch.setattr(refold, "DUE", 3)
    monkeypatch.setattr(Refold, "bulk", lambda *_: None)
    pages: list[tuple[int, int]] = []
    step = Refold.step

    def counted(self: Refold, conn: Connection, write: refold.Write, tell: refold.Tell) -> int:
        def told(facts: int, verdicts: int, judged: int) -> None:
            pages.append((facts, verdicts))
            tell(facts, verdicts, judged)

        return step(self, conn, write, told)

    monkeypatch.setattr(Refold, "step", counted)
    verdicts = len(world.verdicts())
    assert verdicts > 20
    report = world.rebuild()
    assert report.differences == {}
    assert max(facts for facts, _ in pages) <= 4
    assert max(heard for _, heard in pages) <= 5
    assert sum(heard for _, heard in pages) == verdicts
