"""The mapping language on payloads as other systems send them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from producers.mapping.aliases import Aliases, aliases_of
from producers.mapping.hashing import hasher
from producers.mapping.mapping import Mapping
from producers.mapping.problems import BadRow, MappingFault
from producers.mapping.reading import mapping_of
from schemas.instants import parse_instant
from schemas.parse import parse
from schemas.policy_yaml import read_yaml

NOW = parse_instant("2026-11-22T12:00:00+08:00")
HASH = hasher(b"k")

SWITCH = mapping_of(
    """
mapping: switch
times: ["YYYY-MM-DD HH:mm:ss"]
empty: ["-"]
codes:
  kind: {报修: repair.reported, 投诉: complaint.received, 咨询: inquiry.received}
  urgency: {紧急: urgent, 一般: other}
columns:
  call:     {from: "call.id", must: true}
  began:    {from: call.began, as: time, must: true}
  kind:     {from: form.类别, codes: kind, other: empty}
  line:     call.line
  caller:   call.from
  name:     "form.contacts[0].name"
  urgency:  {from: form.等级, codes: urgency, other: empty}
  words:    {from: form.内容, as: lines}
  agent:    call.agent
  spent:    {from: form.费用, as: yuan}
skip when: "starts(line, 'test')"
ticket: call
touchpoints:
  contact:
    type: contact.received
    time: began
    channel: [{when: "line == '400'", is: hotline}, {is: visit_in}]
    customer: {phone: caller, name: name}
    data: {summary: words}
  matter:
    when: has(kind)
    type: kind
    time: began
    actor_ref: agent
    causation_id: {text: "{call}/contact"}
    customer: {phone: caller}
    data:
      description: words
      question: words
      urgency: urgency
""",
    "switch.yaml",
)
CALL: dict[str, dict[str, Any]] = {
    "call": {"id": "c-1", "began": "2026-03-02 09:00:00", "line": "400", "from": "13800138000", "agent": 12},
    "form": {
        "类别": "报修",
        "等级": "紧 急 ",
        "内容": "漏水\n两处",
        "contacts": [{"name": "林若溪"}],
        "费用": "1,200.50",
    },
}


def made(mapping: Mapping, body: Any, aliases: Aliases | None = None) -> list[dict[str, Any]]:
    found = mapping.events(mapping.over_json(aliases), body, HASH)
    assert found is not None
    return [one.event for one in found]


def test_a_call_becomes_a_contact_and_what_it_was_about() -> None:
    body = copy.deepcopy(CALL)
    body["form"]["等级"] = "紧急"
    contact, matter = made(SWITCH, body)
    assert contact == {
        "specversion": "1.0",
        "id": "c-1/contact",
        "type": "contact.received",
        "time": "2026-03-02T09:00:00+08:00",
        "ticket": "c-1",
        "channel": "hotline",
        "data": {"summary": "漏水\n两处", "customer": {"phone": "13800138000", "name": "林若溪"}},
    }
    assert (matter["type"], matter["actorref"], matter["causationid"]) == (
        "repair.reported",
        "12",
        "c-1/contact",
    )
    assert matter["data"] == {
        "description": "漏水\n两处",
        "urgency": "urgent",
        "customer": {"phone": "13800138000"},
    }
    for event in (contact, matter):
        parse(event, NOW)


def test_only_what_a_type_has_is_sent() -> None:
    body = copy.deepcopy(CALL)
    body["form"] |= {"类别": "咨询", "等级": "-"}
    _, matter = made(SWITCH, body)
    assert matter["data"].keys() == {"question", "customer"}
    parse(matter, NOW)


def test_a_field_added_one_night_breaks_nothing() -> None:
    grown = copy.deepcopy(CALL)
    grown["call"]["codec"] = {"new": [1, 2]}
    grown["version"] = {"major": 9}
    assert made(SWITCH, grown) == made(SWITCH, CALL)


def test_a_body_of_another_shape_is_told_field_by_field() -> None:
    with pytest.raises(BadRow) as caught:
        made(SWITCH, {"call": ["c-1"], "form": None})
    assert [fault.field for fault in caught.value.faults] == ["call.id", "call.began"]


def test_what_the_mapping_skips_gives_nothing() -> None:
    body = copy.deepcopy(CALL)
    body["call"]["line"] = "test-7"
    assert SWITCH.events(SWITCH.over_json(), body, HASH) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"began": "02/03/2026"}, "call.began"),
        ({"began": "2026-02-30 09:00:00"}, "call.began"),
        ({"id": ""}, "call.id"),
        ({"id": {"a": 1}}, "call.id"),
        ({"from": 1.38e20}, "call.from"),
        ({"from": "1.38E+10"}, "call.from"),
    ],
)
def test_a_bad_value_names_its_field_and_never_itself(change: dict[str, Any], field: str) -> None:
    body = copy.deepcopy(CALL)
    body["call"] |= change
    with pytest.raises(BadRow) as caught:
        made(SWITCH, body)
    assert [fault.field for fault in caught.value.faults] == [field]
    for fault in caught.value.faults:
        assert not any(str(value) in fault.reason + fault.reason_zh for value in change.values() if value)


CHOICES = mapping_of(
    """
