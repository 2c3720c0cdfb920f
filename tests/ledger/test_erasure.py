"""Invariant 13: a person is erased, whatever cuts it and whichever file a backup brings back, and nothing else is."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.candidate import Problem
from ledger.clock import SimulatedClock, SystemClock
from ledger.key_tables import metadata as key_metadata
from ledger.tenants import Tenant
from producers.erasure import SAFETY, NotScrubbed, Settled
from producers.erasure_index import EXECUTED, REQUESTED, unapplied
from producers.inbox.bars import waited_for
from producers.steps import ErasureStep
from tests.kit.hatchery import ended
from tests.kit.places import ON_SQLITE, Where, name_of, raw
from tests.kit.postgres import Cluster, Place
from tests.ledger import forgetting
from tests.ledger.forgetting import (
    OTHER_PHONE,
    PHONE,
    Before,
    Room,
    complaint,
    dead_letter,
    everything,
    executed_once,
    forgotten,
    settle_in,
)
from tests.ledger.house import START, House, house


def test_requested_destroyed_stated(home: House) -> None:
    before = settle_in(home)
    room = Room.of(home)
    assert room.erasures.settle(all_of_it=True) == Settled()
    asked = room.request(before.person)
    assert room.erasures.settle() == Settled(erased=1, executed=1)
    executed_once(room, before, asked.event_id)
    forgotten(home, before)
    for whole in (False, True):  # there is nothing left to do, however often
        assert room.erasures.settle(all_of_it=whole) == Settled()
    assert not unapplied(home.ledger)


def test_whoever_comes_again_is_somebody_new_and_the_old_reference_is_refused(home: House) -> None:
    before = settle_in(home)
    room = Room.of(home)
    room.request(before.person)
    room.erasures.settle()
    at = home.clock.now()
    old = {**complaint("c-9", at), "customerref": before.person, "data": {"description": "又来"}}
    problem = room.intake.submit_one(room.tenant, "crm", old).result(60)
    assert isinstance(problem, Problem)
    assert (problem.status, problem.code, problem.field) == (422, "customer_erased", "customerref")
    assert "已删除" in problem.reason_zh
    fresh = room.fact(room.keep(complaint("c-10", at))).customer_ref
    assert fresh not in (before.person, before.other, "")
    assert home.ledger.customer(room.tenant, phone=PHONE) == fresh


def test_nobody_may_state_what_was_not_done_or_ask_for_whom_nobody_knows(home: House) -> None:
    before = settle_in(home)
    room = Room.of(home)
    at = complaint("x", home.clock.now())
    for kind, admin, data, code in (
        (EXECUTED, True, {"subject_ref": before.person}, "not_writable"),
        (REQUESTED, False, {"subject_ref": before.person}, "not_writable"),
        (REQUESTED, True, {"subject_ref": "nobody"}, "customer_unknown"),
    ):
        event = {**at, "type": kind, "data": data}
        problem = room.intake.submit_one(room.tenant, "crm", event, admin=admin).result(60)
        assert isinstance(problem, Problem)
        assert (problem.status, problem.code) == (422, code)
    assert room.erasures.settle(all_of_it=True) == Settled()
    assert home.ledger.erased(room.tenant) == {}


def test_a_request_of_somebody_erased_is_kept_and_answered(home: House) -> None:
    before = settle_in(home)
    room = Room.of(home)
    room.request(before.person)
    room.erasures.settle()
    second = room.request(before.person, "r-2")
    again = room.request(before.person, "r-2")
    assert (again.event_id, again.place, again.duplicate) == (second.event_id, second.place, True)
    assert room.erasures.settle() == Settled(executed=1)
    assert [fact.data["request"] for fact in room.said(EXECUTED)][1] == second.event_id


def test_while_serving_a_kept_request_is_enough(home: House) -> None:
    before = settle_in(home)
    room = Room.of(home)
    room.erasures.start()
    try:
        for number, person in enumerate((before.person, before.other), start=1):
            asked = room.request(person, f"r-{number}")
            end = time.monotonic() + SAFETY / 2  # the second finds it asleep: the request itself must wake it
            while len(room.said(EXECUTED)) < number and time.monotonic() < end:
                threading.Event().wait(0.01)
            assert room.said(EXECUTED)[-1].data["request"] == asked.event_id
    finally:
        room.erasures.stop()
    assert home.ledger.erased(room.tenant).keys() == {before.person, before.other}


@ON_SQLITE  # where a reader stands in the way
def test_nothing_is_said_to_be_destroyed_while_it_stands_in_a_file(home: House) -> None:
    before = settle_in(home)
    room = Room.of(home, patience=0.0)
    asked = room.request(before.person)
    with home.raw(keys=True) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM persons").fetchone()
        with pytest.raises(NotScrubbed):
            room.erasures.settle()
        assert room.said(EXECUTED) == []
        reader.execute("COMMIT")
    assert room.erasures.settle() == Settled(executed=1)
    executed_once(room, before, asked.event_id)
    forgotten(home, before)


@pytest.fixture
def backups(place: Where, request: pytest.FixtureRequest) -> Iterator[Backups]:
    made = Backups(place, None if isinstance(place, Path) else request.getfixturevalue("cluster"))
    yield made
    made.close()


class Backups:
    """Of one store at a time, put back while the other stays as it is."""

    def __init__(self, place: Where, cluster: Cluster | None) -> None:
        self.place = place
        self._cluster = cluster
        self._twin: Place | None = None

    def make(self) -> None:
        """Of both, while nobody has them open."""
        if isinstance(self.place, Path):
            for file in ("touchline.db", "keys.db"):
                shutil.copy(self.place / file, self.place.parent / file)
            return
        assert self._cluster is not None
        self._twin = self._cluster.twin(self.place)

    def put_back(self, store: str) -> Where:
        """``record`` or ``keys``; where the ledger is then."""
        if isinstance(self.place, Path):
            file = {"record": "touchline.db", "keys": "keys.db"}[store]
            shutil.copy(self.place.parent / file, self.place / file)
            return self.place
        assert self._twin is not None
        newer, older = (self.place, self._twin) if store == "record" else (self._twin, self.place)
        with raw(newer, keys=True) as source, raw(older, keys=True) as target:
            for table in key_metadata.sorted_tables:
                rows = source.execute(f"SELECT * FROM {table.name}").fetchall()
                target.execute(f"DELETE FROM {table.name}")
                marks = ", ".join(["%s"] * len(table.columns))
                for row in rows:
                    target.execute(f"INSERT INTO {table.name} VALUES ({marks})", row)
        return older

    def close(self) -> None:
        if self._twin is not None and self._cluster is not None:
            self._cluster.drop(self._twin)


def erased_after_a_backup(backups: Backups, cut: str = "") -> Before:
    """Everything kept, a backup made, the person erased. ``cut``: the backup is made between request and end."""
    with house(backups.place, SimulatedClock(START)) as home:
        before = settle_in(home)
        if cut == "requested":
            Room.of(home).erasures.settle(all_of_it=True)
            Room.of(home).request(before.person)
    backups.make()
    with house(backups.place, SimulatedClock(START)) as home:
        room = Room.of(home)
        if not cut:
            room.request(before.person)
        assert room.erasures.settle() == Settled(erased=1, executed=1)
    return before


def test_an_older_key_store_is_brought_up_to_the_record(backups: Backups) -> None:
    before = erased_after_a_backup(backups)
    with house(backups.put_back("keys"), SimulatedClock(START)) as home:
        tenant: Tenant = home.ledger.tenant("云栖")
        assert home.ledger.customer(tenant, phone=PHONE) == before.person  # they are back
        assert unapplied(home.ledger)
        room = Room.of(home)
        assert room.erasures.settle(all_of_it=True) == Settled(erased=1, again=1)
        assert not unapplied(home.ledger)
        assert len(room.said(EXECUTED)) == 1
        forgotten(home, before)


@pytest.mark.parametrize("cut", ["", "requested"])
def test_an_older_record_is_told_what_the_key_store_knows(backups: Backups, cut: str) -> None:
    before = erased_after_a_backup(backups, cut)
    with house(backups.put_back("record"), SimulatedClock(START)) as home:
        room = Room.of(home)
        asked = room.said(REQUESTED)
        assert (len(asked), room.said(EXECUTED)) == (int(bool(cut)), [])
        assert room.erasures.settle(all_of_it=True) == Settled(executed=1, stated_again=0 if cut else 1)
        (done,) = room.said(EXECUTED)
        assert done.data.get("request") == (asked[0].event_id if asked else None)
        assert done.data["basis"] == ("customer_request" if cut else "record_restored")
        assert room.erasures.settle(all_of_it=True) == Settled()
        forgotten(home, before)


@pytest.mark.crash
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what this is about")
@pytest.mark.parametrize("step", list(ErasureStep), ids=lambda step: str(step.name))
def test_killed_at_a_step(place: Where, step: ErasureStep) -> None:
    with house(place, SystemClock()) as home:
        before = settle_in(home)
    assert ended(forgetting.main, name_of(place), before.person, step.name) == -signal.SIGKILL
    at = list(ErasureStep).index(step)
    stones = int(at >= list(ErasureStep).index(ErasureStep.DESTROYED))
    standing = at <= list(ErasureStep).index(ErasureStep.DESTROYED)
    if isinstance(place, Path):  # before anybody opens it, which may tidy up
        left = [secret in everything(place) for secret in before.secrets]
        assert left == [standing] * len(left)
        lettered = at <= list(ErasureStep).index(ErasureStep.LETTERS_KEYS)
        assert (before.letter_key in everything(place)) == lettered
    with house(place, SystemClock()) as home:
        room = Room.of(home)
        stated = step in (ErasureStep.STATED, ErasureStep.SETTLED)
        assert len(room.said(EXECUTED)) == int(stated)
        assert len(home.ledger.erased(room.tenant)) == stones
        assert room.erasures.settle(all_of_it=True) == Settled(1 - stones, 0, 0 if stated else 1, 0)
        (asked,) = room.said(REQUESTED)
        executed_once(room, before, asked.event_id)
        forgotten(home, before)


@pytest.mark.crash
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what this is about")
def test_killed_before_it_is_known_which_letters_stay(place: Where) -> None:
    """The tombstone and what says for which letter the erasure waits are one transaction of the key store."""
    with house(place, SystemClock()) as home:
        before = settle_in(home)
        shared = dead_letter(Room.of(home), f"{PHONE} {OTHER_PHONE}")
    assert ended(forgetting.main, name_of(place), before.person, "DESTROYED") == -signal.SIGKILL
    with house(place, SystemClock()) as home:
        room = Room.of(home)
        assert room.erasures.settle(all_of_it=True) == Settled()
        waits_for(room, before, shared)


@pytest.mark.parametrize("store", ["keys", "record"])
def test_an_older_store_and_a_letter_that_stays(backups: Backups, store: str) -> None:
    with house(backups.place, SimulatedClock(START)) as home:
        before = settle_in(home)
        shared = dead_letter(Room.of(home), f"{PHONE} {OTHER_PHONE}")
    backups.make()
    with house(backups.place, SimulatedClock(START)) as home:
        room = Room.of(home)
        room.request(before.person)
        assert room.erasures.settle() == Settled(erased=1)
    with house(backups.put_back(store), SimulatedClock(START)) as home:
        room = Room.of(home)
        assert room.erasures.settle(all_of_it=True) == Settled(erased=int(store == "keys"))
        waits_for(room, before, shared)


def waits_for(room: Room, before: Before, shared: str) -> None:
    """The erasure is stated when the letter is gone, and not before."""
    assert waited_for(room.home.ledger, room.tenant)[0] == {before.person: [shared]}
    assert room.erasures.settle(all_of_it=True) == Settled()
    assert room.said(EXECUTED) == []
    assert room.inboxes.discard(room.tenant, shared, "test_data", "it-7")
    assert room.erasures.settle().executed == 1
    assert room.said(EXECUTED)[0].data["subject_ref"] == before.person
    forgotten(room.home, before)
