"""Whose a tenant is, on a clock that stands until it is set: what was given, what nobody has, what is another's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from ledger.leases import Leases
from processors import assignment, delivery
from processors.assignment import ORPHANED, Assignment, Held
from processors.delivery import Record
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.world import World
from tests.scale.hand import opened
from tests.web.site import until

LONG = ORPHANED + 1.0


@dataclass
class Hours:
    """Monotonic seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    made = Hours()
    monkeypatch.setattr(assignment, "monotonic", made)
    return made


@pytest.fixture
def shared(place: Place) -> Iterator[World]:
    made = opened(place)
    yield made
    made.close()


def given(world: World, *numbers: int) -> tuple[Assignment, Held]:
    made = Assignment(world.ledger, None)
    made.give(numbers)
    made.meet(numbers)
    held = made.of(world.tenant.number)
    assert held is not None
    return made, held


def test_what_is_given_again_is_the_same_and_what_is_taken_is_dropped(world: World) -> None:
    number = world.tenant.number
    ours, held = given(world, number)
    ours.give([number, 77])
    ours.meet([number])  # nobody knows 77 yet
    assert ours.of(number) is held
    assert (ours.of(77), ours.held(), ours.partitions()) == (None, {number: held}, frozenset({number, 77}))
    ours.take([number])
    assert held.revoked
    assert (ours.of(number), ours.held(), ours.partitions()) == (None, {}, frozenset({77}))


def test_what_another_runs_is_kept_in_mind_and_takes_nothing(world: World, hours: Hours) -> None:
    number = world.tenant.number
    ours, held = given(world, number)
    run(held, world)
    ours.let_go(held)
    assert (held.engine, held.fenced) == (None, hours.now)
    assert ours.of(number) is None
    assert ours.held() == {number: held}


def run(held: Held, world: World) -> None:
    held.engine = world.engine


class Interrupted(Leases):
    """While the database is asked, something else happens."""

    meanwhile: Callable[[], None]

    def claim(self, tenants: Sequence[int], *, given: bool = False) -> frozenset[int]:
        self.meanwhile()
        return frozenset(tenants)


def test_what_is_taken_while_it_is_met_is_not_run(world: World) -> None:
    number = world.tenant.number
    leases = Interrupted(world.writer)
    ours = Assignment(world.ledger, leases)
    leases.meanwhile = lambda: ours.take([number])
    ours.give([number])
    ours.meet([number])
    assert (ours.partitions(), ours.held()) == (frozenset(), {})


@pytest.mark.parametrize("end", ["take", "let_go"])
def test_nobody_waits_for_room_where_the_tenant_is_anothers(
    world: World, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(delivery, "ROOM", 1)
    ours, held = given(world, world.tenant.number)
    kept = [held.delivery.put([Record(90, 0, b"{}")])]
    client = threading.Thread(target=lambda: kept.append(held.delivery.put([Record(91, 0, b"{}")], 600.0)))
    client.start()
    try:
        ours.take([world.tenant.number]) if end == "take" else ours.let_go(held)
        until(lambda: kept == [1, 0])
    finally:
        held.delivery.close()
        client.join()


@ON_POSTGRESQL
def test_what_nobody_has_is_one_workers_until_it_is_given(shared: World, hours: Hours) -> None:
    number = shared.tenant.number
    one, two = (Assignment(shared.ledger, Leases(shared.writer, name)) for name in ("one", "two"))

    def look(*which: Assignment, after: float) -> list[Held | None]:
        hours.now += after
        for each in which:
            each.lease([number])
        return [each.held().get(number) for each in (one, two)]

    hours.now += ORPHANED / 2
    one.give([76])
    two.give([78])
    assert look(one, two, after=LONG / 2) == [None, None], "somebody may be about to be given it"
    mine, nothing = look(one, two, after=LONG)
    assert mine is not None
    assert nothing is None
    one.give([77])
    assert look(one, two, after=2.0) == [mine, None], "what it runs it keeps, and goes on with"
    one.give([number])
    one.meet([number])
    assert look(one, two, after=LONG) == [mine, None], "given what it ran already"
    one.take([number])
    assert (one.held(), mine.revoked) == ({}, True)
    assert look(one, after=2.0) == [None, None], "whoever is given it next comes first"
    (mine, _) = look(one, after=LONG)
    assert mine is not None
    two.give([number])
    two.meet([number])
    theirs = two.held()[number]
    assert look(one, after=2.0) == [None, theirs], "given to another, it is that one's at once"

    one.give([number])
    one.meet([number])  # and both think that it is theirs
    two.let_go(theirs)
    shared.writer.call(lambda conn: conn.execute(text("UPDATE leases SET until = 0")))
    assert look(one, two, after=2.0) == [one.of(number), theirs]
    assert Leases(shared.writer, "other").claim([number]) == frozenset(), "it says so again and again"
    assert Leases(shared.writer, "one").claim([number]) == {number}, "who was fenced asks for no lease"
    one.release()
    assert Leases(shared.writer, "other").claim([number]) == {number}, "who ends leaves it at once"


@ON_POSTGRESQL
def test_what_nobody_had_and_another_runs_is_let_go_for_a_while(shared: World, hours: Hours) -> None:
    number = shared.tenant.number
    ours = Assignment(shared.ledger, Leases(shared.writer, "one"))
    hours.now += LONG
    ours.lease([number])
    held = ours.held()[number]
    ours.let_go(held)
    hours.now += 2.0
    ours.lease([number])
    assert ours.held() == {}
    hours.now += LONG
    ours.lease([number])
    assert ours.held()[number] is not held
