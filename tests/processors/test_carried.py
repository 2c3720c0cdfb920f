"""A promise carried on by its newest evidence is the promise judged (invariant 7), under policies of every form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from benchmarks.policy import facts as common_course
from benchmarks.policy import publications
from processors.changes import carry_on
from processors.fold import Fold
from processors.rows import whole
from processors.rules.book import Book
from processors.rules.promises.keys import split
from processors.rules.promises.promise import LATE, LATE_ENTRY_GRACE, MET, OPEN, Promise
from processors.rules.promises.rule import Promises
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, Evidence, Row
from processors.shelf import Shelf
from processors.whatif import Nothing
from schemas.instants import HOUR
from schemas.policy_files import load_profile
from tests.processors.desk import Desk, at
from tests.processors.test_promises_order import CASE, Fact, facts, placed


def on_the_way(desk: Desk) -> list[tuple[list[Row], list[Row] | None]]:
    """Of every scope without links, and of each piece of its evidence: (rows judged, rows carried on)."""
    made: list[tuple[list[Row], list[Row] | None]] = []
    for scope, kept in desk.evidence.items():
        evidence = sorted(kept.values(), key=IN_ORDER)
        if scope.startswith(PARTIAL) or any(e.slot == LINK for e in evidence):
            continue
        rows: list[Row] = []
        so_far: list[Evidence] = []
        for entry in evidence:
            so_far.append(entry)
            carried = desk.rule.carry(rows, so_far, desk.book)
            rows = list(desk.rule.judge(scope, so_far, desk.book))
            made.append((rows, None if carried is None else list(carried)))
    return made


@settings(max_examples=150, deadline=None)
@given(facts())
def test_carried_on_is_judged(history: list[Fact]) -> None:
    desk = placed(history)
    for judged, carried in on_the_way(desk):
        assert carried is None or carried == judged
        for row in judged:
            marks = list(desk.rule.marks(row, desk.book))
            assert list(desk.rule.instants(row, desk.book)) == [mark.at for mark in marks]


def history(*told: tuple[str, str], policy: dict[str, Any]) -> Desk:
    desk = Desk()
    whole = load_profile().dump()
    desk.publish({**whole, "policies": {"case.one": CASE | policy}})
    for number, (kind, when) in enumerate(told):
        desk.place(kind, at(when), f"e{number}", case_id="a")
    return desk


def test_of_the_common_course_of_a_case_only_recurring_duties_are_judged_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under the shipped policies: complaints and repairs from the first call to the return visit."""
    judged: list[str] = []
    own = Promises.judge

    def judge(rule: Promises, scope: str, evidence: Sequence[Evidence], book: Book) -> object:
        judged.append(split(scope)[0])
        return own(rule, scope, evidence, book)

    monkeypatch.setattr(Promises, "judge", judge)
    fold = Fold((Promises(),), Book.empty(), Shelf(Nothing()), lambda *_: None)
    for fact in (*publications(), *common_course(20)):
        fold.advance(whole(fact.recorded), fact.place - 1)
        fold.place(fact)
    assert len(fold.shelf.rows.every(Promise)) > 200
    assert judged
    assert all(fold.book.policies.recurs(policy) for policy in judged)


GATE = {
    "zh": "先讲方案再施工",
    "on": {"any": ["repair.visited", "repair.started"]},
    "due": {"gate": "repair.started"},
    "by": "repair.plan_explained",
}


def test_a_gate_and_a_further_trigger_are_carried_on() -> None:
    """One that was explained before; what opens it, what passes it and what opens nothing more are told from its row."""
    told = (
        ("repair.visited", "2026-02-12 09:00"),
        ("repair.visited", "2026-02-12 10:00"),
        ("repair.plan_explained", "2026-02-12 11:00"),
        ("repair.started", "2026-02-13 09:00"),
        ("repair.started", "2026-02-14 09:00"),
    )
    steps = on_the_way(history(*told, policy=GATE))
    assert len(steps) == 7  # what starts the work is trigger and gate
    assert all(carried == judged for judged, carried in steps)
    (last,) = steps[-1][0]
    assert isinstance(last, Promise)
    assert (last.state, last.due) == (MET, at("2026-02-13 09:00"))


