"""The worker's core, which no client can lead astray: what is fenced, what ends it, whose the tenant is (invariant 6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import Fenced, OtherFeed, OutcomeUnknown
from ledger.feeding import EMBEDDED, KAFKA
from ledger.leases import Leases
from ledger.verify import verify
from processors import assignment
from processors import worker as core
from processors.engine import Engine
from processors.fold import UnknownType
from processors.worker import StillFenced
from schemas.catalogue import CATALOGUE
from schemas.instants import DAY, HOUR
from tests.kit.carried import carried, forged
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.world import START, World
from tests.scale.hand import at_head, complaints, head, made, opened, state, use, working
from tests.web.site import until

pytestmark = ON_POSTGRESQL
MANY = 40


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    made = opened(place)
    yield made
    made.close()


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same facts, fed by the ledger alone."""
    return reference(tmp_path_factory.mktemp("straight"))


def reference(folder: Path) -> Any:
    world = World(folder, at=START + HOUR)
    try:
        complaints(world, 0, MANY)
        world.tick(START + 9 * DAY)
        return world.lane(), world.tables()
    finally:
        world.close()


def came_out(world: World) -> Any:
    assert verify(world.database).problems == []
    return world.lane(), world.tables()


def test_two_workers_hand_over(world: World, straight: Any) -> None:
    complaints(world, 0, MANY)
    records = carried(world)
    number = world.tenant.number
    with working(world, "one") as one, working(world, "two") as two:
        one.assign([number])
        until(lambda: state(world).owner == "one")
        one.deliver(number, records[:20])
        until(lambda: state(world).decided >= 20)
        two.assign([number])  # before the other has heard of it
        until(lambda: state(world).owner == "two")
        epoch = state(world).epoch
        one.deliver(number, records)
        until(lambda: one.fenced == 1)
        one.revoke([number])
        two.deliver(number, [forged(records[30]), *records])
        until(lambda: at_head(world))
        assert (one.failed, two.failed, two.fenced) == (None, None, 0)
        assert (state(world).epoch, state(world).owner) == (epoch, "two")
        world.clock.set(START + 9 * DAY)
        two.assign([])  # it looks
        until(lambda: state(world).advanced == START + 9 * DAY)
        assert came_out(world) == straight
        assert one.deliver(number, records) == 0  # what it still holds of what is not its own


def test_without_any_record_it_is_only_slower(world: World, straight: Any) -> None:
    with working(world) as worker:
        worker.assign([world.tenant.number, 77])
        until(lambda: state(world).owner == "worker")
        complaints(world, 0, MANY)
        until(lambda: at_head(world))
        (held,) = worker.held().values()
        assert held.delivery.counts[:2] == (0, head(world))
        world.clock.set(START + 4 * DAY)
        until(lambda: state(world).advanced == START + 4 * DAY)
        world.clock.set(START + 9 * DAY)
        until(lambda: state(world).advanced == START + 9 * DAY)
        assert came_out(world) == straight
        assert worker.failed is None


def test_fenced_and_still_assigned_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has nothing to do, so that only looking shows it."""
    monkeypatch.setattr(core, "FENCED_FOR", 0.3)
    ended = threading.Event()
    with working(world) as worker:
        worker.on_end = ended.set
        worker.assign([world.tenant.number])
        until(lambda: at_head(world) and min(held.due for held in worker.held().values()) > START + HOUR)
        Engine.take_over(world.tenant, world.ledger, world.store, world.rules, "other", feed=KAFKA)
        mine = state(world)
        until(lambda: worker.failed is not None)
        assert isinstance(worker.failed, StillFenced)
        assert state(world) == mine
        assert ended.wait(60)
        assert not worker.status.running


def test_who_ends_leaves_its_tenants_to_others_at_once(world: World) -> None:
    with working(world) as worker:
        worker.assign([world.tenant.number])
        until(lambda: at_head(world))
        assert Leases(world.writer, "heir").claim([world.tenant.number]) == frozenset()
    assert Leases(world.writer, "heir").claim([world.tenant.number]) == {world.tenant.number}


@pytest.mark.parametrize("kept", [False, True])
def test_a_fault_that_passes_is_told_and_forgotten(world: World, kept: bool) -> None:
    with working(world) as worker:
        worker.assign([world.tenant.number])
        until(lambda: at_head(world))
        (held,) = worker.held().values()
        until(lambda: held.due > START + HOUR)
        held.moved = float("-inf")  # for so long nothing was there to be decided
        until(lambda: held.moved > 0)
        engine = held.engine
        assert engine is not None
        write = engine.write

        def failed(job: Any) -> Any:
            if kept:
                write(job)
            raise OutcomeUnknown("tried")

        engine.write = failed
        complaints(world, 0, 1)
        until(lambda: worker.status.error != "")
        until(lambda: at_head(world) and worker.status.error == "")
        assert (worker.failed, held.age()) == (None, 0.0)
        world.clock.set(START + 9 * DAY)
        until(lambda: state(world).advanced == START + 9 * DAY)


def test_what_nobody_thought_of_ends_it_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A type that this version of the code lacks: not waited out as a database that is away would be, and not skipped."""
    known = dict(CATALOGUE)
    del known["complaint.received"]
    ended = threading.Event()
    with monkeypatch.context() as older:
        older.setattr("processors.fold.CATALOGUE", known)
        with working(world) as worker:
            worker.on_end = ended.set  # as the process is told by it
            worker.assign([world.tenant.number])
            until(lambda: at_head(world))
            before = state(world).decided
            complaints(world, 0, 3)
            until(ended.is_set)
            assert isinstance(worker.failed, UnknownType)
            assert state(world).decided == before < head(world)
    with working(world, "next") as after:
        after.assign([world.tenant.number])
        until(lambda: at_head(world))


