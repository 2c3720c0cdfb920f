"""The promises rule in its corners: what is filed, who owes and is told, what settles, what is explained."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from processors.rules.promises.docket import Docket
from processors.rules.promises.marks import unconfirmed
from processors.rules.promises.paths import check
from processors.rules.promises.promise import Promise
from processors.rules.promises.terms import Leaf, Waiting
from processors.rules.promises.waiting import Paused, pauses, used
from processors.rules.protocol import LINK, PARTIAL, Evidence
from schemas.event import Event, Sealed
from schemas.instants import HOUR, MINUTE, NEVER
from schemas.policy import Test
from schemas.policy_files import load_profile
from tests.processors.desk import Desk, at, china


def desk(policies: dict[str, Any] | None = None, **more: Any) -> Desk:
    """With the shipped policies, or with these instead of them."""
    made = Desk()
    whole = load_profile().dump()
    made.publish({**whole, **({"policies": policies} if policies is not None else {}), **more})
    made.publish_calendar(china())
    return made


def policy(**fields: Any) -> dict[str, dict[str, Any]]:
    base = {"row": "O33", "zh": "例", "per": ["case"], "owes": "cs_staff", "due": {"after": "24h"}}
    return {"example.one": {**base, "on": "complaint.received", "by": "complaint.resolved", **fields}}


def only(made: Desk, obligation: str = "example.one") -> Promise:
    (row,) = made.promises(obligation)
    return row


@pytest.mark.parametrize(
    ("test", "value", "passes"),
    [
        ({"eq": 1}, 1, True), ({"eq": 1}, True, False), ({"eq": "1"}, 1, False), ({"eq": True}, 1, False),
        ({"ne": "x"}, None, True), ({"ne": "x"}, "x", False), ({"set": False}, None, True), ({"set": True}, None, False),
        ({"in": [1, 2]}, 2, True), ({"in": [1, 2]}, True, False), ({"gt": "0.25"}, "0.250000001", True),
        ({"gt": "3"}, "many", False), ({"ge": "3"}, 3, True), ({"lt": "3"}, None, False), ({"le": "3", "gt": "1"}, 2, True),
        ({"le": "3", "gt": "1"}, 1, False), ({"has": ["a", "b"]}, ["b", "a", "c"], True), ({"has": ["a"]}, "a", False),
        ({"eq": "x"}, Sealed("p", "service", ""), False), ({"set": True}, Sealed("p", "service", ""), True),
    ],
)  # fmt: skip
def test_tests_of_where(test: dict[str, Any], value: Any, passes: bool) -> None:
    assert check(Test.model_validate(test))(value) is passes


def test_ratios_are_exact_and_strict() -> None:
    made = desk(policy(on={"event": "survey.closed", "where": {"back/sent": {"gt": "0.25"}}}))
    made.place("survey.closed", at("2026-03-02 09:00"), "a", case_id="a", back=20, sent=80)
    made.place("survey.closed", at("2026-03-02 09:00"), "b", case_id="b", back=21, sent=80)
    made.place("survey.closed", at("2026-03-02 09:00"), "c", case_id="c", back=21, sent=0)
    assert [json.loads(row.keys) for row in made.promises()] == [{"case": "b"}]
    assert only(made).kind == "on_threshold"


def test_sealed_text_is_never_kept_and_never_a_key() -> None:
    made = desk(
        policy(per={"who": "contact"}, by={"event": "complaint.resolved", "distinct": "contact", "times": 2})
    )
    made.place(
        "complaint.received", at("2026-03-02 09:00"), "a", case_id="a", contact=Sealed("p1", "service", "xx")
    )
    assert made.evidence == {}


def test_an_opening_event_without_a_name_for_its_thing_is_the_thing() -> None:
    made = desk()
    made.place("contact_sheet.issued", at("2026-03-02 09:00"), "s1", due_at="2026-03-20")
    made.place("contact_sheet.issued", at("2026-03-02 09:00"), "s1b", corrects="s1", due_at="2026-03-21")
    made.place("contact_sheet.completed", at("2026-03-03 09:00"), "d", sheet_id="s1")
    row = only(made, "contact_sheet.rectify")
    assert (row.state, row.trigger, json.loads(row.keys)) == ("met", "s1b", {"sheet": "s1"})


def test_links_go_both_ways_and_end_with_their_trigger() -> None:
    made = desk(policy(by={"event": "repair.closed", "match": ["project"]}))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="a", project_id="p")
    scope, partial = '{"case":"a"}|example.one', PARTIAL + '{"project":"p"}|example.one'
    assert [e.link for e in made.evidence[scope].values() if e.slot == LINK] == [partial]
    assert [e.link for e in made.evidence[partial].values() if e.slot == LINK] == [scope]
    made.place("repair.closed", at("2026-03-02 10:00"), "b", case_id="other", project_id="p")
    assert only(made).state == "met"
    made.place("event.withdrawn", at("2026-03-02 11:00"), "w", corrects="a")
    assert made.promises() == []
    assert not any(e.slot == LINK for scope in made.evidence.values() for e in scope.values())


HIGH: dict[str, Any] = {"house.urgency": "high"}
OWED = [{"role": "crc", "where": HIGH}, {"role": "cs_staff"}]


@pytest.mark.parametrize(
    ("fields", "owed"),
    [
        ({"on": {"event": "complaint.received", "where": HIGH}}, {"a": ["cs_staff"]}),
        ({"by": {"event": "complaint.received", "where": HIGH}}, {"b": ["cs_staff"]}),
        (
            {"by": {"event": "complaint.received", "where": {"house.parts#": {"ge": "2"}}}},
            {"b": ["cs_staff"]},
        ),
        ({"owes": OWED}, {"a": ["crc"], "b": ["cs_staff"]}),
        ({"per": ["house"], "owes": OWED}, {"a": ["crc"], "b": ["cs_staff"]}),
    ],
)
def test_what_is_known_of_a_house_counts_for_its_cases(
    fields: dict[str, Any], owed: dict[str, list[str]]
) -> None:
    """The last repair that says how urgent it is, whichever case it is."""
    facts = {f"house.{name}": {"take": {"repair.reported": name}} for name in ("urgency", "parts")}
    made = desk(policy(**{"per": ["house", "case"], **fields}), facts=facts)
    for number, (house, urgency) in enumerate((("101", "low"), ("101", "high"), ("102", "low"))):
        words = {"case_id": f"r{number}", "house_id": house, "urgency": urgency, "parts": [*urgency[2:]]}
        made.place("repair.reported", at(f"2026-03-02 08:0{number}"), f"r{number}", **words)
    made.place("repair.reported", at("2026-03-02 08:30"), "r4", case_id="r4", house_id="101")
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="a", house_id="101")
    made.place("complaint.received", at("2026-03-02 09:00"), "b", case_id="b", house_id="102")
    assert {row.trigger: json.loads(row.owes) for row in made.promises() if row.state == "open"} == owed


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (12 * 60, {"due_soon": 0}),
        (12 * 60 + 1, {"due_soon": 1}),
        (24 * 60, {"due_soon": 1, "breached": 0}),
        (48 * 60, {"due_soon": 1, "breached": 1, "step1": 0}),
        (48 * 60 + 1, {"due_soon": 1, "breached": 1, "step1": 1, "step2": 0}),
    ],
)
def test_what_is_settled_in_the_instant_of_a_mark_is_settled_before_it(
    minutes: int, said: dict[str, int]
) -> None:
    """But for the breach: what is done in the due instant is done in time."""
    made = desk(policy(warn=[{"pct": 50}]))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    made.place("complaint.resolved", at("2026-03-02 09:00") + minutes * MINUTE, "b", case_id="c")
    kinds = {mark.kind for mark in made.marks(only(made))}
    assert {kind: int(kind in kinds) for kind in said} == said


def test_what_waits_for_a_source_is_unconfirmed_until_it_is_told() -> None:
    made = desk(policy())
    made.place("source.declared", at("2026-03-01 08:00"), "s", reports_within="2h", source="crm")
    made.place("complaint.resolved", at("2026-03-01 09:00"), "o", case_id="o")
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    row, due = only(made), at("2026-03-03 09:00")
    told = next(mark.at for mark in made.marks(row) if mark.kind == "breached")
    assert (row.due, told) == (due, due + 2 * HOUR)
    instants = (due, due + 1, told - 1, told)
    assert [bool(unconfirmed(row, made.book, one)) for one in instants] == [False, True, True, False]
    made.place("complaint.resolved", due + HOUR, "b", case_id="c")
    assert only(made).state == "late"
    assert unconfirmed(only(made), made.book, due + HOUR) == []


def test_a_planned_gate_is_due_soon_by_its_plan() -> None:
    """No clock runs before the gate: its plan is what people are told."""
    gate = {"event": "repair.started"}
    dates = {"start": {"event": "repair.planned", "date": "start_on", "match": {"case": None}}}
    fields = {"on": "repair.visited", "due": {"gate": gate, "plan": "start"}, "by": "repair.plan_explained"}
    made = desk(policy(**fields), dates=dates)
    made.place("repair.visited", at("2026-03-02 09:00"), "a", case_id="c")
    made.place("repair.planned", at("2026-03-02 10:00"), "p", case_id="c", start_on="2026-03-20")
    row = only(made)
    assert (row.due, row.planned) == (NEVER, at("2026-03-20 24:00"))
    (soon,) = made.marks(row)
    assert (soon.kind, soon.data["due"]) == ("due_soon", row.planned)


def test_what_was_done_too_early_was_not_due_soon() -> None:
    made = desk(policy(due={"after": "48h", "min": "24h", "early": "breach"}, warn=[{"pct": 10}]))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    made.place("complaint.resolved", at("2026-03-02 19:00"), "b", case_id="c")
    assert [mark.kind for mark in made.marks(only(made))] == ["breached"]


def test_a_waiver_settles_only_what_is_open_at_its_time() -> None:
    made = desk()
    words = {"obligation_key": "repair.first_return_visit", "keys": {"case": "c"}}
    made.place("repair.closed", at("2026-03-02 16:00"), "a", case_id="c")
    made.place("followup.repair_first_completed", at("2026-03-03 10:00"), "b", case_id="c")
    made.place("obligation.waived", at("2026-03-05 10:00"), "w", **words)
    made.place("repair.closed", at("2026-03-09 16:00"), "d", case_id="c")
    assert [row.state for row in made.promises("repair.first_return_visit")] == ["met", "open"]
    made.place("obligation.waived", at("2026-03-09 17:00"), "x", **words)
    rows = made.promises("repair.first_return_visit")
    assert [(row.state, row.settled_by) for row in rows] == [("met", '["b"]'), ("waived", '["x"]')]


def test_an_acknowledgement_is_noted_and_changes_nothing_else() -> None:
    made = desk()
    made.place("complaint.closed", at("2026-03-02 16:00"), "a", case_id="c")
    before = only(made, "complaint.close_return_visit")
    words = {"obligation_key": before.obligation, "keys": {"case": "c"}, "promise_id": before.id, "by": "u3"}
    made.place("alert.acknowledged", at("2026-03-06 09:00"), "k", **words)
    after = only(made, "complaint.close_return_visit")
    assert (after.acknowledged_at, after.acknowledged_by) == (at("2026-03-06 09:00"), "u3")
    assert made.marks(after) == made.marks(before)


def test_who_owes_and_who_is_told() -> None:
    made = desk()
    roles = [{"role": "warranty_engineer", "zh": "保修工程师", "superior": "repair_supervisor"}]
    made.place("roles.published", at("2026-01-02 09:00"), "roles", roles=roles)
    made.place("repair.reported", at("2026-03-02 16:30"), "a", case_id="c", urgency="other")
    row = only(made, "repair.contact_24h")
    assert json.loads(row.owes) == ["warranty_engineer", "crc"]
    told = {mark.kind: mark.data["to"] for mark in made.marks(row)}
    assert told == {
        "due_soon": ["warranty_engineer", "crc"],
        "breached": ["warranty_engineer", "crc", "repair_supervisor"],
        "step1": ["cs_senior_supervisor"],
        "step2": ["cs_leader"],
    }


@pytest.mark.parametrize(
    ("superior", "told"),
    [(None, ["warranty_engineer", "crc"]), ("crc", ["warranty_engineer", "crc"])],
)
def test_a_breach_is_told_once_and_to_nobody_who_is_not_named(superior: str | None, told: list[str]) -> None:
    made = desk()
    roles = [{"role": "warranty_engineer", "zh": "保修工程师", "superior": superior}]
    made.place("roles.published", at("2026-01-02 09:00"), "roles", roles=roles)
    made.place("repair.reported", at("2026-03-02 16:30"), "a", case_id="c", urgency="other")
    row = only(made, "repair.contact_24h")
    assert next(mark.data["to"] for mark in made.marks(row) if mark.kind == "breached") == told


def test_marks_say_all_that_an_alert_needs() -> None:
    made = desk()
    made.place("complaint.closed", at("2026-02-13 17:00"), "a", case_id="c", house_id="101", project_id="p")
    row = only(made, "complaint.close_return_visit")
    breach = next(mark for mark in made.marks(row) if mark.kind == "breached")
    assert (breach.type, breach.time, breach.at) == ("obligation.breached", row.due, row.due + 1)
    assert breach.envelope == {"case_id": "c", "house_id": "101", "project_id": "p"}
    assert breach.cause == "a"
    assert breach.data["zh"] == "投诉关闭后回访"
    assert breach.data["keys"] == {"case": "c"}
    assert (breach.data["due"], breach.data["opened"]) == (row.due, row.opened)
    assert (breach.data["calendar_version"], breach.data["born_late"]) == ("cn-2026", False)
    assert "person" not in breach.data
    assert [mark.data.get("step", 0) for mark in made.marks(row)] == [0, 0, 1, 2]
    assert made.rule.about(replace(row, born_late=1), made.book)[0]["born_late"] is True
    data, envelope = made.rule.about(row, made.book)
    assert (data["promise_id"], envelope) == (row.id, breach.envelope)


def test_the_one_person_in_charge_changes_by_hand_over() -> None:
    made = desk(policy(person={"of": "actor_ref", "moved": "case.handed_over", "to": "to_ref"}))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c", actor_ref="u1")
    assert only(made).person == "u1"
    assert {mark.data["person"] for mark in made.marks(only(made))} == {"u1"}
    made.place("case.handed_over", at("2026-03-02 10:00"), "b", case_id="c", to_ref="u2")
    assert only(made).person == "u2"
    made.place("case.handed_over", at("2026-03-02 11:00"), "d", case_id="c")  # it does not say to whom
    assert only(made).person == "u2"


def test_pauses_say_whose_time_they_took() -> None:
    made = desk()
    made.place("complaint.received", at("2026-03-02 16:00"), "a", case_id="c")
    for number, (start, stop, party) in enumerate(
        (("03-03 10:00", "03-03 12:00", "owner"), ("03-04 10:00", "03-04 11:00", "property"))
    ):
        made.place("case.wait_started", at(f"2026-{start}"), f"b{number}", case_id="c", party=party)
        made.place("case.wait_ended", at(f"2026-{stop}"), f"c{number}", case_id="c")
    row = only(made, "complaint.handle_in_standard")
    assert json.loads(row.waited) == {"owner": 2 * HOUR, "property": HOUR}


def test_of_a_pause_what_lies_between_opening_and_settlement_is_used() -> None:
    spans = [
        Paused(0, 10, "a"),
        Paused(12, None, "a"),
        Paused(3, 5, "b"),
        Paused(20, 30, "a"),
        Paused(1, 4, "c"),
    ]
    assert used(spans, 4, 25) == {"a": 6 + 13 + 5, "b": 1}
    assert used(spans, 4, NEVER) == {"a": 6 + 10, "b": 1}, "one that has not ended is not counted yet"


def test_a_stop_ends_what_it_names_and_what_named_nobody() -> None:
    told = (
        ("P", 1, ""),
        ("P", 2, "owner"),
        ("P", 3, "contractor"),
        ("R", 5, "owner"),
        ("P", 7, ""),
        ("R", 7, ""),
    )
    docket = Docket(
        Evidence("s", f"e{time}", slot, time, 0, time, time, f"e{time}", json.dumps({"v": party}))
        for slot, time, party in told
    )
    made = pauses([Waiting(Leaf("P"), Leaf("R"))], docket)
    ended = [("", 1, 5), ("contractor", 3, 7), ("owner", 2, 5)]
    assert sorted((party, start, stop) for start, stop, party in made if stop is not None) == ended
    assert [one.start for one in made if one.stop is None] == [7], "what stops and starts at once begins anew"


def test_two_are_waited_for_at_once_and_each_has_its_own_time() -> None:
    made = desk()
    made.place("complaint.received", at("2026-03-02 16:00"), "a", case_id="c")
    for number, (kind, time, party) in enumerate(
        (
            ("started", "03-03 10:00", "owner"), ("started", "03-03 12:00", "contractor"), ("started", "03-03 13:00", "owner"),
            ("ended", "03-03 14:00", "developer"), ("ended", "03-04 10:00", "owner"), ("started", "03-04 20:00", "owner"),
            ("ended", "03-05 02:00", "owner"), ("ended", "03-05 12:00", "contractor"),
        )
    ):  # fmt: skip
        made.place(f"case.wait_{kind}", at(f"2026-{time}"), f"b{number}", case_id="c", party=party)
    row = only(made, "complaint.handle_in_standard")
    assert json.loads(row.waited) == {"owner": 30 * HOUR, "contractor": 48 * HOUR}
    assert row.due == at("2026-03-11 23:59") + 60_000_000 - 1, (
        "seven days and the two day-ends of 3 and 4 March, each once"
    )


def test_too_early_is_a_breach_of_its_own() -> None:
    made = desk(policy(due={"after": None, "min": "3mo", "early": "breach"}))
    made.place("complaint.received", at("2026-03-01 09:00"), "a", case_id="c")
    assert only(made).due == NEVER
    made.place("complaint.resolved", at("2026-05-20 10:00"), "b", case_id="c")
    row = only(made)
    assert (row.state, row.early, row.due) == ("late", 1, at("2026-05-20 10:00"))
    assert [(m.kind, m.time) for m in made.marks(row)] == [("breached", at("2026-05-20 10:00"))]
    made.place("complaint.resolved", at("2026-06-02 10:00"), "c", case_id="c", corrects="b")
    row = only(made)
    assert (row.state, row.early, made.marks(row)) == ("met", 0, [])


def test_not_before_ignores_or_accepts() -> None:
    for early, state in (("ignore", "open"), ("accept", "met")):
        made = desk(policy(due={"after": "48h", "min": "24h", "early": early}))
        made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
        made.place("complaint.resolved", at("2026-03-02 10:00"), "b", case_id="c")
        assert only(made).state == state


def test_absence_is_a_trigger() -> None:
    made = desk(policy(on={"event": "repair.closed", "plus": "3d", "reset": ["complaint.progress_notified"]}))
    made.place("repair.closed", at("2026-03-02 09:00"), "a", case_id="c")
    assert only(made).opened == at("2026-03-05 24:00")
    made.place("complaint.progress_notified", at("2026-03-04 09:00"), "b", case_id="c")
    row = only(made)
    assert (row.opened, row.trigger, row.case_id) == (at("2026-03-07 24:00"), "b", "c")


def test_a_verdict_may_open_a_promise_and_its_retraction_takes_it_back() -> None:
    named = {"event": "obligation.breached", "where": {"obligation_key": "complaint.handle_in_standard"}}
    shipped = load_profile().dump()["policies"]["complaint.handle_in_standard"]
    made = desk(
        policy(on=named, by="complaint.progress_notified") | {"complaint.handle_in_standard": shipped}
    )
    time = at("2026-03-09 24:00")
    verdict = Event(
        type="obligation.breached", version=1, event_id="v", root="v", time=time, recorded=time + 1, place=1, after=3,
        verdict=True, case_id="c", data={"obligation_key": "complaint.handle_in_standard"},
    )  # fmt: skip
    made.take(verdict)
    assert only(made).opened == time
    made.void("v")
    assert made.promises() == []


def test_warnings_as_the_policy_writes_them() -> None:
    made = desk(policy(warn=[{"pct": 50}, {"before": "1h"}]))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    soon = [(m.kind, m.at) for m in made.marks(only(made)) if m.kind.startswith("due_soon")]
    assert soon == [("due_soon", at("2026-03-02 21:00")), ("due_soon2", at("2026-03-03 08:00"))]
    quiet = desk(policy(warn=[], ladder="none"))
    quiet.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    assert [m.kind for m in quiet.marks(only(quiet))] == ["breached"]


def test_a_worklist_item_has_no_clock() -> None:
    made = desk(policy(due=None))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    row = only(made)
    assert (row.kind, row.state, row.due, row.undated, made.marks(row)) == ("open", "open", NEVER, 0, [])


def test_a_standing_duty_keeps_no_row() -> None:
    made = desk(policy(due=None, by=None) | policy_named("example.two"))
    made.place("complaint.received", at("2026-03-02 09:00"), "a", case_id="c")
    assert [row.obligation for row in made.promises()] == ["example.two"]


def policy_named(name: str) -> dict[str, dict[str, Any]]:
    return {name: policy()["example.one"]}


def test_a_later_calendar_dates_what_was_undated_and_tells_the_missing_steps() -> None:
    made = desk()
    made.place("complaint.closed", at("2026-12-28 16:00"), "a", case_id="a")
    made.place("complaint.closed", at("2026-12-29 16:00"), "b", case_id="b")
    first, second = made.promises("complaint.close_return_visit")
    assert (first.undated, first.unstepped, second.undated, second.unstepped) == (0, 1, 1, 0)
    data = {"version": "cn-2027", "name": "office", "effective_from": "2027-01-01T00:00:00+08:00"}
    calendar = made.publish_calendar({**data, "years": {"2027": "W" * 365}}, "2027-01-02 10:00")
    assert {(table, column) for table, column, _ in made.rule.unsettled(calendar, made.book)} == {
        (Promise, "undated"),
        (Promise, "unstepped"),
        (Promise, "ongoing"),
    }
    first, second = made.promises("complaint.close_return_visit")
    assert (first.calendar_version, first.dated_by, first.unstepped) == ("cn-2026", 0, 0)
    assert (second.calendar_version, second.dated_by, second.due) == (
        "cn-2027",
        calendar.place,
        at("2027-01-01 24:00"),
    )
    late = {m.kind: (m.time, m.at) for m in made.marks(second)}
    assert late["dated"] == (at("2027-01-02 10:00"), at("2027-01-02 10:00"))
    assert late["breached"] == (second.due, at("2027-01-02 10:00"))
    assert "due_soon" not in late


def test_what_a_calendar_dates_after_its_warning_is_due_soon_when_that_is_known() -> None:
    made = desk()
    made.place("complaint.closed", at("2026-12-29 16:00"), "b", case_id="b")
    data = {"version": "cn-2027", "name": "office", "effective_from": "2027-01-01T00:00:00+08:00"}
    made.publish_calendar({**data, "years": {"2027": "W" * 365}}, "2027-01-01 23:00")
    row = only(made, "complaint.close_return_visit")
    assert row.due == at("2027-01-01 24:00")
    soon = next(mark for mark in made.marks(row) if mark.kind == "due_soon")
    assert soon.time < soon.at == at("2027-01-01 23:00")


def test_a_correction_of_a_typing_error_is_no_news() -> None:
    made = desk()
    made.place("complaint.closed", at("2026-03-02 16:00"), "a", case_id="c")
    made.place("followup.complaint_close_completed", at("2026-03-03 10:00"), "v", case_id="c")
    made.place(
        "complaint.closed",
        at("2026-03-02 16:00"),
        "a2",
        recorded=at("2026-03-20 09:00"),
        corrects="a",
        case_id="c",
    )
    late = at("2026-03-20 09:05")
    made.place(
        "followup.complaint_close_completed",
        at("2026-03-03 10:00"),
        "v2",
        recorded=late,
        corrects="v",
        case_id="c",
    )
    row = only(made, "complaint.close_return_visit")
    assert (row.state, row.born_late, row.late_entry) == ("met", 0, 0)
    later = at("2026-03-21 09:00")
    made.place(
        "followup.complaint_close_completed",
        at("2026-03-04 10:00"),
        "v3",
        recorded=later,
        corrects="v2",
        case_id="c",
    )
    assert only(made, "complaint.close_return_visit").late_entry == 1


def test_what_was_known_in_time_some_other_way_is_no_late_entry() -> None:
    made = desk()
    made.place("complaint.received", at("2026-03-02 16:00"), "a", case_id="c")
    made.place("complaint.replied", at("2026-03-03 11:00"), "b", case_id="c")
    made.place(
        "complaint.forwarded", at("2026-03-03 10:00"), "d", recorded=at("2026-03-09 09:00"), case_id="c"
    )
    row = only(made, "complaint.respond_in_standard")
    assert (row.state, row.settled, row.late_entry) == ("met", at("2026-03-03 10:00"), 0)
