"""Mutations of the engine that no other test noticed, and work that grew with what it did not concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import lanes
from ledger.errors import Fenced
from processors.rules.book import Book
from processors.rules.promises.rule import Promises
from processors.rules.protocol import Evidence
from projections.pages import SqlPages
from projections.store import open_store
from schemas.instants import DAY, HOUR, MINUTE
from tests.kit.policies import with_more
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}
REPAIR = {"urgency": "other", "component": "window", "description": "关不严"}


def complaints(world: World, count: int) -> None:
    """All at one instant, so that what follows from them is due at one instant too."""
    world.append(
        *(event("complaint.received", f"c{n}", START, ticket=f"C{n}", data=COMPLAINT) for n in range(count)),
        at=START + MINUTE,
    )


def test_where_the_slices_fall_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def story(due: int, batch: int, *, alone: bool = False) -> tuple[Any, list[str]]:
        monkeypatch.setattr("processors.pace.DUE", due)
        world = World(tmp_path / f"{due}-{batch}-{alone}", batch=batch)
        world.engine.alone = alone
        try:
            complaints(world, 7)
            world.fold()
            for n, days in enumerate((1, 3, 8)):  # the engine was away: facts and due instants are mixed
                done = event(
                    "complaint.resolved", f"r{n}", START + HOUR, ticket=f"C{n}", data={"resolution": "修"}
                )
                world.keep(done, START + days * DAY)
            world.tick(START + 30 * DAY)
            assert world.rebuild().differences == {}
            return world.lane(), world.tables()
        finally:
            world.close()

    whole = story(10**6, 64)
    assert len(whole[0]) > 90
    for due, batch in ((2, 64), (3, 1), (5, 2), (7, 64), (8, 3)):
        assert story(due, batch) == whole
    assert story(2, 2, alone=True) == whole


def test_a_slice_may_end_within_an_instant_and_a_rebuild_there_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many promises fall due together, no transaction holds the writer for more than its share."""
    monkeypatch.setattr("processors.pace.DUE", 3)
    complaints(world, 7)
    world.fold()
    world.clock.set(START + 30 * DAY)
    cut = world.writer.call(lambda conn: lanes.cut(conn, world.clock, world.tenant))
    instants: list[int] = []
    said = slices = 0
    within = False
    while world.engine.tick(cut):
        fresh = world.verdicts()[said:]
        assert len({v.origin["row"] for v in fresh}) <= 3
        told = [int(v.origin["at"]) for v in fresh]
        within = within or bool(instants and told and instants[-1] == told[0])
        instants += told
        said, slices = world.engine.state.verdict_place, slices + 1
        if slices in (1, 2, 5):
            assert world.rebuild(swap=True).differences == {}
            world.store = open_store(world.database, world.writer, world.rules)
            world.take_over()
    assert within, "some slice did end within an instant"
    assert instants == sorted(instants)
    assert len(instants) > 60
    assert world.rebuild().differences == {}


def test_a_due_instant_that_moved_is_retracted_and_said_anew(world: World) -> None:
    """The end of a wait is corrected when the promise is overdue by the old due instant and by the new one."""
    party = {"party": "owner"}
    world.keep(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), START + HOUR)
    world.keep(event("case.wait_started", "b", START + DAY, ticket="T", data=party), START + DAY)
    world.keep(event("case.wait_ended", "c", START + 2 * DAY, ticket="T", data=party), START + 2 * DAY)
    world.tick(START + 20 * DAY)
    moved = event("case.wait_ended", "d", START + 4 * DAY, ticket="T", data=party, correctssourceid="c")
    world.keep(moved, START + 20 * DAY)
    world.fold()
    key = "complaint.handle_in_standard"
    mine = [v for v in world.verdicts() if v.data["obligation_key"] == key]
    first, standing = [v for v in mine if v.type == "obligation.breached"]
    assert first.event_id in {v.data.get("retracts") for v in mine}
    assert (standing.time, standing.time - first.time) == (standing.data["due"], 2 * DAY)
    assert standing.origin["generation"] == 2
    assert world.rebuild().differences == {}


def test_an_engine_that_missed_a_tick_of_its_twin_is_fenced(world: World) -> None:
    complaints(world, 1)
    world.fold()
    twin, write = replace(world.engine), world.engine.write

    def late(job: Any) -> Any:
        world.tick(START + 10 * DAY)  # the other was faster; both bear the same epoch and decided place
        return write(job)

    twin.write = late
    world.clock.set(START + 10 * DAY)
    cut = world.writer.call(lambda conn: lanes.cut(conn, world.clock, world.tenant))
    with pytest.raises(Fenced):
        twin.tick(cut)
    said = [v.event_id for v in world.verdicts()]
    assert said
    assert len(said) == len(set(said))


def partial(world: World) -> None:
    """A policy whose discharge settles every repair of a project."""
    partial = {
        "row": "O1",
        "zh": "试",
        "on": "repair.reported",
        "per": ["case"],
        "due": {"after": "2d"},
        "by": {"event": "repair.completed", "match": ["project"]},
        "owes": "project_cs",
    }
    data = with_more("breaking.1", {"breaking.partial": partial})
    world.keep(event("policy.published", "p", START, data=data), START, admin=True)


def test_one_more_promise_on_a_partial_scope_judges_itself_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial(world)
    judged: list[str] = []
    own = Promises.judge

    def judge(rule: Promises, scope: str, evidence: Sequence[Evidence], book: Book) -> Any:
        if "|breaking." in scope:
            judged.append(scope)
        return own(rule, scope, evidence, book)

    monkeypatch.setattr(Promises, "judge", judge)
    repairs = [
        event("repair.reported", f"r{n}", START, ticket=f"B{n}", projectid="P", data=REPAIR)
        for n in range(30)
    ]
    world.append(*repairs, at=START + MINUTE)
    world.fold()
    assert len(judged) == 30
    judged.clear()
    moved = event(
        "repair.reported", "m", START, ticket="B0", projectid="Q", data=REPAIR, correctssourceid="r0"
    )
    world.keep(moved, START + HOUR)
    world.fold()
    assert len(judged) == 1
    judged.clear()
    done = event("repair.completed", "d", START + HOUR, ticket="B1", projectid="P", data={"key_work": True})
    world.keep(done, START + HOUR)
    world.fold()
    assert sorted(judged) == sorted(set(judged))
    assert len(judged) == 29, "all that read the partial scope, and not the one that moved away"
    met = [
        p
        for p in world.reading.promises.find(world.tenant, limit=100)
        if p["obligation"] == "breaking.partial"
    ]
    assert sorted(p["state"] for p in met) == ["met"] * 29 + ["open"]
    assert world.rebuild().differences == {}


def test_a_slice_asks_for_its_scopes_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints(world, 40)
    world.fold()
    world.take_over()  # it has nothing in memory
    asked: list[int] = []
    own = SqlPages.evidence

    def evidence(pages: SqlPages, rule: str, scopes: Sequence[str], *, voided: bool = False) -> Any:
        asked.append(len(scopes))
        return own(pages, rule, scopes, voided=voided)

    monkeypatch.setattr(SqlPages, "evidence", evidence)
    world.clock.set(START + 2 * DAY)
    cut = world.writer.call(lambda conn: lanes.cut(conn, world.clock, world.tenant))
    ticks = 0
    while world.engine.tick(cut):
        ticks += 1
    assert sum(asked) >= 40
    assert len(asked) <= 2 * ticks