mapping: choices
columns:
  no: 编号
  at: {from: 时间, as: time}
  grade: {from: 等级, codes: {一般: ordinary, 重大: major}}
  points: {from: 得分, as: number, between: [0, 100]}
ticket: no
touchpoints:
  received: {type: complaint.received, time: at, data: {description: no, severity: grade}}
""",
    "choices.yaml",
)


def test_who_wrote_another_word_or_number_is_told_what_may_stand_there() -> None:
    cells = {"编号": "T1", "时间": "2026-03-02 09:00", "等级": "普通", "得分": 101}
    with pytest.raises(BadRow) as caught:
        made(CHOICES, cells)
    assert [(fault.field, fault.reason_zh) for fault in caught.value.faults] == [
        ("等级", "不在代码表中，可填：一般、重大"),
        ("得分", "须在 0 到 100 之间"),
    ]
    for points in (0, "100"):
        assert len(made(CHOICES, cells | {"等级": "重大", "得分": points})) == 1


HASHED = """
mapping: hashed
columns: {phone: 电话, at: {from: 时间, as: time}, words: 内容}
id: %s
ticket: {hash: [phone, at]}
touchpoints:
  received: {type: complaint.received, time: at, customer: {phone: phone}, data: {description: words}}
"""


def test_ids_that_hold_a_phone_are_refused_or_hashed_under_a_key() -> None:
    row = ["13800138000", "2026-03-02 09:00", "漏水"]
    clear = mapping_of(HASHED % "phone", "m.yaml")
    with pytest.raises(BadRow, match="hash") as caught:
        clear.events(clear.over(["电话", "时间", "内容"]), row, HASH)
    assert caught.value.faults[0].field == "电话"
    keyed = mapping_of(HASHED % "{hash: [phone, at]}", "m.yaml")
    reader = keyed.over(["电话", "时间", "内容"])

    def ids(key: bytes, cells: list[str]) -> tuple[str, str]:
        found = keyed.events(reader, cells, hasher(key))
        assert found is not None
        parse(found[0].event, NOW)
        return found[0].event["id"], found[0].event["ticket"]

    assert ids(b"k", row) == ids(b"k", list(row))
    assert ids(b"k", row) != ids(b"other", row)
    assert ids(b"k", row) != ids(b"k", [row[0], "2026-03-02 09:01", row[2]])
    assert "138" not in "".join(ids(b"k", row))


def test_lists_objects_and_choices() -> None:
    mapping = mapping_of(
        """
mapping: visits
columns:
  {no: 编号, at: {from: 时间, as: time}, a: {from: 及时, as: number}, b: {from: 态度, as: number}, slot: {from: 约, as: time}}
