"""Order of happening, not of arrival (invariant 10): whatever the order in which facts arrive, the standing promises are the
same, but for what speaks of arrival itself: born late, late entry and what follows from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.rules.promises.promise import Promise
from schemas.instants import DAY, HOUR, Instant
from schemas.policy_files import load_profile
from tests.processors.desk import Desk, at, china

OF_ARRIVAL = {
    "born_late", "late_entry", "entered_by", "trigger_recorded", "settled_recorded", "trigger_place", "confirm",
}  # fmt: skip
START = at("2026-02-12 00:00")
CASE = {"row": "O33", "per": ["case"], "owes": "responsible_unit"}
POLICIES: dict[str, Any] = {
    "grammar.facts": CASE
    | {
        "zh": "读取事实",
        "on": {"event": "repair.completed", "where": {"case.in_warranty": {"ne": False}}},
        "due": {"after": "2d"},
        "by": {"event": "followup.repair_first_completed", "where": {"case.in_warranty": True}},
        "owes": [{"role": "crc", "where": {"case.in_warranty": True}}, {"role": "cs_staff"}],
    },
    "grammar.latched": CASE
    | {
        "zh": "全部到齐",
        "on": {"all": ["complaint.received", {"event": "complaint.closed", "plus": "1wd"}]},
        "due": {"after": "1wd", "min": "1h"},
        "by": {"all": ["complaint.resolved", {"any": ["complaint.replied", "complaint.forwarded"]}]},
        "cancel": ["repair.closed"],
    },
    "grammar.silence": CASE
    | {
        "zh": "多日无人联系",
        "on": {"event": "complaint.received", "plus": "3d", "reset": ["complaint.progress_notified"]},
        "again": "each",
        "due": {"after": "8h", "since": "1d"},
        "by": {"event": "complaint.progress_notified", "times": 2, "distinct": "day"},
    },
    "grammar.restart": CASE
    | {
        "zh": "重新计时",
        "on": {"any": ["complaint.received", "repair.reported"]},
        "again": "restart",
        "due": {"after": "3d", "min": "6h", "early": "breach"},
        "by": {"any": ["complaint.closed", "repair.closed"]},
        "pause": [{"start": "case.wait_started", "stop": "case.wait_ended", "party": "party"}],
        "person": {"of": "actor_ref", "moved": "case.handed_over", "to": "to_ref"},
        "warn": [{"pct": 50}, {"before": "2h"}],
    },
    "grammar.partial": {
        "row": "O103",
        "zh": "按项目一并办结",
        "on": {"all": ["repair.reported", {"event": "repair.joint_team_established", "match": ["project"]}]},
        "per": ["case"],
        "due": {"after": "2wd"},
        "by": {"event": "repair.joint_team_dissolved", "match": ["project"]},
        "owes": "engineering_dept",
    },
    "grammar.each": {
        "row": "O44",
        "zh": "一次回应多件",
        "on": "suggestion.received",
        "per": {"opinion": "event_id"},
        "due": {"after": "24h"},
        "by": {"any": [{"event": "opinion.forwarded", "match": {"opinion": "items[]"}}]},
        "owes": "crc",
    },
    "grammar.gate": CASE
    | {
        "zh": "先讲方案再施工",
        "on": {"any": ["repair.visited", "repair.started"]},
        "due": {"gate": "repair.started", "settle": "1d", "plan": "move_in"},
        "by": {"all": ["repair.plan_explained", "repair.contacted"]},
        "cancel": ["repair.closed"],
    },
    "grammar.gate_once": CASE
    | {
        "zh": "讲过方案或联系过再施工",
        "on": {"any": ["repair.visited", "repair.started"]},
        "due": {"gate": "repair.started", "plan": "move_in"},
        "by": {"any": ["repair.plan_explained", {"event": "repair.contacted", "late": False}]},
    },
    "grammar.gates": CASE
    | {
        "zh": "每次施工之前",
        "on": {"any": ["repair.visited", "repair.started"]},
        "due": {"gate": "repair.started", "each": True},
        "by": "repair.plan_explained",
    },
    "grammar.before": {
        "row": "O87",
        "zh": "入住之前",
        "on": "project.move_in_scheduled",
        "per": ["project"],
        "due": {"before": "move_in", "minus": "2d", "lead": "3d"},
        "by": "move_in.workgroup_established",
        "owes": "project_cs",
    },
    "grammar.early": {
        "row": "O86",
        "zh": "入住之前，不得过早",
        "on": {"any": ["project.move_in_scheduled", "repair.reported"]},
        "per": ["project"],
        "due": {"before": "move_in", "minus": "1d", "lead": "2d", "early": "breach"},
        "by": "move_in.workgroup_established",
        "owes": "project_cs",
    },
    "grammar.days": {
        "row": "O39",
        "zh": "有重大投诉的日子，天天汇报",
        "on": "complaint.classified_major",
        "until": "complaint.closed",
        "per": ["project"],
        "member": ["case"],
        "due": {
            "spans": {f"d{n}": [f"2026-02-{12 + n}", f"2026-02-{12 + n}"] for n in range(9)},
            "grace": "1wd",
        },
        "by": "report.issued",
        "owes": "cs_supervisor",
    },
    "grammar.labelled": {
        "row": "O48",
        "zh": "每月统计",
        "on": "complaint.classified_major",
        "per": ["project"],
        "due": {"every": "month", "label": "period", "grace": "2wd", "first": "same"},
        "by": {"event": "report.issued", "where": {"actor_ref": "u1"}},
        "owes": "cs_dept",
    },
    "grammar.rolling": CASE
    | {
        "zh": "滚动告知",
        "on": "complaint.received",
        "until": {"event": "complaint.closed", "plus": "1d"},
        "due": {"rolling": "1wd"},
        "by": {"any": ["complaint.progress_notified", {"all": ["complaint.replied", "complaint.forwarded"]}]},
    },
    "grammar.coverage": {
        "row": "O31",
        "zh": "回访覆盖",
        "on": "complaint.closed",
        "per": ["project"],
        "due": {"coverage": "month", "member": ["case"], "ripe": "3wd", "share": {"ge": "1"}},
        "by": "followup.complaint_close_completed",
        "unreached": {"event": "followup.attempted", "times": 2, "distinct": "day"},
        "owes": "cs_front_desk",
    },
}
THEMES = (
    ("complaint.received", "complaint.closed", "complaint.resolved", "complaint.replied", "complaint.forwarded"),
    ("complaint.received", "complaint.progress_notified", "complaint.closed", "followup.complaint_close_completed"),
    ("repair.reported", "repair.cause_determined", "repair.completed", "followup.repair_first_completed", "followup.attempted"),
    ("complaint.received", "repair.closed", "case.wait_started", "case.wait_ended", "case.handed_over", "obligation.waived"),
    ("repair.reported", "repair.joint_team_established", "repair.joint_team_dissolved", "repair.contacted", "repair.visited"),
    ("suggestion.received", "opinion.forwarded", "repair.closed", "followup.attempted"),
    ("repair.visited", "repair.started", "repair.plan_explained", "repair.contacted", "project.move_in_scheduled"),
    ("project.move_in_scheduled", "move_in.workgroup_established", "repair.reported"),
    ("complaint.classified_major", "complaint.closed", "report.issued"),
    ("complaint.received", "complaint.progress_notified", "complaint.replied", "complaint.forwarded", "complaint.closed"),
    ("complaint.closed", "followup.complaint_close_completed", "followup.attempted"),
)  # fmt: skip
"""Types that belong to one policy, so that short histories settle what they open."""

Fact = tuple[str, Instant, str, dict[str, Any]]


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Facts with many equal instants; some correct or withdraw an earlier one of the list."""
    made: list[Fact] = []
    free: list[int] = []
    types = (*draw(st.sampled_from(THEMES)), "event.withdrawn")
    for _ in range(draw(st.integers(3, 14))):
        index = len(made)
        kind = draw(st.sampled_from(types))
        time = START + draw(st.integers(0, 7)) * DAY + draw(st.sampled_from((0, 0, 9, 16))) * HOUR
        fields: dict[str, Any] = {
            "case_id": draw(st.sampled_from("aaab")),
            "project_id": draw(st.sampled_from(("p1", "p1", "p2"))),
            "actor_ref": draw(st.sampled_from(("u1", "u2"))),
            "in_warranty": draw(st.sampled_from((True, False, None))),
            "within_warranty": draw(st.booleans()),
            "urgency": draw(st.sampled_from(("urgent", "other"))),
            "followup_kind": draw(st.sampled_from(("complaint_close", "repair_first"))),
            "party": "owner",
            "to_ref": draw(st.sampled_from(("u3", "u4"))),
            "items": [f"e{draw(st.integers(0, 3))}" for _ in range(2)],
            "planned_on": draw(st.sampled_from(("2026-02-16", "2026-02-19", "2026-02-21", None))),
            "period": draw(st.sampled_from(("2026-02", "2026-03", None))),
        }
        if free and (kind == "event.withdrawn" or draw(st.integers(0, 4)) == 0):
            target = free.pop(draw(st.integers(0, len(free) - 1)))
            fields["corrects"] = f"e{target}"
            if kind != "event.withdrawn":
                kind = made[target][0]
        elif kind == "event.withdrawn":
            continue
        if kind == "obligation.waived":
            fields |= {"obligation_key": "grammar.restart", "keys": {"case": fields["case_id"]}}
        made.append((kind, time, f"e{index}", fields))
        if kind != "event.withdrawn":
            free.append(index)
    return made


