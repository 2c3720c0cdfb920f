"""The writer: first in, first out; nobody hears before the commit; one caller's error is nobody else's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from ledger.candidate import Appended
from ledger.clock import SimulatedClock
from ledger.database import Database
from ledger.errors import Busy, NotKept, Stopped
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.ports import Joint, Locks, Transaction
from ledger.tenants import Tenant
from ledger.writer import SLICE, Writer
from tests.ledger.house import START, House, raw, sent

TABLE = "CREATE TABLE notes (word TEXT NOT NULL) STRICT"


class Spy:
    """A transaction that tells each call, and may be told to fail the commit. A port, wrapped (``Writable``)."""

    def __init__(self, inner: Database) -> None:
        self.calls: list[str] = []
        self.fail = ""
        self._database = inner
        self._inner: Transaction | None = None

    def transaction(self) -> Spy:
        self._inner = self._database.transaction()
        return self

    @property
    def connection(self) -> Connection:
        assert self._inner is not None
        return self._inner.connection

    @property
    def reading(self) -> Connection:
        assert self._inner is not None
        return self._inner.reading

    def _pass(self, name: str) -> None:
        self.calls.append(name)
        if self.fail == name:
            self.fail = ""
            raise OSError("the disk is gone")
        getattr(self._inner, name)()

    def begin(
        self, first: Locks | None = None, waiting: Callable[[], Sequence[Locks | None]] | None = None
    ) -> None:
        self._pass("begin")

    def admits(self, locks: Locks | None) -> bool:
        assert self._inner is not None
        return self._inner.admits(locks)

    def savepoint(self) -> None:
        self._pass("savepoint")

    def release(self) -> None:
        self._pass("release")

    def undo(self) -> None:
        self._pass("undo")

    def commit(self) -> None:
        self._pass("commit")

    def rollback(self) -> None:
        self._pass("rollback")

    def close(self) -> None:
        self._pass("close")


class Rig:
    def __init__(self, folder: Path, bound: int = 4096) -> None:
        self.folder = folder
        self.clock = SimulatedClock(START)
        self.database = Database.open(folder)
        self.keys = KeyStore.open(self.database)
        self.spy = Spy(self.database)
        self.writer = Writer(self.spy, self.keys, self.clock, bound=bound)
        self.ledger = Ledger(self.database, self.writer, self.keys, self.clock)
        self.writer.call(lambda connection: connection.exec_driver_sql(TABLE))
        self.spy.calls.clear()

    def held(self) -> tuple[threading.Event, Future[None]]:
        """The writer stands still in a job until the event is set, and then until its slice is used up."""
        go, there = threading.Event(), threading.Event()

        def job(_: Connection) -> None:
            there.set()
            began = time.perf_counter_ns()
            assert go.wait(60)
            while time.perf_counter_ns() - began <= SLICE:
                pass

        future = self.writer.submit(job)
        assert there.wait(60)
        return go, future

    def words(self) -> list[str]:
        with self.database.read() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT word FROM notes")]

    def close(self) -> None:
        self.writer.close()
        self.keys.close()
        self.database.close()


@pytest.fixture
def rig(tmp_path: Path) -> Any:
    made = Rig(tmp_path)
    yield made
    made.close()


def note(word: str, fail: bool = False) -> Any:
    def job(connection: Connection) -> str:
        connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (word,))
        if fail:
            raise ZeroDivisionError(word)
        return word

    return job


def test_jobs_that_wait_share_one_commit_each_in_its_savepoint(rig: Rig) -> None:
    go, _ = rig.held()
    spent = rig.writer.submit_all([note("a"), note("b", fail=True), note("c")])
    rig.spy.calls.clear()
    go.set()
    assert spent[0].result(60) == "a"
    with pytest.raises(ZeroDivisionError, match="b"):
        spent[1].result(60)
    assert spent[2].result(60) == "c"
    assert rig.words() == ["a", "c"]
    calls = rig.spy.calls[rig.spy.calls.index("begin") :]
    assert calls == ["begin", "savepoint", "release", "savepoint", "undo", "savepoint", "release", "commit"]


def test_what_the_first_of_a_slice_undoes_is_its_own_alone(rig: Rig) -> None:
    """It has no savepoint on SQLite: the transaction begins anew."""
    for fail in ("a", "ab", "abc", "ac"):
        go, _ = rig.held()
        told = rig.writer.submit_all([note(word, fail=word in fail) for word in "abc"])
        go.set()
        for word, one in zip("abc", told, strict=True):
            error = one.exception(20)
            assert isinstance(error, ZeroDivisionError) if word in fail else error is None
        rig.spy.calls.clear()
    assert rig.words() == ["b", "c", "c", "b"]


def test_nobody_hears_before_the_commit(rig: Rig) -> None:
    seen: list[list[str]] = []
    future = rig.writer.submit(note("a"))
    future.add_done_callback(lambda _: seen.append(rig.words()))
    future.result(60)
    rig.writer.call(lambda _: None)
    assert seen == [["a"]]


@pytest.mark.parametrize("step", ["begin", "savepoint", "release", "commit"])
def test_what_the_disk_refused_is_told_to_all_of_the_slice(rig: Rig, step: str) -> None:
    rig.spy.fail = step
    future = rig.writer.submit(note("a"))
    with pytest.raises(NotKept):
        future.result(60)
    assert rig.writer.submit(note("b")).result(60) == "b"
    assert rig.words() == ["b"]


def test_an_undo_that_fails_takes_the_slice_with_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Both in one slice, however slow the machine is.
    monkeypatch.setattr("ledger.writer.SLICE", 60_000_000_000)
    go, _ = rig.held()
    rig.spy.fail = "undo"
    first, second = rig.writer.submit_all([note("a"), note("b", fail=True)])
    go.set()
    for future in (first, second):
        with pytest.raises(NotKept):
            future.result(60)
    assert rig.words() == []


def test_a_full_disk(rig: Rig) -> None:
    tenant = rig.ledger.add_tenant("云栖", [])
    rig.ledger.append(tenant, [sent(0)]).result(60)
    pages = rig.writer.call(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    rig.writer.call(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}"))
    kept, told = 1, ""
    for number in range(1, 200):
        try:
            outcomes = rig.ledger.append(tenant, [sent(number, data={"x": "长" * 3000})]).result(60)
            kept += sum(isinstance(one, Appended) for one in outcomes)
        except NotKept as error:
            told = str(error)
            break
    assert told == "The write was not kept; it may be sent again: the disk is full"
    rig.writer.call(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1000}"))
    again = rig.ledger.append(tenant, [sent(number, data={"x": "长" * 3000})]).result(60)[0]
    assert isinstance(again, Appended)
    assert again.place == kept + 1


def test_another_process_holds_the_lock(rig: Rig) -> None:
    rig.writer.call(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout=10").scalar_one())
    with raw(rig.folder / "touchline.db") as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotKept, match="locked by another process"):
            rig.writer.submit(note("a")).result(60)
        other.execute("ROLLBACK")
    assert rig.writer.submit(note("b")).result(60) == "b"


def test_too_many_wait(tmp_path: Path) -> None:
    rig = Rig(tmp_path, bound=3)
    go, held = rig.held()
    waiting = rig.writer.submit_all([note("a"), note("b")])
    with pytest.raises(Busy):
        rig.writer.submit_all([note("c"), note("d")])
    waiting.append(rig.writer.submit(note("c")))
    with pytest.raises(Busy):
        rig.writer.submit(note("d"))
    assert rig.writer.waiting() == 3
    go.set()
    assert [future.result(60) for future in (held, *waiting)] == [None, "a", "b", "c"]
    rig.close()


def test_closing_does_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    go, _ = rig.held()
    waiting = [rig.writer.submit(note(str(number))) for number in range(10)]
    waiting[3].cancel()
    closing = threading.Thread(target=rig.writer.close)
    closing.start()
    go.set()
    closing.join(60)
    assert not closing.is_alive()
    assert rig.words() == [str(number) for number in range(10) if number != 3]
    with pytest.raises(Stopped):
        rig.writer.submit(note("late"))
    rig.writer.close()
    rig.close()


def test_a_job_may_not_wait_for_a_job(rig: Rig) -> None:
    with pytest.raises(RuntimeError, match="one thread"):
        rig.writer.call(lambda _: rig.writer.call(lambda _: None))


def test_listeners_hear_of_every_commit(rig: Rig) -> None:
    heard = threading.Semaphore(0)
    unlisten = rig.writer.listen(heard.release)
    rig.writer.call(note("a"))
    assert heard.acquire(timeout=60)
    unlisten()
    rig.writer.call(note("b"))
    rig.writer.call(note("c"))
    assert not heard.acquire(blocking=False)


def test_many_threads_one_order(home: House, tenant: Tenant) -> None:
    other = home.tenant("乙")

    def one(worker: int) -> list[tuple[Tenant, Appended]]:
        kept = []
        for number in range(30):
            to = (tenant, other)[number % 2]
            batch = [
                sent(f"{worker}-{number}-{nth}", customer={"phone": f"1380000{worker:04}"})
                for nth in range(3)
            ]
            for outcome in home.ledger.append(to, batch).result(60):
                assert isinstance(outcome, Appended)
                kept.append((to, outcome))
        return kept

    with ThreadPoolExecutor(8) as pool:
        kept = [pair for part in pool.map(one, range(8)) for pair in part]
    assert len(kept) == 8 * 30 * 3
    for one_tenant in (tenant, other):
        facts = home.facts(one_tenant)
        assert [fact.place for fact in facts] == list(range(1, len(facts) + 1))
        assert {(fact.event_id, fact.place) for fact in facts} == {
            (outcome.event_id, outcome.place) for to, outcome in kept if to == one_tenant
        }
        for worker in range(8):  # each sender's own order stands
            mine = [fact.source_id for fact in facts if fact.source_id.startswith(f"no-{worker}-")]
            assert mine == sorted(mine, key=lambda own: [int(part) for part in own[3:].split("-")])
    assert home.count("persons", keys=True) == 8 * 2
    assert home.verify().ok


class Together(Joint):
    """Jobs that are done as one; ``bad`` spoils the whole when it is among others, and itself when it is alone."""

    def __init__(self, name: str, calls: list[list[str]]) -> None:
        self.name, self.calls = name, calls

    @property
    def size(self) -> int:
        return 1

    def joins(self, job: object, size: int) -> bool:
        return isinstance(job, Together) and size < 3

    def together(self, connection: Connection, jobs: Sequence[Any]) -> list[str]:
        names = [job.name for job in jobs]
        self.calls.append(names)
        for name in names:
            connection.exec_driver_sql(f"INSERT INTO notes VALUES ('{name}')")
            if name == "bad":
                raise ZeroDivisionError
        return names


def test_jobs_that_join_are_done_as_one_and_alone_where_that_fails(rig: Rig) -> None:
    calls: list[list[str]] = []
    go, held = rig.held()
    futures = rig.writer.submit_all([Together(name, calls) for name in ("a", "b", "c", "d", "bad", "e")])
    between = rig.writer.submit(lambda _: calls.append(["between"]))
    last = rig.writer.submit_all([Together("f", calls)])[0]
    go.set()
    held.result(60)
    between.result(60)
    assert [future.result(60) for future in (*futures[:4], futures[5], last)] == [
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
    ]
    with pytest.raises(ZeroDivisionError):
        futures[4].result(60)
    assert calls == [["a", "b", "c"], ["d", "bad", "e"], ["d"], ["bad"], ["e"], ["between"], ["f"]]
    assert rig.words() == ["a", "b", "c", "d", "e", "f"]
