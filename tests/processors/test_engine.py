"""The engine beside others: fenced by a take-over, against a cut, with a clock that somebody set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from ledger import lanes
from ledger.clock import GuardedClock, SimulatedClock
from ledger.errors import Fenced
from processors.engine import Engine
from processors.fold import DEPTH, Circle
from processors.rules.book import Book
from processors.rules.protocol import Evidence, Filing, Mark, Row
from schemas.event import Event
from schemas.instants import HOUR, MINUTE, SECOND
from tests.kit.policies import with_more
from tests.kit.rules import Quiet
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo(Row):
    """One for what was heard, one for what was said of that, and so on."""

    TABLE: ClassVar[str] = "echoes"
    number: int


class Echoing(Quiet):
    """Says something of each fact, and of what it said, ``times`` over."""

    name = "echoing"
    version = 1
    rows: tuple[type[Row], ...] = (Echo,)

    def __init__(self, times: int) -> None:
        self.times = times

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.type == "complaint.received":
            yield Filing(scope="0", slot="said")
        elif event.origin.get("rule") == self.name:
            yield Filing(scope=str(int(event.origin["scope"]) + 1), slot="said")

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        if evidence and int(scope) < self.times:
            yield Echo(id=scope, scope=scope, number=int(scope))

    def marks(self, row: Row, book: Book) -> Iterator[Mark]:
        yield Mark(at=START, time=START, kind="due_soon", type="obligation.due_soon")


def received(world: World, own_id: str = "a") -> None:
    world.keep(event("complaint.received", own_id, START, ticket=own_id, data=COMPLAINT), START + MINUTE)


def test_a_stale_engine_writes_nothing(world: World) -> None:
    received(world)
    stale = world.engine
    world.take_over()
    before = world.tables()
    with pytest.raises(Fenced):
        stale.step()
    assert world.tables() == before
    assert world.verdicts() == []
    world.fold()
    assert world.engine.state.decided == 4


def test_two_engines_with_the_same_epoch_cannot_both_decide(world: World) -> None:
    received(world)
    one = world.engine
    twin = Engine(one.tenant, one.ledger, one.store, one.rules, one.read, one.write, one.state, one.book)
    assert twin.step()
    with pytest.raises(Fenced):
        one.step()


def test_no_fact_is_recorded_before_a_cut_even_if_the_clock_is_set_back(world: World) -> None:
    received(world)
    world.tick(START + 30 * HOUR)
    world.clock.set(START + 2 * HOUR)
    world.append(event("complaint.received", "b", START, ticket="b", data=COMPLAINT))
    with world.database.read() as conn:
        facts = world.ledger.facts(conn, world.tenant, 0, 100)
    assert facts[-1].recorded == START + 30 * HOUR
    assert [f.recorded for f in facts] == sorted(f.recorded for f in facts)


def test_what_is_on_its_way_is_folded_before_its_deadline_is_judged(world: World) -> None:
    """No false alarm from lag: the discharge is in the ledger, the engine has not seen it yet, the deadline passes."""
    received(world)
    world.fold()
    world.keep(
        event(
            "followup.complaint_intake_completed", "f", START + 23 * HOUR, ticket="a", data={"reached": True}
        ),
        START + 23 * HOUR,
    )
    world.tick(START + 25 * HOUR)
    breached = {v.data["obligation_key"] for v in world.verdicts() if v.type == "obligation.breached"}
    assert "complaint.intake_return_visit" not in breached
    assert "complaint.respond_in_standard" in breached


@dataclass(frozen=True, slots=True, kw_only=True)
class Shouted(Row):
    """What the first says until a complaint is forwarded."""

    TABLE: ClassVar[str] = "shouted"
    moved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Row):
    """What the second says while the first does."""

    TABLE: ClassVar[str] = "repeated"
    moved: int


class First(Quiet):
    """Takes back what it said once the complaint is forwarded."""

    name = "echo_first"
    version = 1
    rows: tuple[type[Row], ...] = (Shouted,)

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.type in ("complaint.received", "complaint.forwarded"):
            yield Filing(scope=event.case_id, slot=event.type)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        if evidence:
            yield Shouted(id=scope, scope=scope, moved=len(evidence) - 1)

    def marks(self, row: Row, book: Book) -> Iterator[Mark]:
        assert isinstance(row, Shouted)
        if not row.moved:
            yield Mark(at=START, time=START, kind="due_soon", type="obligation.due_soon")


class Second(First):
    """Hears the same and the first, and would say something else once the complaint is forwarded."""

    name = "echo_second"
    rows: tuple[type[Row], ...] = (Repeated,)

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        yield from super().file(event, book)
        if event.origin.get("rule") == "echo_first" and event.type == "obligation.due_soon":
            yield Filing(scope=str(event.origin["scope"]), slot="said")

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        slots = [entry.slot for entry in evidence]
        if "said" in slots:
            yield Repeated(id=scope, scope=scope, moved=slots.count("complaint.forwarded"))

    def marks(self, row: Row, book: Book) -> Iterator[Mark]:
        assert isinstance(row, Repeated)
        yield Mark(at=START, time=START + row.moved, kind="due_soon", type="obligation.due_soon")


def test_what_a_retraction_took_away_says_nothing_more(tmp_path: Path) -> None:
    """One fact changes two rows, and what is taken back of the first takes the second away: nothing is said of that as it was
    judged before."""
    world = World(tmp_path, more_rules=[First(), Second()])
    try:
        received(world)
        forwarded = {"to_department": "engineering_dept"}
        world.keep(event("complaint.forwarded", "f", START, ticket="a", data=forwarded), START + HOUR)
        world.fold()
        said = [(v.origin["rule"], v.type) for v in world.verdicts() if v.origin["rule"] != "promises"]
        once = [(rule.name, "obligation.due_soon") for rule in (First, Second)]
        assert said == [*once, *((name, "obligation.retracted") for name, _ in once)]
        assert world.rebuild().differences == {}
        assert world.reading.engine.recheck(world.tenant) == []
    finally:
        world.close()


@pytest.mark.parametrize("times", [DEPTH, DEPTH + 2])
def test_verdicts_follow_from_one_another_so_deep_and_no_deeper(times: int, tmp_path: Path) -> None:
    """What goes on further is a circle: it stops the engine, and nothing of it is kept."""
    world = World(tmp_path, more_rules=[Echoing(times)])
    try:
        received(world)
        if times > DEPTH:
            with pytest.raises(Circle):
                world.fold()
            assert world.verdicts() == []
        else:
            world.fold()
            assert len(world.verdicts()) == times
            first, second = world.verdicts()[:2]
            assert second.causation_id == first.event_id
            assert {v.after for v in world.verdicts()} == {world.engine.state.decided}
            assert world.rebuild().differences == {}
    finally:
        world.close()


def test_a_verdict_that_is_said_again_opens_the_same_promise(world: World) -> None:
    """What a breach opened is gone with the breach, and is called the same when that is said a second time."""
    one = {"per": ["case"], "owes": "cs_specialist"}
    first = {"zh": "转办", "on": "complaint.received", "due": {"after": "1h"}, "by": "complaint.forwarded"}
    breached = {"event": "obligation.breached", "where": {"obligation_key": "own.first"}}
    then = {"zh": "超时说明", "on": breached, "due": {"after": "1d"}, "by": "complaint.resolved"}
    published = with_more("more", {"own.first": one | first, "own.then": one | then})
    world.keep(event("policy.published", "more", START, data=published), admin=True)

    def opened() -> list[str]:
        found = world.reading.promises.find(world.tenant)
        return [row["id"] for row in found if row["obligation"] == "own.then"]

    received(world)
    world.tick(START + 2 * HOUR)
    before = opened()
    assert len(before) == 1
    forwarded = {"to_department": "engineering_dept"}
    world.keep(event("complaint.forwarded", "f", START + MINUTE, ticket="a", data=forwarded))
    world.tick()
    assert opened() == []
    gone = event("event.withdrawn", "w", START + HOUR, correctssourceid="f", data={"reason": "误录"})
    world.keep(gone, START + 3 * HOUR)
    world.tick()
    assert opened() == before
    said = [v.origin["generation"] for v in world.verdicts() if v.data.get("obligation_key") == "own.first"]
    assert said[-1] == 2
    assert world.rebuild().differences == {}


def test_a_tick_against_an_old_cut_does_nothing(world: World) -> None:
    received(world)
    world.fold()
    cut = lanes.Cut(world.engine.state.decided - 1, START + 100 * HOUR)
    assert not world.engine.tick(cut)
    assert world.verdicts() == []


def test_a_clock_that_was_set_is_doubted_until_it_agrees_for_a_minute() -> None:
    clock = SimulatedClock(START)
    guard = GuardedClock(clock)
    assert guard.trusted()
    clock.step(29 * SECOND)
    assert guard.trusted()
    clock.step(31 * SECOND)
    assert not guard.trusted()
    assert guard.moved_by == 31 * SECOND
    clock.set(clock.now() + 59 * SECOND)
    assert not guard.trusted()
    clock.set(clock.now() + SECOND)
    assert guard.trusted()


def test_a_clock_that_goes_on_jumping_stays_doubted_and_an_operator_may_accept_it() -> None:
    clock = SimulatedClock(START)
    guard = GuardedClock(clock)
    guard.trusted()
    for _ in range(3):
        clock.step(-40 * SECOND)
        clock.set(clock.now() + 50 * SECOND)
        assert not guard.trusted()
    guard.accept()
    assert guard.trusted()
