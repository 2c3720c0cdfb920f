"""What a transport brings is checked against the ledger: whatever it does, the engine folds the ledger's facts (invariant
12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from processors.delivery import PATIENCE, ROOM, Delivery, Record
from processors.engine import Engine
from schemas.instants import DAY, HOUR
from tests.kit.carried import carried, forged
from tests.kit.places import Where
from tests.kit.world import START, World, event

MANY = 24
DATA = {"subject": "engineering", "category": "leak", "description": "渗水"}


class Watch:
    """Seconds that pass when it is told so."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Fed:
    """An engine that gets its facts by a delivery, and nothing else."""

    def __init__(self, place: Where) -> None:
        self.world = World(place, at=START + HOUR, take_over=False)
        self.world.append(
            *(event("complaint.received", f"c{n}", START, ticket=f"C{n % 7}", data=DATA) for n in range(MANY))
        )
        self.watch = Watch()
        self.delivery = Delivery(self.world.ledger, self.world.tenant, self.watch)
        self.engine = self.take()
        self.records = carried(self.world)

    def take(self) -> Engine:
        w = self.world
        self.engine = Engine.take_over(
            w.tenant, w.ledger, w.store, w.rules, "test", batch=5, source=self.delivery.facts
        )
        return self.engine

    def step(self) -> None:
        while self.engine.step():
            pass

    def overdue(self) -> None:
        """The head was seen, and for long enough nothing came."""
        self.delivery.know(self.records[-1].place)
        self.watch.at += PATIENCE
        self.step()

    @property
    def decided(self) -> int:
        return self.engine.state.decided

    def end(self) -> Any:
        """Time comes to the end; the verdict lane and the tables."""
        self.world.clock.set(START + 9 * DAY)
        self.world.engine = self.engine
        self.world.tick()
        return self.world.lane(), self.world.tables()


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    made = Fed(tmp_path)
    yield made
    made.world.close()


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same facts, read from the ledger alone."""
    made = Fed(tmp_path_factory.mktemp("straight"))
    try:
        made.overdue()
        return made.end()
    finally:
        made.world.close()


def test_what_comes_as_it_should_is_not_read_again(place: Where, straight: Any) -> None:
    fed = Fed(place)
    try:
        assert not fed.engine.step()
        fed.delivery.put(fed.records)
        fed.step()
        assert fed.decided == len(fed.records)
        assert fed.delivery.counts[:3] == (len(fed.records), 0, 0)
        assert fed.end() == straight
    finally:
        fed.world.close()


def test_doubles_are_skipped_and_order_is_made(fed: Fed, straight: Any) -> None:
    rows = fed.records
    fed.delivery.put([*rows[9:], *rows[:4], *rows[:9], *rows])
    fed.step()
    fed.delivery.put(rows)
    fed.step()
    assert fed.delivery.counts == (len(rows), 0, 0, 4 + len(rows) + len(rows))
    assert fed.end() == straight


def test_a_hole_is_read_from_the_ledger(fed: Fed, straight: Any) -> None:
    fed.delivery.put(fed.records[:6] + fed.records[10:])
    fed.step()
    assert fed.decided == len(fed.records)
    assert fed.delivery.counts[:3] == (len(fed.records) - 4, 4, 0)
    assert fed.end() == straight


@pytest.mark.parametrize("what", ["body", "recorded", "another ledger's"])
def test_a_forged_record_is_read_from_the_ledger(fed: Fed, straight: Any, what: str) -> None:
    rows = list(fed.records)
    told = rows[12]
    rows[12] = {
        "body": forged(told),
        "recorded": told._replace(recorded=told.recorded + 1),
        "another ledger's": rows[13]._replace(place=told.place),
    }[what]
    assert rows[12] != told
    fed.delivery.put(rows)
    fed.step()
    assert fed.decided == len(rows)
    assert fed.delivery.counts.refused == 1
    assert fed.delivery.counts.read > 0
    assert fed.end() == straight


def test_what_the_ledger_does_not_have_is_let_go(fed: Fed, straight: Any) -> None:
    fed.delivery.put(fed.records)
    fed.step()
    beyond = Record(fed.decided + 1, fed.records[-1].recorded, fed.records[-1].body)
    for place in (beyond.place, beyond.place + 1000, 2**62):
        fed.delivery.put([beyond._replace(place=place)])
        assert fed.delivery.wanted(fed.decided) == 0
        fed.step()
        assert fed.decided == len(fed.records)
        assert fed.delivery.wanted(fed.decided) == float("inf")
    assert fed.end() == straight


def test_a_head_that_stays_unread_is_read_from_the_ledger(fed: Fed, straight: Any) -> None:
    fed.delivery.know(len(fed.records))
    fed.watch.at += PATIENCE * 0.9
    assert not fed.engine.step()
    assert 0 < fed.delivery.wanted(0) < PATIENCE / 5
    fed.delivery.put(fed.records[:5])
    fed.step()
    assert fed.decided == 5
    fed.watch.at += PATIENCE * 0.2
    assert fed.delivery.wanted(5) == 0
    fed.step()
    assert (fed.decided, fed.delivery.counts.read) == (len(fed.records), len(fed.records) - 5)
    assert fed.end() == straight


def test_nothing_grows_without_bound(fed: Fed) -> None:
    told = fed.records[-1]
    kept = fed.delivery.put(told._replace(place=told.place + n) for n in range(1, 2 * ROOM))
    assert kept == ROOM
    assert fed.delivery.full
    fed.overdue()
    assert not fed.delivery.full
    big = told._replace(body=b"x" * (6 << 20))
    assert fed.delivery.put(big._replace(place=told.place + n) for n in range(1, 9)) == 3


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_transport_does(tmp_path: Path, straight: Any, seed: int) -> None:
    """Lost, doubled, late, forged and withheld in any mixture, with falls in between."""
    fed = Fed(tmp_path)
    try:
        dice = Random(seed)
        while fed.decided < len(fed.records):
            first = dice.randrange(len(fed.records))
            part = fed.records[first : first + dice.randrange(1, 9)]
            if dice.random() < 0.3:
                dice.shuffle(part)
            fed.delivery.put(forged(one) if dice.random() < 0.1 else one for one in part)
            for _ in range(dice.randrange(3)):
                fed.engine.step()
            if dice.random() < 0.1:
                fed.take()  # another process, which has nothing in hand
            if dice.random() < 0.1:
                fed.overdue()
        assert fed.end() == straight
    finally:
        fed.world.close()