def placed(order: list[Fact]) -> Desk:
    """The facts under these policies, recorded as they arrive."""
    desk = Desk()
    whole = load_profile().dump()
    taken = {
        "case.in_warranty": {
            "take": {"repair.reported": "in_warranty", "repair.cause_determined": "within_warranty"}
        }
    }
    dates = {"move_in": {"event": "project.move_in_scheduled", "date": "planned_on", "match": ["project"]}}
    desk.publish({**whole, "policies": whole["policies"] | POLICIES, "facts": taken, "dates": dates})
    desk.publish_calendar(china())
    recorded = 0
    for kind, time, event_id, fields in order:
        recorded = max(recorded, time)
        desk.place(kind, time, event_id, recorded=recorded, **fields)
    return desk


def judged(order: list[Fact]) -> dict[str, tuple[dict[str, Any], list[tuple[str, Instant]], bool]]:
    """Promise id -> (row, marks, whether it speaks of arrival)."""
    desk = placed(order)
    return {row.id: seen(desk, row) for row in desk.promises()}


def seen(desk: Desk, row: Promise) -> tuple[dict[str, Any], list[tuple[str, Instant]], bool]:
    kept = {name: value for name, value in asdict(row).items() if name not in OF_ARRIVAL}
    return kept, [(m.kind, m.time) for m in desk.marks(row)], bool(row.born_late or row.late_entry)


@settings(max_examples=200, deadline=None)
@given(facts(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_promises(history: list[Fact], random: Any) -> None:
    first = judged(history)
    order = history.copy()
    random.shuffle(order)
    place = {event_id: index for index, (_, _, event_id, _) in enumerate(order)}
    for fact in [f for f in history if "corrects" in f[3]]:  # what corrects arrives after what it corrects
        here, target = order.index(fact), place[fact[3]["corrects"]]
        if here < target:
            order.remove(fact)
            order.insert(next(i for i, f in enumerate(order) if f[2] == fact[3]["corrects"]) + 1, fact)
        place = {event_id: index for index, (_, _, event_id, _) in enumerate(order)}
    again = judged(order)
    assert {i: row for i, (row, _, _) in again.items()} == {i: row for i, (row, _, _) in first.items()}
    for promise, (_, marks, late) in first.items():
        if not late and not again[promise][2]:
            assert again[promise][1] == marks