def test_its_own_commit_of_which_it_was_not_told(world: World) -> None:
    """The database went away after the commit: the row says that we are who decided it, and the epoch is not raised again."""
    with working(world) as worker:
        worker.assign([world.tenant.number])
        until(lambda: at_head(world))
        (held,) = worker.held().values()
        assert held.engine is not None
        complaints(world, 0, 3)
        before = state(world)
        twin = Engine.take_over(
            world.tenant, world.ledger, world.store, world.rules, "worker", feed=KAFKA, epoch=before.epoch
        )
        while state(world).decided < head(world):  # one of them is first
            try:
                twin.step()
            except Fenced:
                break
        complaints(world, 3, 3)
        until(lambda: at_head(world))
        assert (state(world).epoch, worker.fenced, worker.failed) == (before.epoch, 0, None)


def test_fed_otherwise_it_refuses_and_ends(world: World) -> None:
    with working(world) as worker:
        worker.assign([world.tenant.number])
        until(lambda: at_head(world))
        stale = made(world, "stale")
        use(world, EMBEDDED)
        until(lambda: worker.failed is not None)
        assert isinstance(worker.failed, OtherFeed)
        with pytest.raises(OtherFeed):
            stale.start()
        complaints(world, 0, 2)
        engine = world.take_over()
        use(world, KAFKA)
        with pytest.raises(Fenced):
            engine.step()
        with pytest.raises(OtherFeed):
            world.take_over()
        assert not at_head(world)


def test_a_swap_of_the_sets_is_followed(world: World) -> None:
    complaints(world, 0, 5)
    with working(world) as worker:
        worker.assign([world.tenant.number])
        until(lambda: at_head(world))
        before = state(world)
        world.rebuild(swap=True)
        complaints(world, 5, 5)
        until(lambda: at_head(world))
        now = state(world)
        assert (now.epoch, worker.failed) == (before.epoch, None)
        assert now.set_name != before.set_name


def test_what_is_assigned_to_nobody_is_run_all_the_same(
    world: World, straight: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The topic is gone, or has no partition for the tenant: one worker runs it, until it is somebody's again."""
    monkeypatch.setattr(assignment, "ORPHANED", 0.2)
    number = world.tenant.number
    complaints(world, 0, MANY - 5)
    with working(world, "one") as one, working(world, "two") as two:
        until(lambda: at_head(world))
        adopter, other = (one, two) if state(world).owner == "one" else (two, one)
        epoch = state(world).epoch
        other.assign([number])
        until(lambda: state(world).epoch > epoch)
        complaints(world, MANY - 5, 5)
        until(lambda: at_head(world))
        until(lambda: not adopter.held())
        world.clock.set(START + 9 * DAY)
        until(lambda: state(world).advanced == START + 9 * DAY)
        assert (state(world).epoch, adopter.failed, other.failed) == (epoch + 1, None, None)
        other.revoke([number])  # and nobody's again
        until(lambda: number in {**one.held(), **two.held()})
        assert came_out(world) == straight
