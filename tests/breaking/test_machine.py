"""A state machine over the record and its engine: facts of every kind, late, doubled, contradicting, corrected and withdrawn;
batches of any size; time; processes that fall between any two steps; take-overs. A small model says what must come of it.

``TOUCHLINE_DEEP=1 pytest tests/breaking/test_machine.py`` looks longer (docs/testing.md).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from ledger.candidate import Appended, Outcome, Problem
from ledger.errors import Fenced, NotKept
from ledger.lanes import EngineState, engine_state
from ledger.steps import AppendStep
from ledger.verify import verify
from ledger.writer import Writer
from processors.engine import Engine
from processors.steps import EngineStep
from schemas.event import Event
from schemas.instants import DAY, HOUR, MINUTE, SECOND, Instant, format_instant, parse_instant
from tests.kit.hostile import TICKETS
from tests.kit.places import Where
from tests.kit.postgres import Cluster, Place, migrated
from tests.kit.quick import prepared_folder, quick_world
from tests.kit.world import START, World, event
from tests.ledger.crash_child import CutClock, CutDatabase, CutKeys

DEEP = os.environ.get("TOUCHLINE_DEEP") == "1"
EXAMPLES = {"sqlite": 400 if DEEP else 12, "postgresql": 100 if DEEP else 3}
STEPS = 80 if DEEP else 30
KEPT = (AppendStep.COMMITTED, AppendStep.ANSWERED)
"""Who falls after these has kept it, whether anybody heard or not."""


class Fell(Exception):
    """The process was gone here."""


class Cut:
    """Falls once, where it is armed."""

    armed: AppendStep | None = None

    def __call__(self, step: AppendStep) -> None:
        if step is self.armed:
            self.armed = None
            raise Fell(step.name)


class Frail(World):
    """A world whose writer may fall between any two of its steps."""

    def __init__(self, place: Where, at: Instant) -> None:
        self.cut = Cut()
        super().__init__(place, at=at)
        self.ledger.clock = CutClock(self.clock, self.cut)  # type: ignore[arg-type]

    def made_writer(self) -> Writer:
        cut: Any = self.cut
        return Writer(CutDatabase(self.database, cut), CutKeys(self.keys, cut), self.clock)


class House(RuleBasedStateMachine):
    """``world`` is what is tested; the model is the rest."""

    def __init__(self, make: Callable[[], Where], gone: Callable[[Where], None]) -> None:
        super().__init__()
        self.place, self._gone = make(), gone
        self.world = Frail(self.place, START)
        self.world.fold()
        self.published = len(self.facts())
        self.sent: list[dict[str, Any]] = []
        self.places: dict[str, tuple[str, int]] = {}
        """Source's id -> (event id, place)."""
        self.changed: dict[str, str] = {}
        """Source's id -> that of what corrected or withdrew it."""
        self.lane: list[tuple[int, str, int, dict[str, Any]]] = []
        self.decided = self.published

    # -- what the senders do

    def name(self) -> str:
        return f"e{len(self.sent)}"

    def give(self, raw: dict[str, Any]) -> Outcome:
        (outcome,) = self.world.append(raw)
        return outcome

    def kept(self, raw: dict[str, Any], outcome: Outcome, *, duplicate: bool = False) -> None:
        assert isinstance(outcome, Appended), outcome
        assert (outcome.place, outcome.duplicate) == (self.published + len(self.places) + 1, duplicate)
        self.places[raw["id"]] = (outcome.event_id, outcome.place)
        self.sent.append(raw)

    def made(self, ticket: str, kind: int, ago: int) -> dict[str, Any]:
        of = TICKETS[ticket]
        name, data = of[kind % len(of)]
        return event(name, self.name(), self.world.clock.now() - ago, ticket=ticket, data=data)

    @rule(
        ticket=st.sampled_from(sorted(TICKETS)),
        kind=st.one_of(st.just(0), st.integers(0, 8)),
        ago=st.sampled_from((0, MINUTE, 7 * MINUTE, 2 * HOUR, 26 * HOUR, 4 * DAY)),
        falls=st.one_of(st.none(), st.sampled_from(AppendStep)),
    )
    def append(self, ticket: str, kind: int, ago: int, falls: AppendStep | None) -> None:
        raw = self.made(ticket, kind, ago)
        if falls is None:
            self.kept(raw, self.give(raw))
            return
        self.world.cut.armed = falls
        if falls is AppendStep.ANSWERED:
            self.give(raw)  # and the answer is lost
        else:
            with pytest.raises((NotKept, Fell)):
                self.give(raw)
        self.reopen()
        raw = dict(raw)
        self.kept(raw, self.give(raw), duplicate=falls in KEPT)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), other=st.booleans())
    def again(self, data: st.DataObject, other: bool) -> None:
        raw = data.draw(st.sampled_from(self.sent))
        if other:
            outcome = self.give({**raw, "time": format_instant(parse_instant(raw["time"]) - SECOND)})
            assert isinstance(outcome, Problem)
            assert (outcome.status, outcome.code) == (409, "duplicate_conflict")
            return
        outcome = self.give(raw)
        assert isinstance(outcome, Appended)
        assert (outcome.duplicate, (outcome.event_id, outcome.place)) == (True, self.places[raw["id"]])

    @precondition(lambda self: self.sent)
    @rule(
        data=st.data(),
        withdraws=st.booleans(),
        ticket=st.sampled_from(sorted(TICKETS)),
        kind=st.integers(0, 8),
        ago=st.sampled_from((0, 3 * HOUR, 3 * DAY)),
    )
    def change(self, data: st.DataObject, withdraws: bool, ticket: str, kind: int, ago: int) -> None:
        target = data.draw(st.sampled_from(self.sent))
        if withdraws:
            now = self.world.clock.now()
            raw = event(
                "event.withdrawn", self.name(), now, correctssourceid=target["id"], data={"reason": "误录"}
            )
        else:
            raw = {**self.made(ticket, kind, ago), "correctssourceid": target["id"]}
        outcome = self.give(raw)
        if target["type"] == "event.withdrawn":
            assert isinstance(outcome, Problem)
            assert (outcome.status, outcome.code) == (422, "not_correctable")
        elif target["id"] in self.changed:
            assert isinstance(outcome, Problem)
            assert (outcome.status, outcome.code) == (409, "already_corrected")
            last = target["id"]
            while last in self.changed:
                last = self.changed[last]
            assert outcome.extra["latest"] == self.places[last][0]
        else:
            self.changed[target["id"]] = raw["id"]
            self.kept(raw, outcome)

    # -- what the engine does

    @rule(by=st.sampled_from((MINUTE, HOUR, 5 * HOUR, 25 * HOUR, 3 * DAY)))
    def time_passes(self, by: int) -> None:
        self.world.clock.set(self.world.clock.now() + by)

    @rule(batch=st.integers(1, 5), steps=st.integers(1, 4))
    def fold(self, batch: int, steps: int) -> None:
        self.world.engine.pace.most = self.world.batch = batch
        for _ in range(steps):
            before = self.state().decided
            if not self.world.engine.step():
                assert self.state().decided == len(self.places) + self.published
            assert self.state().decided <= before + batch

    @rule()
    def tick(self) -> None:
        self.world.tick()

    @rule(falls=st.sampled_from(EngineStep), ticks=st.booleans(), reopens=st.booleans())
    def engine_falls(self, falls: EngineStep, ticks: bool, reopens: bool) -> None:
        fall_at(self.world.engine, falls)
        before = self.state(), len(self.world.verdicts())
        try:
            self.world.tick() if ticks else self.world.fold()
        except Fell:
            if falls is not EngineStep.COMMITTED:
                assert (self.state(), len(self.world.verdicts())) == before
            else:
                assert self.state() != before[0]
        if reopens:
            self.reopen()
        else:
            self.world.take_over()

    @rule(ticks=st.booleans())
    def taken_over(self, ticks: bool) -> None:
        stale = self.world.engine
        self.world.take_over()
        before = self.state()
        if before.decided < self.published + len(self.places):
            with pytest.raises(Fenced):
                stale.step()
        else:
            assert not stale.step()
        assert self.state() == before
        if ticks:
            self.world.tick()

    # -- what must be so

    def state(self) -> EngineState:
        with self.world.database.read() as conn:
            return engine_state(conn, self.world.tenant)

    def facts(self) -> list[Event]:
        with self.world.database.read() as conn:
            return self.world.ledger.facts(conn, self.world.tenant, 0, 2**31)

    def reopen(self) -> None:
        now, batch = self.world.clock.now(), self.world.batch
        self.world.close()
        self.world = Frail(self.place, now)
        self.world.engine.pace.most = self.world.batch = batch

    @invariant()
    def lanes_only_grow_without_gaps(self) -> None:
        lane, verdicts, state = self.world.lane(), self.world.verdicts(), self.state()
        assert lane[: len(self.lane)] == self.lane
        assert [v.place for v in verdicts] == list(range(1, len(verdicts) + 1))
        assert state.verdict_place == len(verdicts)
        assert self.decided <= state.decided <= self.published + len(self.places)
        self.lane, self.decided = lane, state.decided
        facts = self.facts()
        assert [fact.place for fact in facts] == list(range(1, len(facts) + 1))
        assert {f.source_id: (f.event_id, f.place) for f in facts[self.published :]} == self.places
        recorded = [fact.recorded for fact in facts]
        assert recorded == sorted(recorded)

    def teardown(self) -> None:
        """The same facts in order, undisturbed, in a fresh world: the same lane, and the same tables to the byte."""
        try:
            if self.places:
                end = self.world.clock.now() + 40 * DAY
                self.world.tick(end)
                facts = self.facts()[self.published :]
                raws = {raw["id"]: raw for raw in self.sent}
                with quick_world() as calm:
                    for fact in facts:
                        calm.keep(raws[fact.source_id], fact.recorded)
                    calm.tick(end)
                    assert calm.lane() == self.world.lane()
                    assert calm.tables() == self.world.tables()
                assert self.world.rebuild().differences == {}
                assert verify(self.world.database).problems == []
        finally:
            self.world.close()
            self._gone(self.place)


