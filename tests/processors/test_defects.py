"""The cause (原因) and the party (责任方) of a repair are those last determined of its case, whatever came first, was corrected
or withdrawn; the month stays that of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.rules.defects import DefectReport, Defects
from schemas.instants import DAY, Instant
from tests.kit.counting import last_said
from tests.kit.ruledesk import RuleDesk
from tests.kit.world import START

REPORTED, DETERMINED, RECORDED = "repair.reported", "repair.cause_determined", "defect.recorded"
BUILT, OTHER = "construction_quality", "non_construction_quality"
TOLD: tuple[tuple[str, dict[str, str]], ...] = (
    (REPORTED, {"component": "window"}),
    (REPORTED, {"component": "pipe"}),
    (DETERMINED, {"cause": BUILT, "responsible_party": "contractor"}),
    (DETERMINED, {"cause": BUILT}),
    (DETERMINED, {"cause": OTHER}),
    (DETERMINED, {"responsible_party": "property_co"}),
    (RECORDED, {"cause": OTHER, "responsible_party": "supplier"}),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """``changes``: index of the fact that it corrects, or withdraws where it tells nothing; -1: of none."""

    told: int
    case: str
    time: Instant
    changes: int


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Most happen after all before them, as they do; each changes another at most once."""
    made: list[Fact] = []
    free: list[int] = []
    for index in range(draw(st.integers(2, 12))):
        changes = draw(st.sampled_from([-1, -1, -1, *free]))
        told = draw(st.integers(-1 if changes >= 0 else 0, len(TOLD) - 1))
        day = draw(st.sampled_from([index, index, index, 0, 6, 40]))
        made.append(Fact(told, draw(st.sampled_from("aab")), START + day * DAY, changes))
        if changes >= 0:
            free.remove(changes)
        if told >= 0:
            free.append(index)
    return made


def place(desk: RuleDesk, index: int, fact: Fact) -> None:
    kind, data = TOLD[fact.told] if fact.told >= 0 else ("event.withdrawn", {})
    more: dict[str, str] = {"corrects": f"e{fact.changes:02}"} if fact.changes >= 0 else {}
    desk.place(kind, fact.time, f"e{index:02}", case_id=fact.case, **data, **more)


def by_hand(history: list[Fact]) -> set[tuple[str, ...]]:
    """(report, cause, party) of what stands."""
    gone = {fact.changes for fact in history}
    left = [(index, fact) for index, fact in enumerate(history) if index not in gone and fact.told >= 0]
    told: dict[str, list[tuple[Instant, str, dict[str, Any]]]] = {"a": [], "b": []}
    for index, fact in left:
        kind, data = TOLD[fact.told]
        if kind == DETERMINED:
            told[fact.case].append((fact.time, f"e{index:02}", dict(data)))
    found: set[tuple[str, ...]] = set()
    for index, fact in left:
        kind, data = TOLD[fact.told]
        if kind == REPORTED:
            found.add((f"e{index:02}", *last_said(told[fact.case])))
        elif kind == RECORDED:
            found.add((f"e{index:02}", data["cause"], data["responsible_party"]))
    return found


def rows(desk: RuleDesk) -> set[tuple[str, ...]]:
    return {(row.id, row.cause, row.responsible_party) for row in desk.rows(DefectReport)}


@settings(max_examples=150, deadline=None)
@given(histories())
def test_causes_are_what_they_are_by_hand_after_every_fact(history: list[Fact]) -> None:
    desk = RuleDesk((Defects(),), {})
    for index, fact in enumerate(history):
        place(desk, index, fact)
        assert rows(desk) == by_hand(history[: index + 1])
    assert not desk.lane(), "nothing was parked"


def test_another_cause_leaves_no_party_of_the_one_before() -> None:
    desk = RuleDesk((Defects(),), {})
    said: list[tuple[str, dict[str, str], tuple[str, str]]] = [
        (REPORTED, {}, ("", "")),
        (DETERMINED, {"responsible_party": "contractor"}, ("", "contractor")),
        (DETERMINED, {"cause": BUILT}, (BUILT, "contractor")),
        (DETERMINED, {"within_warranty": "true"}, (BUILT, "contractor")),
        (DETERMINED, {"cause": OTHER}, (OTHER, "")),
        (DETERMINED, {"responsible_party": "property_co"}, (OTHER, "property_co")),
        (DETERMINED, {"cause": OTHER}, (OTHER, "property_co")),
        (DETERMINED, {"cause": BUILT, "responsible_party": "supplier"}, (BUILT, "supplier")),
    ]
    for number, (kind, data, then) in enumerate(said):
        desk.place(kind, START + number * DAY, f"e{number}", case_id="a", **data)
        assert rows(desk) == {("e0", *then)}


def test_the_cause_of_a_later_month_leaves_the_report_in_its_own() -> None:
    desk = RuleDesk((Defects(),), {})
    desk.place(DETERMINED, START + 40 * DAY, "early", case_id="a", cause=BUILT)
    assert rows(desk) == set(), "a cause is no report"
    desk.place(
        REPORTED, START, "late", case_id="a", component="window", house_id="1-101", recorded=START + 50 * DAY
    )
    (row,) = desk.rows(DefectReport)
    assert (row.cell, row.house_id) == (("", "repair", "window", BUILT, "2026-03"), "1-101")


def test_a_case_with_a_thousand_reports_is_judged_once_for_each_cause() -> None:
    """Carried on (invariant 7): the thousandth report costs what the second did."""
    judged = 0

    class Counting(Defects):
        def judge(self, *told: Any) -> Any:
            nonlocal judged
            judged += 1
            return super().judge(*told)

    desk = RuleDesk((Counting(),), {})
    desk.place(DETERMINED, START, "cause", case_id="a", cause=BUILT)
    for number in range(1000):
        desk.place(REPORTED, START + DAY + number, f"r{number}", case_id="a")
    desk.place(DETERMINED, START + 2 * DAY, "other", case_id="a", cause=OTHER)
    assert {row.cause for row in desk.rows(DefectReport)} == {OTHER}
    assert judged == 3
