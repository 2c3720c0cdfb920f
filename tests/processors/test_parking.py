"""Invariant 14: if a rule fails on an event, (rule, event) is parked, by a verdict; other rules, scopes and events flow on, and
its evidence enters when it is resumed, in its place in time. A type that the code lacks stops the engine and names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from processors.fold import UnknownType
from processors.rules.book import Book
from processors.rules.protocol import Evidence, Filing, Mark, Row
from projections.refold import Refold
from schemas.canonical import canonical
from schemas.catalogue import CATALOGUE
from schemas.event import Event
from schemas.identity import verdict_id
from schemas.instants import HOUR, Instant
from tests.kit.policies import with_more
from tests.kit.rebuilding import rebuilt_anyhow
from tests.kit.rules import Quiet
from tests.kit.world import START, World, event


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Row):
    """What was heard in a case, in order of happening."""

    TABLE: ClassVar[str] = "heard"
    types: str


class Unreadable(Mapping[str, Any]):
    """What a verdict would bear, put together when it is said."""

    def __getitem__(self, name: str) -> Any:
        raise ZeroDivisionError

    def __iter__(self) -> Iterator[str]:
        yield "never"

    def __len__(self) -> int:
        return 1


class Fragile(Quiet):
    """Fails on complaint.forwarded until it is mended: in filing, in judging, in foreseeing when its row will say something, in
    saying that, in what that bears, or in taking back what it said before."""

    name = "fragile"
    version = 1
    rows: tuple[type[Row], ...] = (Heard,)

    def __init__(self, where: str) -> None:
        self.where = where
        self.speaks = where in ("marks", "data", "about")

    def _maybe(self, where: str, types: Iterable[str]) -> None:
        if where == self.where and "complaint.forwarded" in types:
            raise ZeroDivisionError("the customer's name might stand here")

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        self._maybe("file", [event.type])
        if event.case_id and not event.verdict:
            yield Filing(scope=event.case_id, slot="heard", value=canonical(event.type))

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        types = [e.value.strip('"') for e in evidence]
        self._maybe("judge", types)
        if types:
            yield Heard(id=scope, scope=scope, types=" ".join(types))

    def instants(self, row: Row, book: Book) -> list[Instant]:
        assert isinstance(row, Heard)
        self._maybe("instants", row.types.split())
        return [START] if self.speaks else []

    def marks(self, row: Row, book: Book) -> Iterator[Mark]:
        assert isinstance(row, Heard)
        self._maybe("marks", row.types.split())
        moved = "complaint.forwarded" in row.types
        if self.speaks:
            data: Mapping[str, Any] = Unreadable() if moved and self.where == "data" else {}
            yield Mark(at=START, time=START + moved, kind="due_soon", type="obligation.due_soon", data=data)

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        assert isinstance(row, Heard)
        self._maybe("about", row.types.split())
        return super().about(row, book)


def heard(world: World) -> list[str]:
    return [line for line in world.tables() if line.startswith("heard ")]


def said(world: World) -> list[tuple[str, Instant]]:
    return [(v.type, v.time - START) for v in world.verdicts() if v.origin["rule"] == "fragile"]


@pytest.mark.parametrize("where", ["file", "judge", "instants", "marks", "data", "about"])
def test_parked_named_and_resumed_in_its_place(where: str, tmp_path: Path) -> None:
    rule = Fragile(where)
    world = World(tmp_path, more_rules=[rule])
    try:
        complaint = {"subject": "engineering", "category": "leak", "description": "渗水"}
        world.keep(event("complaint.received", "a", START, ticket="T", data=complaint), START + HOUR)
        bad = world.keep(
            event(
                "complaint.forwarded",
                "b",
                START + HOUR,
                ticket="T",
                data={"to_department": "engineering_dept"},
            ),
            START + HOUR,
        )
        world.keep(
            event("complaint.resolved", "c", START + 2 * HOUR, ticket="T", data={"resolution": "已修"}),
            START + 3 * HOUR,
        )
        world.fold()

        (parked,) = [v for v in world.verdicts() if v.type == "event.parked"]
        assert parked.data["rule"] == "fragile"
        assert parked.data["parked_event"] == bad.event_id
        assert parked.data["error"] == "ZeroDivisionError"
        assert [p["event_id"] for p in world.reading.engine.parked(world.tenant)] == [bad.event_id]
        assert world.reading.engine.recheck(world.tenant) == [], "today's rules would park it too"
        assert "complaint.received complaint.resolved" in heard(world)[0]
        case = world.reading.cases.get(world.tenant, bad.case_id)
        assert case is not None
        assert case["touchpoints"] == 3, "the other rules saw all of it"
        assert world.rebuild().differences == {}
        once = [("obligation.due_soon", 0)] if rule.speaks else []
        assert said(world) == [*once, ("event.parked", HOUR)], "and nothing of what it would have said"

        rule.where = ""
        world.keep(
            event(
                "event.resumed", "r", START + 3 * HOUR, data={"rule": "fragile", "parked_event": bad.event_id}
            ),
            START + 4 * HOUR,
            admin=True,
        )
        world.fold()
        assert "complaint.received complaint.forwarded complaint.resolved" in heard(world)[0]
        assert world.reading.engine.parked(world.tenant) == []
        assert world.rebuild().differences == {}
        again = [("obligation.retracted", 4 * HOUR), ("obligation.due_soon", 1)] if rule.speaks else []
        assert said(world) == [*once, ("event.parked", HOUR), *again]
        assert world.reading.engine.recheck(world.tenant) == []
    finally:
        world.close()


class Twofold(Fragile):
    """Evidence in two scopes, of which one fails and the other is carried on."""

    name = "twofold"

    def __init__(self, failing: str) -> None:
        super().__init__("judge")
        self.failing = failing

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.case_id and not event.verdict:
            for side in ("first", "second"):
                yield Filing(scope=side + event.case_id, slot="heard", value=canonical(event.type))

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        types = [e.value.strip('"') for e in evidence]
        if scope.startswith(self.failing):
            self._maybe("judge", types)
        if types:
            yield Heard(id=scope, scope=scope, types=" ".join(types))

    def carry(self, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
        if evidence[-1].scope.startswith(self.failing) or not rows:
            return None
        (row,) = rows
        assert isinstance(row, Heard)
        came = evidence[-1].value.strip('"')
        return (replace(row, types=f"{row.types} {came}"),)


class Bereft(Fragile):
    """Fails on a case whose first report as it first came is gone, until it is mended; and says which came first."""

    name = "bereft"

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.case_id and not event.verdict and event.type != "event.withdrawn":
            yield Filing(scope=event.case_id, slot="heard", value=canonical(event.type))

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        for side in ("one", "other") if evidence else ():
            corrected = "corrected" if evidence[0].known else ""
            bereft = "bereft" if corrected or evidence[0].value != '"complaint.received"' else ""
            types = f"{evidence[0].event_id} {bereft} {corrected}"
            yield Heard(id=side + scope, scope=scope, types=types)

    def instants(self, row: Row, book: Book) -> list[Instant]:
        assert isinstance(row, Heard)
        if self.where and row.id.startswith("other") and self.where in row.types:
            raise ZeroDivisionError
        return []


@pytest.mark.parametrize(
    ("how", "where"), [("withdrawn", "bereft"), ("corrected", "bereft"), ("corrected", "corrected")]
)
def test_what_a_parked_event_took_out_is_judged_when_it_is_resumed(
    how: str, where: str, tmp_path: Path
) -> None:
    """Of a case on which the rule fails for want of what was withdrawn or corrected, nothing is half told; where it fails on
    the correction alone, the case stands without both; other cases go on, and after the fix it is as if the rule had
    never failed."""
    rule = Bereft(where)
    world = World(tmp_path, more_rules=[rule])
    try:
        complaint = {"subject": "engineering", "category": "leak", "description": "渗水"}
        world.keep(event("complaint.received", "a", START, ticket="T", data=complaint), START + HOUR)
        forwarded = {"to_department": "engineering_dept"}
        world.keep(event("complaint.forwarded", "b", START + HOUR, ticket="T", data=forwarded), START + HOUR)
        world.fold()
        stood = heard(world)
        assert len(stood) == 2
        taken = (
            event("event.withdrawn", "w", START + HOUR, correctssourceid="a", data={"reason": "误录"})
            if how == "withdrawn"
            else event("complaint.received", "c", START, ticket="T", correctssourceid="a", data=complaint)
        )
        bad = world.keep(taken, START + 2 * HOUR)
        world.keep(event("complaint.received", "d", START, ticket="U", data=complaint), START + 2 * HOUR)
        world.fold()
        parked = world.reading.engine.parked(world.tenant)
        assert {p["event_id"] for p in parked} == {bad.event_id}
        still = [p["scope"] for p in parked if p["scope"]]
        assert still == ([bad.case_id] if where == "bereft" else []), "without the event it fails too"
        rebuilt_anyhow(world)  # though what it is judged by is gone
        kept = [line for line in heard(world) if line in stood]
        assert kept == (stood if where == "bereft" else [])
        assert len(heard(world)) == 4
        rule.where = ""
        resumed = {"rule": "bereft", "parked_event": bad.event_id}
        world.keep(event("event.resumed", "r", START, data=resumed), START + 4 * HOUR, admin=True)
        world.fold()
        assert not any(line in stood for line in heard(world))
        assert len(heard(world)) == 4
        assert world.reading.engine.parked(world.tenant) == []
        assert world.rebuild().differences == {}
        assert world.reading.engine.recheck(world.tenant) == []
    finally:
        world.close()


@pytest.mark.parametrize("failing", ["first", "second"])
def test_parked_once_and_out_of_every_scope(failing: str, tmp_path: Path) -> None:
    """An event that a rule fails on in one scope stands in none of the others, and is said to be parked once."""
    world = World(tmp_path, more_rules=[Twofold(failing)])
    try:
        forwarded = {"to_department": "engineering_dept"}
        world.keep(event("complaint.forwarded", "a", START, ticket="Q", data=forwarded), START + HOUR)
        complaint = {"subject": "engineering", "category": "leak", "description": "渗水"}
        world.keep(event("complaint.received", "b", START, ticket="T", data=complaint), START + HOUR)
        world.keep(event("complaint.forwarded", "c", START + HOUR, ticket="T", data=forwarded), START + HOUR)
        world.fold()
        assert [v.origin["generation"] for v in world.verdicts() if v.type == "event.parked"] == [1, 1]
        assert ["forwarded" in line for line in heard(world)] == [False, False]
        assert world.rebuild().differences == {}
    finally:
        world.close()


class Bereaved(Twofold):
    """Fails in both scopes for want of what was withdrawn."""

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        return super().file(event, book) if event.type != "event.withdrawn" else iter(())

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        types = [e.value.strip('"') for e in evidence]
        if self.where and "complaint.received" not in types:
            raise ZeroDivisionError
        yield Heard(id=scope, scope=scope, types=" ".join(types))


def test_parked_once_though_more_than_one_scope_fails_for_what_it_took_out(tmp_path: Path) -> None:
    rule = Bereaved("first")
    world = World(tmp_path, more_rules=[rule])
    try:
        complaint = {"subject": "engineering", "category": "leak", "description": "渗水"}
        world.keep(event("complaint.received", "a", START, ticket="T", data=complaint), START + HOUR)
        world.keep(event("event.withdrawn", "w", START, correctssourceid="a", data={"reason": "误录"}))
        world.fold()
        said = [str(v.data.get("scope", ""))[:5] for v in world.verdicts() if v.type == "event.parked"]
        assert said == ["", "first", "secon"]
        rebuilt_anyhow(world)
    finally:
        world.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoed(Row):
    """What was said of a case, as another rule has heard it."""

    TABLE: ClassVar[str] = "echoed"
    said: str


class Echo(Quiet):
    """Hears what the other says, and fails on it until it is mended."""

    name = "echo"
    version = 1
    rows: tuple[type[Row], ...] = (Echoed,)
    broken = True

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.type == "obligation.due_soon" and event.origin["rule"] == "fragile":
            if self.broken:
                raise ZeroDivisionError
            yield Filing(scope=str(event.origin["row"]), slot="said", value=canonical(event.event_id))

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        if evidence:
            yield Echoed(id=scope, scope=scope, said=" ".join(e.value.strip('"') for e in evidence))


@pytest.mark.parametrize("at_once", [True, False])
def test_a_verdict_is_parked_and_resumed_like_a_fact(at_once: bool, tmp_path: Path) -> None:
    """Wherever the batches are cut; one that was retracted meanwhile is not let in, and is not shown for ever."""
    says, echo = Fragile("marks"), Echo()
    says.where = ""
    world = World(tmp_path, more_rules=[says, echo])

    def step(*kept: dict[str, Any], admin: bool = False, folding: bool = not at_once) -> None:
        for raw in kept:
            world.keep(raw, world.clock.now(), admin=admin)
        world.clock.set(world.clock.now() + HOUR)  # an engine that is behind
        if folding:
            world.fold()

    def resume(number: int, verdict: str) -> dict[str, Any]:
        data = {"rule": "echo", "parked_event": verdict}
        return event("event.resumed", f"r{number}", START, data=data)

    try:
        complaint = {"subject": "engineering", "category": "leak", "description": "渗水"}
        forwarded = {"to_department": "engineering_dept"}
        opened = world.keep(event("complaint.received", "a", START, ticket="T", data=complaint), START + HOUR)
        step()
        first, second = (verdict_id(opened.case_id, "due_soon", n) for n in (1, 2))
        step(event("complaint.forwarded", "b", START, ticket="T", data=forwarded))
        step(resume(1, first), resume(2, second), admin=True, folding=True)
        parked = {
            v.data["parked_event"]: v.origin["generation"] for v in world.verdicts() if "parked" in v.type
        }
        assert parked == {first: 1, second: 2}, "the first was retracted, the second came too early"
        assert [p["event_id"] for p in world.reading.engine.parked(world.tenant)] == [second]
        echo.broken = False
        rebuilt_anyhow(world)
        step(resume(3, second), admin=True, folding=True)
        assert world.reading.engine.parked(world.tenant) == []
        (line,) = [line for line in world.tables() if line.startswith("echoed ")]
        assert second in line
        assert first not in line
        assert world.reading.engine.recheck(world.tenant) == []
        rebuilt_anyhow(world)
    finally:
        world.close()


def test_a_publication_files_older_facts_once_and_not_where_they_are_parked(tmp_path: Path) -> None:
    """A policy that listens to what none before it did: what stands is not filed again, and what is parked stays out."""
    world = World(tmp_path, more_rules=[Fragile("judge")])
    try:
        complaint = {"subject": "engineering", "category": "leak", "description": "渗水"}
        opened = world.keep(event("complaint.received", "a", START, ticket="T", data=complaint), START + HOUR)
        forwarded = {"to_department": "engineering_dept"}
        world.keep(event("complaint.forwarded", "b", START, ticket="T", data=forwarded), START + HOUR)
        own = {"zh": "转办后一日", "on": "complaint.forwarded", "per": ["case"], "due": {"after": "1d"},
               "by": "complaint.resolved", "owes": "cs_specialist"}  # fmt: skip
        world.keep(
            event("policy.published", "p", START, data=with_more("more", {"own.forwarded": own})),
            START + HOUR,
            admin=True,
        )
        world.fold()
        assert len([v for v in world.verdicts() if v.type == "event.parked"]) == 1
        case = world.reading.cases.get(world.tenant, opened.case_id)
        assert case is not None
        assert case["touchpoints"] == 2
        assert "forwarded" not in heard(world)[0]
        assert world.rebuild().differences == {}
    finally:
        world.close()


def test_what_was_parked_and_not_resumed_stays_out_of_a_rebuild_by_a_mended_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the bulk and page by page: what is recorded counts, not what today's rule would do."""
    rule = Fragile("file")
    world = World(tmp_path, more_rules=[rule])
    try:
        forwarded = {"to_department": "engineering_dept"}
        for own_id in ("a", "b"):
            world.keep(
                event("complaint.forwarded", own_id, START, ticket=own_id, data=forwarded), START + HOUR
            )
        world.fold()
        rule.where = ""
        assert world.rebuild().differences == {}
        monkeypatch.setattr(Refold, "bulk", lambda *_: None)
        assert world.rebuild().differences == {}
        assert heard(world) == []
    finally:
        world.close()