def fall_at(engine: Engine, falls: EngineStep) -> None:
    """At the first passing, through the engine's write port."""
    write = engine.write

    def wrapped(job: Callable[[Connection], EngineState]) -> EngineState:
        if falls is EngineStep.COMPUTED:
            raise Fell

        def inside(conn: Connection) -> EngineState:
            state = job(conn)
            if falls is EngineStep.APPLIED:
                raise Fell
            return state

        state = write(inside)
        if falls is EngineStep.COMMITTED:
            raise Fell
        return state

    engine.write = wrapped


def made(make: Callable[[], Where], gone: Callable[[Where], None]) -> Any:
    """What makes a house; called by no more than that."""
    return partial(House, make, gone)


def shaped(kind: str) -> settings:
    return settings(
        max_examples=EXAMPLES[kind],
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def test_whatever_happens_on_sqlite() -> None:
    def make() -> Path:
        home = Path(tempfile.mkdtemp(dir=prepared_folder().parent, prefix="touchline-test-machine-"))
        shutil.copytree(prepared_folder(), home / "world")
        return home / "world"

    def gone(place: Where) -> None:
        assert isinstance(place, Path)
        shutil.rmtree(place.parent)

    run_state_machine_as_test(made(make, gone), settings=shaped("sqlite"))


def prepare(place: Place) -> None:
    migrated(place)
    world = World(place)
    world.fold()
    world.close()


def test_whatever_happens_on_postgresql(cluster: Cluster) -> None:
    def gone(place: Where) -> None:
        assert isinstance(place, Place)
        cluster.drop(place)

    make = partial(cluster.database, "machine", prepare)
    run_state_machine_as_test(made(make, gone), settings=shaped("postgresql"))