def test_a_gate_passed_before_its_time_is_judged() -> None:
    told = (("repair.visited", "2026-02-12 09:00"), ("repair.started", "2026-02-13 09:00"))
    assert [carried for _, carried in on_the_way(history(*told, policy=GATE))][1] is None


def test_a_gate_that_waits_for_paper_is_judged() -> None:
    """How long, a calendar tells."""
    told = (
        ("repair.visited", "2026-02-12 09:00"),
        ("repair.plan_explained", "2026-02-12 11:00"),
        ("repair.started", "2026-02-13 09:00"),
    )
    settling = {"due": {"gate": "repair.started", "settle": "2h"}}
    steps = on_the_way(history(*told, policy=GATE | settling))
    confirms = [row.confirm for judged, _ in steps for row in judged if isinstance(row, Promise)]
    assert confirms[-1] == at("2026-02-13 11:00") + 1
    assert all(carried in (None, judged) for judged, carried in steps)


def test_a_trigger_of_a_version_that_waits_for_no_gate_is_judged() -> None:
    """The same trigger opens once under the first version, and each time under the second."""
    desk = history(("repair.visited", "2026-02-12 09:00"), policy=GATE)
    own = CASE | {
        "zh": "上门后一日", "on": "repair.visited", "due": {"after": "1d"}, "by": "repair.plan_explained", "again": "each",
    }  # fmt: skip
    since = {"version": "2", "effective_from": "2026-02-13T00:00:00+08:00"}
    desk.publish({**load_profile().dump(), **since, "policies": {"case.one": own}}, "2026-02-12 12:00", "2")
    desk.place("repair.visited", at("2026-02-14 09:00"), "again", case_id="a")
    judged, carried = on_the_way(desk)[-1]
    assert [row.kind for row in judged if isinstance(row, Promise)] == ["gate", "after"]
    assert carried is None


ONE = {
    "zh": "一件",
    "on": "complaint.received",
    "due": {"after": "24h"},
    "by": {"all": ["complaint.replied", "complaint.resolved"]},
}


@pytest.mark.parametrize(
    ("last", "state"), [("2026-02-12 10:00", MET), ("2026-02-14 10:00", LATE), ("2026-02-13 09:00", MET)]
)
def test_the_last_discharge_ends_it_without_being_judged(last: str, state: str) -> None:
    told = (
        ("complaint.received", "2026-02-12 09:00"),
        ("complaint.replied", "2026-02-12 09:30"),
        ("complaint.resolved", last),
        ("complaint.resolved", "2026-02-20 09:00"),
    )
    steps = on_the_way(history(*told, policy=ONE))
    states = [
        [row.state for row in carried if isinstance(row, Promise)] for _, carried in steps[1:] if carried
    ]
    assert states == [[OPEN], [state], [state]]
    assert all(carried == judged for judged, carried in steps[1:])


def test_what_ends_it_at_the_same_instant_is_judged() -> None:
    """At one instant a discharge counts before what cancels, also where what cancels is read first."""
    told = (
        ("complaint.received", "2026-02-12 09:00"),
        ("complaint.registered", "2026-02-12 10:00"),
        ("complaint.replied", "2026-02-12 10:00"),
    )
    by = {"by": "complaint.replied", "cancel": ["complaint.registered"]}
    judged, carried = on_the_way(history(*told, policy=ONE | by))[-1]
    assert [row.state for row in judged if isinstance(row, Promise)] == [MET]
    assert carried is None


def test_what_opens_at_a_time_of_its_own_is_bound_by_when_it_happened() -> None:
    """It opens when it says, after the second version began to hold, and was told before."""
    moved = ONE | {"on": {"event": "complaint.received", "at": "asked_at"}}
    desk = history(policy=moved)
    since = {"version": "2", "effective_from": "2026-02-13T00:00:00+08:00"}
    longer = {"case.one": CASE | moved | {"due": {"after": "48h"}}}
    desk.publish({**load_profile().dump(), **since, "policies": longer}, "2026-02-11 12:00", "2")
    asked = "2026-02-14T09:00:00+08:00"
    desk.place("complaint.received", at("2026-02-12 09:00"), "moved", case_id="a", asked_at=asked)
    ((judged, carried),) = on_the_way(desk)
    assert [row.due for row in judged if isinstance(row, Promise)] == [at("2026-02-15 09:00")]
    assert carried == judged