def test_resumed_too_early_is_parked_again(tmp_path: Path) -> None:
    world = World(tmp_path, more_rules=[Fragile("file")])
    try:
        bad = world.keep(
            event("complaint.forwarded", "b", START, ticket="T", data={"to_department": "engineering_dept"}),
            START + HOUR,
        )
        resume = {"rule": "fragile", "parked_event": bad.event_id}
        world.keep(event("event.resumed", "r", START, data=resume), START + HOUR, admin=True)
        world.fold()
        parked = [v.origin["generation"] for v in world.verdicts() if v.type == "event.parked"]
        assert parked == [1, 2]
        assert len(world.reading.engine.parked(world.tenant)) == 1
        assert world.rebuild().differences == {}
    finally:
        world.close()


def test_a_type_that_the_code_lacks_stops_the_engine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keep(
        event("complaint.forwarded", "b", START, ticket="T", data={"to_department": "engineering_dept"}),
        START + HOUR,
    )
    known = dict(CATALOGUE)
    del known["complaint.forwarded"]
    monkeypatch.setattr("processors.fold.CATALOGUE", known)  # as an older version of the code would see it
    decided = world.engine.state.decided
    with pytest.raises(UnknownType, match=r"complaint\.forwarded version 1 at place 4"):
        world.fold()
    assert world.engine.state.decided <= 3
    assert decided <= world.engine.state.decided
