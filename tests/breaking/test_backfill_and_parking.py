"""Found by trying to break the engine: what a publication files for older facts and what parking keeps out must not depend
on what came later in the ledger, on how far behind the engine was, or on which of an event's scopes failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from processors.rules.book import Book
from processors.rules.protocol import Evidence, Filing, Row
from schemas.canonical import canonical
from schemas.event import Event
from schemas.instants import DAY, HOUR, Instant
from tests.kit.policies import UNHEARD, with_more
from tests.kit.rules import Quiet
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}
FORWARDED = {"to_department": "engineering_dept"}


def complaint(own_id: str, time: Instant, ticket: str = "T", **more: Any) -> dict[str, Any]:
    return event("complaint.received", own_id, time, ticket=ticket, data=COMPLAINT, **more)


def forwarded(own_id: str, time: Instant, ticket: str = "T", **more: Any) -> dict[str, Any]:
    return event("complaint.forwarded", own_id, time, ticket=ticket, data=FORWARDED, **more)


def publish(world: World, at: Instant) -> None:
    """One more policy, which listens under slots that no policy before it had."""
    data = with_more("breaking.1", {"breaking.one": UNHEARD})
    world.keep(event("policy.published", "p", at, data=data), at, admin=True)


@pytest.mark.parametrize("behind", [False, True])
def test_what_is_corrected_later_was_filed_all_the_same(behind: bool, tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        world.keep(forwarded("a", START, houseid="1"), START + HOUR)
        world.keep(complaint("b", START, houseid="1"), START + HOUR)
        publish(world, START + DAY)
        if not behind:
            world.fold()
        world.keep(forwarded("a2", START, houseid="2", correctssourceid="a"), START + 2 * DAY)
        world.keep(event("event.withdrawn", "w", START, correctssourceid="b", data={"reason": "误"}))
        world.tick(START + 9 * DAY)
        voided = [
            line
            for line in world.tables()
            if line.startswith("evidence ") and "|breaking.one" in line and '"voided":0' not in line
        ]
        assert len(voided) == 2, "filed by the publication, taken out by what came after it"
        assert world.rebuild().differences == {}
    finally:
        world.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Row):
    """What was heard in a scope."""

    TABLE: ClassVar[str] = "told"
    types: str


class Brittle(Quiet):
    """Two scopes for each event, ``1:`` and ``2:``; fails as it is told to."""

    name = "brittle"
    version = 1
    rows: tuple[type[Row], ...] = (Told,)

    def __init__(self) -> None:
        self.filing: set[str] = set()
        self.judging: set[tuple[str, str]] = set()

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.source_id in self.filing:
            raise ZeroDivisionError
        if event.case_id and not event.verdict:
            for number in "12":
                yield Filing(scope=f"{number}:{event.case_id}", slot="told", value=canonical(event.source_id))

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        ids = [e.value.strip('"') for e in evidence]
        if any((scope[0], one) in self.judging for one in ids):
            raise ZeroDivisionError
        if ids:
            yield Told(id=scope, scope=scope, types=" ".join(ids))

    def mend(self) -> None:
        self.filing.clear()
        self.judging.clear()


@pytest.fixture
def brittle() -> Brittle:
    return Brittle()


@pytest.fixture
def breaking(tmp_path: Path, brittle: Brittle) -> Iterator[World]:
    world = World(tmp_path, more_rules=[brittle])
    yield world
    world.close()


def told(world: World) -> list[str]:
    return [
        line.partition('"types":"')[2].partition('"')[0] for line in world.tables() if line[:5] == "told "
    ]


def parked(world: World) -> list[str]:
    return [str(v.data["parked_event"]) for v in world.verdicts() if v.type == "event.parked"]


def resume(world: World, own_id: str, target: str, at: Instant) -> None:
    data = {"rule": "brittle", "parked_event": target}
    world.keep(event("event.resumed", own_id, at, data=data), at, admin=True)
    world.fold()


@pytest.mark.parametrize("scope", ["1", "2"])
def test_a_failure_in_one_scope_leaves_nothing_in_the_other(
    scope: str, breaking: World, brittle: Brittle
) -> None:
    brittle.judging = {(scope, "bad")}
    breaking.keep(complaint("good", START), START + HOUR)
    breaking.keep(forwarded("bad", START), START + HOUR)
    breaking.fold()
    assert told(breaking) == ["good", "good"]
    assert breaking.rebuild().differences == {}


def test_resumed_before_judging_is_mended_it_is_parked_again_and_others_go_on(
    breaking: World, brittle: Brittle
) -> None:
    brittle.judging = {("1", "bad")}
    breaking.keep(complaint("good", START), START + HOUR)
    bad = breaking.keep(forwarded("bad", START), START + HOUR).event_id
    breaking.fold()
    resume(breaking, "r1", bad, START + 2 * HOUR)
    breaking.keep(forwarded("next", START + HOUR), START + 3 * HOUR)
    breaking.fold()
    assert parked(breaking) == [bad, bad]
    assert told(breaking) == ["good next", "good next"]
    assert breaking.rebuild().differences == {}
    brittle.mend()
    resume(breaking, "r2", bad, START + 4 * HOUR)
    assert told(breaking) == ["good bad next", "good bad next"]
    assert breaking.reading.engine.parked(breaking.tenant) == []
    assert breaking.rebuild().differences == {}


def test_what_is_not_parked_is_resumed_in_vain(breaking: World, brittle: Brittle) -> None:
    good = breaking.keep(complaint("good", START), START + HOUR).event_id
    resume(breaking, "r1", good, START + 2 * HOUR)
    data = {"rule": "cases", "parked_event": good}
    breaking.keep(event("event.resumed", "r2", START, data=data), START + 3 * HOUR, admin=True)
    breaking.keep(forwarded("next", START), START + 3 * HOUR)
    breaking.fold()
    assert told(breaking) == ["good next", "good next"]
    assert breaking.rebuild().differences == {}


def test_what_is_corrected_after_it_was_resumed_was_let_in(breaking: World, brittle: Brittle) -> None:
    brittle.filing = {"bad"}
    bad = breaking.keep(forwarded("bad", START), START + HOUR).event_id
    breaking.fold()
    brittle.mend()
    data = {"rule": "brittle", "parked_event": bad}
    breaking.keep(event("event.resumed", "r", START, data=data), START + 2 * HOUR, admin=True)
    breaking.keep(forwarded("mended", START, correctssourceid="bad"), START + 3 * HOUR)
    breaking.fold()  # the engine was behind: the correction stands in the ledger when it resumes
    assert told(breaking) == ["mended", "mended"]
    assert breaking.reading.engine.parked(breaking.tenant) == []
    assert breaking.rebuild().differences == {}


@pytest.mark.parametrize("where", ["file", "judge"])
def test_a_publication_lets_nothing_parked_in_and_goes_on(
    where: str, breaking: World, brittle: Brittle
) -> None:
    brittle.filing = {"bad"} if where == "file" else set()
    brittle.judging = {("1", "bad")} if where == "judge" else set()
    breaking.keep(complaint("good", START), START + HOUR)
    bad = breaking.keep(forwarded("bad", START), START + HOUR).event_id
    publish(breaking, START + DAY)
    breaking.keep(forwarded("next", START + HOUR), START + 2 * DAY)
    breaking.fold()
    assert parked(breaking) == [bad]
    assert told(breaking) == ["good next", "good next"]
    assert breaking.rebuild().differences == {}
    brittle.mend()
    resume(breaking, "r", bad, START + 3 * DAY)
    assert told(breaking) == ["good bad next", "good bad next"]
    assert breaking.rebuild().differences == {}


def test_a_rule_that_first_fails_on_an_older_fact_when_a_publication_files_it_parks_it(
    breaking: World, brittle: Brittle
) -> None:
    old = breaking.keep(forwarded("old", START), START + HOUR).event_id
    breaking.fold()
    brittle.filing = {"old"}
    publish(breaking, START + DAY)
    breaking.fold()
    assert parked(breaking) == [old]
    assert breaking.engine.state.decided == 5