def test_what_is_due_before_it_opens_is_late_from_birth() -> None:
    given = {"on": {"event": "complaint.received", "at": "asked_at"}, "due": {"given": "due_at"}}
    desk = history(policy=ONE | given)
    asked, due = "2026-02-14T09:00:00+08:00", "2026-02-13T09:00:00+08:00"
    desk.place("complaint.received", at("2026-02-12 09:00"), "a", case_id="a", asked_at=asked, due_at=due)
    ((judged, carried),) = on_the_way(desk)
    assert [row.born_late for row in judged if isinstance(row, Promise)] == [1]
    assert carried == judged


@pytest.mark.parametrize(("after", "late"), [(LATE_ENTRY_GRACE, 0), (LATE_ENTRY_GRACE + 1, 1)])
def test_a_late_entry_is_judged(after: int, late: int) -> None:
    """Done in time, and recorded when the grace after the due instant was over (invariant 11)."""
    desk = history(("complaint.received", "2026-02-12 09:00"), policy=ONE | {"by": "complaint.replied"})
    due = at("2026-02-13 09:00")
    desk.place("complaint.replied", at("2026-02-12 10:00"), "late", case_id="a", recorded=due + after)
    judged, carried = on_the_way(desk)[-1]
    assert [(row.state, row.late_entry) for row in judged if isinstance(row, Promise)] == [(MET, late)]
    assert carried == (None if late else judged)


def test_what_a_slow_source_adds_to_a_late_entry_is_judged() -> None:
    """It tells in its time of something that was done in time as well: then nothing was entered late."""
    desk = history(("complaint.received", "2026-02-12 09:00"), policy=ONE | {"by": "complaint.replied"})
    desk.place("source.declared", at("2026-02-11 09:00"), "declared", source="slow", reports_within="26h")
    due = at("2026-02-13 09:00")
    desk.place("complaint.replied", at("2026-02-12 10:00"), "late", case_id="a", recorded=due + HOUR)
    told = desk.place("complaint.replied", at("2026-02-12 11:00"), "draft", case_id="b")
    desk.take(
        replace(told, event_id="slow", root="slow", source="slow", case_id="a", recorded=due + 2 * HOUR)
    )
    *_, (before, _), (judged, carried) = on_the_way(desk)[:3]
    assert [row.late_entry for row in (*before, *judged) if isinstance(row, Promise)] == [1, 0]
    assert carried is None


@pytest.mark.parametrize(("early", "state"), [("ignore", OPEN), ("breach", LATE)])
def test_what_may_come_too_early_is_judged(early: str, state: str) -> None:
    told = (("complaint.received", "2026-02-12 09:00"), ("complaint.replied", "2026-02-12 10:00"))
    own = {"by": "complaint.replied", "due": {"after": "24h", "min": "6h", "early": early}}
    judged, carried = on_the_way(history(*told, policy=ONE | own))[-1]
    assert [row.state for row in judged if isinstance(row, Promise)] == [state]
    assert carried is None


def test_after_a_pause_it_is_judged() -> None:
    """Whose time it was is told up to the end."""
    told = (
        ("complaint.received", "2026-02-12 09:00"),
        ("case.wait_started", "2026-02-12 10:00"),
        ("case.wait_ended", "2026-02-12 11:00"),
        ("complaint.replied", "2026-02-12 12:00"),
    )
    own = {"by": "complaint.replied", "pause": [{"start": "case.wait_started", "stop": "case.wait_ended"}]}
    judged, carried = on_the_way(history(*told, policy=ONE | own))[-1]
    assert [row.waited for row in judged if isinstance(row, Promise)] == [f'{{"":{HOUR}}}']
    assert carried is None


def test_of_several_pieces_that_came_at_once_each_is_carried_on() -> None:
    class Listing:
        def carry(self, rows: Sequence[Any], evidence: Sequence[Any], book: Book) -> Sequence[Any] | None:
            return None if evidence[-1] == "judge" else [*rows, evidence[-1]]

    rule: Any = Listing()
    came: list[Any] = ["old", "first", "second"]
    found: Any = carry_on(rule, (), came, Book.empty(), 2)
    assert found == ["first", "second"]
    came[1] = "judge"
    assert carry_on(rule, (), came, Book.empty(), 2) is None