id: {text: "{no}-{at}"}
ticket: no
touchpoints:
  done:
    type: followup.repair_first_completed
    time: at
    data:
      scores: {list: [{component: {is: speed}, points: a}, {component: {is: manner}, points: b, out_of: {is: 5}}]}
      satisfied: {expr: "a >= 60"}
  booked:
    when: has(slot)
    type: repair.visit_booked
    time: at
    data: {slot: {start: slot}}
""",
        "v.yaml",
    )
    reader = mapping.over(["编号", "时间", "及时", "态度", "约"])
    found = mapping.events(reader, ["B1", "2026-03-02 09:00", "90", "", "2026-03-03 10:00"], HASH)
    assert found is not None
    assert found[0].event["data"] == {"scores": [{"component": "speed", "points": 90}], "satisfied": True}
    assert found[1].event["data"] == {"slot": {"start": "2026-03-03T10:00:00+08:00"}}
    assert found[0].event["id"] == "B1-2026-03-02T09:00:00+08:00/done"
    with pytest.raises(BadRow) as caught:
        mapping.events(reader, ["B1", "2026-03-02 09:00", "", "4", ""], HASH)
    assert caught.value.faults[0].field == "done"  # nothing compared with 60


NAMES = aliases_of(
    read_yaml(
        """
projects: {云栖花园（一期）: yunqi-1, 云栖 花园: yunqi-1}
houses:
  yunqi-1: {3栋1单元2301室: 3-1-2301}
  "*": {样板房: show}
""",
        "names.yaml",
    )
)


def test_their_names_become_ours_and_unknown_ones_are_kept_and_counted() -> None:
    mapping = mapping_of(
        """
mapping: named
columns:
  no: 编号
  at: {from: 时间, as: time}
  estate: {from: 项目, names: projects}
  house: {from: 房号, names: houses, of: estate}
ticket: no
touchpoints:
  r: {type: complaint.received, time: at, project_id: estate, house_id: house, data: {description: no}}
""",
        "n.yaml",
    )
    reader = mapping.over(["编号", "时间", "项目", "房号"], NAMES)

    def names(estate: str, house: str) -> tuple[str, str]:
        found = mapping.events(reader, ["1", "2026-03-02", estate, house], HASH)
        assert found is not None
        return found[0].event["projectid"], found[0].event["houseid"]

    assert names("云栖花园(一期) ", "3栋1单元2301室") == ("yunqi-1", "3-1-2301")
    assert names("yunqi-1", "3-1-2301") == ("yunqi-1", "3-1-2301")
    assert names("别处", "3栋1单元2301室") == ("别处", "3栋1单元2301室")
    assert names("云栖花园", "样板房") == ("云栖花园", "show")
    assert {kind: dict(counted) for kind, counted in NAMES.unknown.items()} == {
        "projects": {"别处": 1, "云栖花园": 1},
        "houses": {"3栋1单元2301室": 1},
    }


def test_an_alias_file_that_is_none_names_the_line() -> None:
    with pytest.raises(MappingFault, match=r"a\.yaml:2: houses\.x"):
        aliases_of(read_yaml("houses:\n  x: [1]\n", "a.yaml"))
    with pytest.raises(MappingFault, match=r"a\.yaml:1: estates"):
        aliases_of(read_yaml("estates: {a: b}\n", "a.yaml"))


def test_the_heading_behind_a_refused_field_is_found() -> None:
    shape = SWITCH.shapes[1]
    assert SWITCH.origin(shape, "data.description") == "form.内容"
    assert SWITCH.origin(shape, "data.customer.phone") == "call.from"
    assert SWITCH.origin(shape, "ticket") == "call.id"
    assert SWITCH.origin(shape, "time") == "call.began"
    assert SWITCH.origin(SWITCH.shapes[0], "data.note") == "contact.data.note"
