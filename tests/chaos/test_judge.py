"""The judge of a run finds what it is there to find."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from schemas.event import Event
from schemas.instants import HOUR, SECOND
from tests.chaos.judge import different, doubled, false_breaches, gaps, lost, missed, named
from tests.chaos.load import NAME, TEXT, Urgent
from tests.chaos.site import SOURCE


def fact(place: int, kind: str, time: int, own: str, corrects: str = "") -> Event:
    return Event(
        type=kind, version=1, event_id=f"e-{own}", time=time, recorded=place * SECOND, place=place, after=place,
        source=SOURCE, source_id=own, case_id="case", root=f"e-{own}", corrects=corrects,
    )  # fmt: skip


OPENED = fact(1, "complaint.received", 0, "a")
VISITED = fact(2, "followup.complaint_intake_completed", HOUR, "b")
BREACH = Event(
    type="obligation.breached", version=1, event_id="v-1", time=2 * HOUR, recorded=2 * HOUR, place=1, after=1,
    verdict=True, case_id="case", data={"obligation_key": "complaint.intake_return_visit", "due": 2 * HOUR},
)  # fmt: skip
SAID = {"a": ("e-a", 1), "b": ("e-b", 2)}


def test_lost_and_doubled() -> None:
    facts = [OPENED, VISITED]
    assert list(lost(facts, SAID)) == list(doubled(facts, SAID)) == list(gaps(facts, [BREACH])) == []
    assert len(list(lost([OPENED], SAID))) == 1
    assert len(list(lost([OPENED, replace(VISITED, place=3)], SAID))) == 1
    assert len(list(doubled([*facts, replace(VISITED, place=3)], SAID))) == 1
    assert len(list(doubled(facts, {"a": SAID["a"]}))) == 1  # never answered, and there
    assert len(list(gaps([OPENED, replace(VISITED, place=3)], [BREACH]))) == 1
    assert len(list(gaps(facts, [BREACH, replace(BREACH, place=2)]))) == 1  # one verdict twice


def test_false_breaches() -> None:
    assert list(false_breaches([OPENED, VISITED], [BREACH])) == []  # the visit was recorded after it
    assert len(list(false_breaches([OPENED, VISITED], [replace(BREACH, after=2)]))) == 1
    late = replace(VISITED, time=2 * HOUR + 1)
    assert list(false_breaches([OPENED, late], [replace(BREACH, after=2)])) == []
    assert len(list(false_breaches([OPENED], [replace(BREACH, recorded=2 * HOUR - 1)]))) == 1
    corrected = fact(3, "complaint.received", HOUR + 1, "c", corrects="e-a")
    corrected = replace(corrected, root="e-a")
    assert (
        list(false_breaches([OPENED, VISITED, corrected], [replace(BREACH, after=3)])) == []
    )  # before it opened
    withdrawn = fact(3, "event.withdrawn", 3 * HOUR, "d", corrects="e-b")
    assert list(false_breaches([OPENED, VISITED, withdrawn], [replace(BREACH, after=3)])) == []


def test_missed_breaches() -> None:
    other = replace(
        BREACH,
        event_id="v-2",
        place=2,
        data={**BREACH.data, "obligation_key": "complaint.respond_in_standard"},
    )
    broken, kept = (Urgent("t", "a", "T", 2 * HOUR, fate) for fate in ("broken", "kept"))
    assert list(missed([OPENED], [BREACH, other], [broken])) == []
    assert len(list(missed([OPENED], [BREACH], [broken]))) == 1
    assert len(list(missed([OPENED], [BREACH, other], [kept]))) == 2
    back = replace(BREACH, type="obligation.retracted", event_id="v-3", place=3, data={"retracts": "v-1"})
    assert len(list(missed([OPENED], [BREACH, other, back], [broken]))) == 1
    late = replace(fact(2, "complaint.received", 0, "c", corrects="e-a"), root="e-a", recorded=2 * HOUR + 1)
    assert list(missed([OPENED, late], [], [replace(broken, fate="corrected")])) == []
    in_time = replace(late, recorded=2 * HOUR)
    assert len(list(missed([OPENED, in_time], [], [replace(broken, fate="corrected")]))) == 2


def test_a_difference_is_named() -> None:
    assert list(different("row", ["a", "b"], ["a", "b"])) == []
    assert list(different("row", ["a", "b"], ["a", "c"])) == ["row 2: b / afresh: c"]
    assert list(different("row", ["a"], [])) == ["1 rows, 0 afresh"]


def test_who_says_whose_complaint_it_is_is_named(tmp_path: Path) -> None:
    logs = {name: tmp_path / name for name in ("none", "sealed", "plain", "json")}
    logs["sealed"].write_text('{"event": "answered", "status": 202}\n', encoding="utf-8")
    logs["plain"].write_text(f"not kept: {NAME}\n", encoding="utf-8")
    logs["json"].write_text(json.dumps({"detail": TEXT}), encoding="utf-8")
    assert [found.split()[0] for found in named(logs)] == ["plain", "json"]
