"""Strict on the way in: what is not exactly an event is refused, with the field, the reason, and no value of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical import NotStrict, canonical, canonical_bytes, flaws, read_json
from schemas.catalogue import CATALOGUE, example
from schemas.instants import AHEAD, MINUTE, SECOND, format_instant, parse_instant
from schemas.parse import Refused, parse
from schemas.refusals import REASONS, Refusal

NOW = parse_instant("2026-11-22T10:00:00+08:00")
NAMES = [name for name, entry in CATALOGUE.items() if entry.writer == "intake"]
SECRET = "林若溪13912345678"


def refused(raw: Any, *, admin: bool = False) -> list[Refusal]:
    with pytest.raises(Refused) as caught:
        parse(raw, NOW, admin=admin)
    assert caught.value.refusals
    return caught.value.refusals


def complaints(raw: Any, *, admin: bool = False) -> list[Refusal]:
    """What is refused of it, [] where it is an event."""
    try:
        parse(raw, NOW, admin=admin)
    except Refused as error:
        return error.refusals
    return []


def complaint(**attributes: Any) -> dict[str, Any]:
    return {**example("complaint.received"), **attributes}


def with_data(**fields: Any) -> dict[str, Any]:
    event = complaint()
    return {**event, "data": {**event["data"], **fields}}


def test_every_attribute_of_the_specification_is_known() -> None:
    """CloudEvents 1.0: those required, those optional, and one of the documented extensions."""
    named = {
        "datacontenttype": "application/json",
        "dataschema": "https://example.org/complaint",
        "subject": "TS-1",
    }
    assert complaints(complaint(**named, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")) == []


def only(raw: Any) -> tuple[str, str]:
    found = refused(raw)
    assert len(found) == 1, found
    return found[0].code, found[0].field


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (None, "wrong_type", ""),
        ([], "wrong_type", ""),
        ("x", "wrong_type", ""),
        (complaint(specversion="0.3"), "not_a_code", "specversion"),
        (complaint(id=""), "too_short", "id"),
        (complaint(id=7), "wrong_type", "id"),
        (complaint(id="x" * 201), "too_long", "id"),
        (complaint(id="call-13912345678"), "personal_in_id", "id"),
        (complaint(id="11010119900307109X"), "personal_in_id", "id"),
        (complaint(id="a\nb"), "wrong_form", "id"),
        (complaint(ticket="13912345678"), "personal_in_id", "ticket"),
        (complaint(source="tel:13912345678"), "personal_in_id", "source"),
        (complaint(type="complaint.recieved"), "unknown_type", "type"),
        (complaint(type="obligation.breached"), "not_writable", "type"),
        (complaint(type="policy.published"), "not_writable", "type"),
        (complaint(schemaversion=2), "unknown_version", "schemaversion"),
        (complaint(schemaversion="2"), "unknown_version", "schemaversion"),
        (complaint(time=20261122), "wrong_type", "time"),
        (complaint(time=1763776800), "wrong_type", "time"),
        (complaint(time="20261122"), "bad_time", "time"),
        (complaint(time="2026-03-02"), "bad_time", "time"),
        (complaint(time="2026-03-02T16:00:00"), "bad_time", "time"),
        (complaint(time="2026-03-02 16:00:00+08:00"), "bad_time", "time"),
        (complaint(time="2026-03-02T16:00:00.1234567+08:00"), "bad_time", "time"),
        (complaint(time="2026-02-30T16:00:00+08:00"), "bad_time", "time"),
        (complaint(time="2026-03-02T16:00:60+08:00"), "bad_time", "time"),
        (complaint(time="2026-03-02T16:00:00-00:00"), "bad_time", "time"),
        (complaint(time=format_instant(NOW + AHEAD + 1)), "time_ahead", "time"),
        (complaint(channel="fax"), "not_a_code", "channel"),
        (complaint(ownertype="god"), "not_a_code", "ownertype"),
        (complaint(actorrole="客服"), "wrong_form", "actorrole"),
        (complaint(caseid="TS-1"), "wrong_form", "caseid"),
        (complaint(case_id="x"), "unknown_field", "case_id"),
        (complaint(datacontenttype="text/xml"), "not_a_code", "datacontenttype"),
        (complaint(tenant="other"), "unknown_field", "tenant"),
        (complaint(customerref="c-1"), "ambiguous", "customerref"),
        (complaint(data=[]), "wrong_type", "data"),
        (complaint(data={}), "missing", "data.description"),
        (with_data(description=""), "too_short", "data.description"),
        (with_data(description=None), "wrong_type", "data.description"),
        (with_data(repeat_no=2.0), "wrong_type", "data.repeat_no"),
        (with_data(repeat_no="2"), "wrong_type", "data.repeat_no"),
        (with_data(repeat_no=True), "wrong_type", "data.repeat_no"),
        (with_data(repeat_no=-1), "out_of_range", "data.repeat_no"),
        (with_data(is_cs_channel=1), "wrong_type", "data.is_cs_channel"),
        (with_data(is_cs_channel="true"), "wrong_type", "data.is_cs_channel"),
        (with_data(severity="huge"), "not_a_code", "data.severity"),
        (with_data(severety="major"), "unknown_field", "data.severety"),
        (with_data(note="a\x00b"), "not_strict", "data.note"),
        (with_data(note="a\ud800b"), "not_strict", "data.note"),
        (with_data(repeat_no=2**63), "not_strict", "data.repeat_no"),
        (with_data(customer={"phone": 13912345678}), "wrong_type", "data.customer.phone"),
        (with_data(customer={"wechat": "x"}), "unknown_field", "data.customer.wechat"),
        (with_data(attachments=[{"kind": "photo"}]), "missing", "data.attachments[0].ref"),
        (with_data(category="电话13912345678"), "personal_in_id", "data.category"),
        (
            {**example("complaint.closed"), "data": {"closed_at": format_instant(NOW + 6 * MINUTE)}},
            "time_ahead",
            "data.closed_at",
        ),
        ({**example("complaint.closed"), "data": {"closed_at": 20261122}}, "wrong_type", "data.closed_at"),
        ({**example("contact_sheet.issued"), "data": {"to_department": "cs"}}, "missing", "data.due_at"),
        (
            {
                **example("contact_sheet.issued"),
                "data": {"to_department": "cs", "due_at": "2026-13-01"},
            },
            "bad_date",
            "data.due_at",
        ),
        (
            {**example("event.withdrawn"), "correctsid": "0d9f2b52-6a0e-5c57-9b0c-6d3a51f2c0de"},
            "ambiguous",
            "correctsid",
        ),
        ({**example("obligation.waived"), "correctssourceid": "a"}, "not_correctable", "correctssourceid"),
    ],
)
def test_refused(raw: Any, code: str, field: str) -> None:
    assert only(raw) == (code, field)


def test_withdrawal_names_something() -> None:
    event = example("event.withdrawn")
    del event["correctssourceid"]
    assert only(event) == ("missing", "correctsid")


@pytest.mark.parametrize("missing", ["specversion", "id", "type", "time"])
def test_required_attributes(missing: str) -> None:
    event = complaint()
    del event[missing]
    assert ("missing", missing) in [(r.code, r.field) for r in refused(event)]


def test_accepted() -> None:
    arrived = parse(complaint(schemaversion="1", time="2026-03-02T08:00:00.5Z"), NOW)
    assert arrived.time == parse_instant("2026-03-02T16:00:00+08:00") + SECOND // 2
    assert arrived.zone == "+00:00"
    assert arrived.envelope["house_id"] == "3-1-2301"
    assert arrived.customer["phone"] == "13800138000"
    assert "customer" not in arrived.data
    assert arrived.data["repeat_no"] == 2
    assert parse(complaint(time=format_instant(NOW + AHEAD)), NOW).time == NOW + AHEAD
    assert "note" not in parse(with_data(note=None), NOW).data
    sheet = example("contact_sheet.issued")
    assert parse(sheet, NOW).data["due_at"] == "2026-03-20"
    assert parse({**example("repair.joint_team_dissolved"), "data": None}, NOW).data == {}


def test_all_complaints_at_once() -> None:
    event = complaint(channel="fax", time="now")
    event["data"] = {**event["data"], "severity": "huge"}
    assert [r.field for r in refused({**event, "id": 1})] == ["id", "channel"]
    event["channel"] = "sms"
    assert [r.field for r in refused(event)] == ["data.severity"]


def test_doubled_keys_and_constants() -> None:
    text = json.dumps(complaint(), ensure_ascii=False)
    doubled = read_json(text[:-1] + ', "id": "again"}')
    assert only(doubled) == ("not_strict", "id")
    deep = text.replace('"subject": "engineering"', '"subject": "engineering", "subject": "design"')
    assert only(read_json(deep)) == ("not_strict", "data.subject")
    for word in ("NaN", "Infinity", "-Infinity"):
        assert only(read_json(text.replace('"repeat_no": 2', f'"repeat_no": {word}'))) == (
            "not_strict",
            "data.repeat_no",
        )
    assert only(read_json(text.replace('"repeat_no": 2', '"repeat_no": 1e999'))) == (
        "wrong_type",
        "data.repeat_no",
    )


def test_policies_are_read_as_policies() -> None:
    event = deepcopy(example("policy.published"))
    event["data"]["version"] = "2"
    assert [(r.code, r.field) for r in refused(event, admin=True)] == [("policy", "data.version")]
    event = deepcopy(example("policy.published"))
    del event["data"]["policy"]["policies"]["complaint.close_return_visit"]["owes"]
    [told] = refused(event, admin=True)
    assert (told.code, told.field) == ("policy", "data.policy.policies.?.owes")
    assert (told.reason, told.reason_zh) == ("is missing; write it", "缺少此项，请写上")
    event = deepcopy(example("policy.published"))
    event["data"]["policy"]["policies"]["complaint.close_return_visit"]["share"] = 0.5
    assert [(r.code, r.field) for r in refused(event, admin=True)] == [("float", "data.policy")]


def test_calendars_are_read_as_calendars() -> None:
    event = deepcopy(example("calendar.published"))
    event["data"]["years"] = {"2026": event["data"]["years"]["2026"][:364]}
    assert only_admin(event) == [("wrong_form", "data.years.2026")]
    event["data"]["years"] = {"2026": "W" * 366}
    assert only_admin(event) == [("calendar", "data")]
    event = deepcopy(example("calendar.published"))
    event["data"] |= {"shifts": [["00:00", "24:00"]], "close": None, "names": {}}
    assert parse(event, NOW, admin=True).data["shifts"] == [["00:00", "24:00"]]
    event["data"]["names"] = {"2026-02-30": "不存在"}
    assert [code for code, _ in only_admin(event)] == ["calendar"]


def only_admin(raw: Any) -> list[tuple[str, str]]:
    return [(r.code, r.field) for r in refused(raw, admin=True)]


def test_reasons_are_whole() -> None:
    for kind, words in REASONS.items():
        assert kind
        assert all(words)


texts = st.text(max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
    | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_canonical_round_trip(value: Any) -> None:
    text = canonical(value)
    assert text == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert json.loads(text) == value
    assert canonical(read_json(text)) == text
    shuffled = json.dumps(value, indent=1)
    assert canonical_bytes(read_json(shuffled)) == text.encode()
    assert not [f for f in flaws(read_json(text)) if "U+0000" not in f.reason]


def test_what_has_no_canonical_form() -> None:
    for value in (b"x", {1, 2}, [object()]):
        with pytest.raises(ValueError, match="no place in canonical JSON"):
            canonical(value)
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(RecursionError):
        canonical(circle)


@given(values)
def test_arbitrary_json_is_refused_and_nothing_else(value: Any) -> None:
    for raw in (value, {**complaint(), "data": value}, {**complaint(), "time": value}, complaint(type=value)):
        found = complaints(raw, admin=True)
        assert all(r.code and r.reason and r.reason_zh for r in found)
        assert SECRET not in str(found)


@given(st.binary(max_size=60) | texts.map(str.encode))
def test_arbitrary_bytes_are_read_or_not_strict(raw: bytes) -> None:
    try:
        value = read_json(raw)
    except NotStrict:
        return
    assert complaints(value), "a few random bytes made an event"


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of every object and every leaf in an example."""
    found = [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found += _places(child, (*path, key))
    return found


def _changed(event: dict[str, Any], path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    made = deepcopy(event)
    if not path:
        return change(made)
    spot: Any = made
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = change(spot[path[-1]])
    return made


@settings(max_examples=300)
@given(st.data())
def test_every_spoiled_example_is_refused(data: st.DataObject) -> None:
    """One wrong thing anywhere in a valid event: a strange field, a type that is not meant, a forbidden character."""
    event = example(data.draw(st.sampled_from(NAMES)))
    path = data.draw(st.sampled_from(_places(event)))
    spot: Any = event
    for step in path:
        spot = spot[step]
    if path[:2] == ("data", "keys"):
        return  # the names in it are free
    if isinstance(spot, dict):
        stranger = data.draw(st.sampled_from(["extra", "case_id", SECRET, "Id"]))
        bad = _changed(event, path, lambda old: {**old, stranger: data.draw(plain)})
    elif isinstance(spot, list):
        bad = _changed(event, path, lambda old: {"0": old})
    else:
        wrong: list[Any] = [1.5, [spot], {"value": spot}, "a\x00b", "a\udc80b"]
        wrong.append(7 if isinstance(spot, (str, bool)) else str(spot))
        bad = _changed(event, path, lambda _: data.draw(st.sampled_from(wrong)))
    with pytest.raises(Refused) as caught:
        parse(bad, NOW)
    assert SECRET not in str(caught.value.refusals)
