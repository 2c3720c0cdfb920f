"""Which letters name somebody, and whether they name anybody else: by what stands in them, however it is written."""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.persons import PHONE, normal_number, normal_phone, number_of
from producers.inbox.bodies import rows
from producers.inbox.letter import Content
from producers.inbox.whose import Look
from producers.mapping.problems import BadRow

MOBILE, LANDLINE, NUMBER, SHORT, REF = (
    "13911112222", "057188886666", "KH-77120", "1201", "7c1e0b52-6a0e-4c57-9b0c-6d3a51f2c0de",
)  # fmt: skip
OTHER = "13600001111"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def entry(kind: str, value: str) -> bytes:
    return f"{kind}\0{value}".encode()


THEIRS = frozenset(
    [entry(PHONE, normal_phone(phone)) for phone in (MOBILE, LANDLINE, "0")]
    + [entry(number_of("pbx"), normal_number(number)) for number in (NUMBER, SHORT, "771200")]
)


def look(body: Any, media: str = JSON, query: tuple[tuple[str, str], ...] = (), source: str = "pbx") -> Look:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Look(source, entry, THEIRS, frozenset([REF])).through(Content(media, query, raw))


ALONE: dict[str, tuple[Any, ...]] = {
    "a phone": ({"call": {"phone": MOBILE}},),
    "as a number": ({"phone": int(MOBILE)},),
    "as a fraction": (b'{"phone": 13911112222.0}',),
    "as a name of a field": ({MOBILE: "called"},),
    "full-width": ({"phone": "１３９　１１１１　２２２２"},),
    "with a country code": ({"phone": "+86 139-1111-2222"},),
    "as a switch dials it": ({"phone": "013911112222"},),
    "in what was said": ({"words": "请回电１３９１１１１２２２２，谢谢", "hotline": "4008001234"},),
    "a landline": ({"phone": "(0571) 8888-6666"},),
    "a landline in what was said": ({"words": "电话(0571) 8888-6666，晚上在"},),
    "grouped otherwise": ({"words": "电话139-111-12222"},),
    "a number as a fraction": (b'{"no": 771200.0}',),
    "a number": ({"customer": " ＫＨ-77120 "},),
    "a number in what was said": ({"words": "客户KH-77120来电"},),
    "a reference": ({"customerref": REF},),
    "both, and time and place": (
        {"no": NUMBER, "tel": MOBILE, "at": "2026-11-20 09:30:00", "id": "20261120093000", "house": "1203"},
    ),
    "every item theirs": ([{"phone": MOBILE}, {"id": 2, "number": NUMBER}],),
    "a list of other things": ({"phone": MOBILE, "files": [{"url": "/a"}, {"url": "/b"}]},),
    "a form": (urlencode({"phone": MOBILE, "words": "漏水"}).encode(), FORM),
    "a form in GBK": (urlencode({"no": "客户", "phone": MOBILE}, encoding="gbk").encode(), FORM),
    "a number of Chinese, in a form": (urlencode({"words": "渗水", "no": NUMBER}, encoding="gbk").encode(), FORM),
    "JSON in a field": (urlencode({"data": json.dumps({"phone": MOBILE})}).encode(), FORM),
    "multipart": (
        f'--x\r\nContent-Disposition: form-data; name="p"\r\n\r\n{MOBILE}\r\n--x--\r\n'.encode(),
        "multipart/form-data; boundary=x",
    ),
    "the address alone": (b"", "", (("phone", MOBILE),)),
    "the address beside a body": ({"id": 1}, JSON, (("caller", MOBILE),)),
    "XML": (f"<call><tel>{MOBILE}</tel><at>2026-11-20</at></call>".encode(), "text/xml"),
    "XML with a number": (f"<call><no>{NUMBER}</no></call>".encode(), "text/xml"),
    "broken JSON": (b'{"call": {"phone": "' + MOBILE.encode(), JSON),
    "a key that stands twice": (f'{{"phone": "{MOBILE}", "phone": "1"}}'.encode(), JSON),
    "nested too deep": (b'{"a": ' * 2000 + MOBILE.encode(), JSON),
    "UTF-16": (f"tel {MOBILE}".encode("utf-16"), "text/plain"),
    "neither UTF-8 nor GB18030": (b"\xff\xfe\x80 " + MOBILE.encode(), "text/plain"),
    "halves of surrogate pairs": (b'{"words": "' + b"\\ud800" * 6 + b'", "phone": "' + MOBILE.encode() + b'"}', JSON),
}  # fmt: skip
OTHERS: dict[str, tuple[Any, ...]] = {
    "another's phone": ({"caller": MOBILE, "contact": OTHER},),
    "another's in what was said": ({"caller": MOBILE, "words": f"邻居{OTHER}也漏水"},),
    "another's, full-width": ({"caller": MOBILE, "words": "１３６００００１１１１"},),
    "another's landline": ({"caller": MOBILE, "home": "010-66668888"},),
    "another's abroad": ({"caller": MOBILE, "home": "+852 9123 4567"},),
    "an item of nobody": ([{"phone": MOBILE}, {"words": "漏水"}],),
    "an item of a list inside": ({"calls": [{"phone": MOBILE}, {"name": "李先生"}]},),
    "a row that is none": ([{"phone": MOBILE}, []],),
    "a list of phones": ({"phones": [MOBILE, OTHER]},),
    "XML": (f"<calls><tel>{MOBILE}</tel><tel>{OTHER}</tel></calls>".encode(), "text/xml"),
    "in the address": ({"phone": MOBILE}, JSON, (("contact", OTHER),)),
}
NOT_THEIRS: dict[str, tuple[Any, ...]] = {
    "nothing": ({},),
    "somebody else": ({"phone": OTHER, "no": "KH-77121"},),
    "within a longer number": ({"id": f"9{MOBILE}"},),
    "another source's number": ({"no": NUMBER}, JSON, (), "crm"),
    "shorter than a phone": ({"extension": "0"},),
}


@pytest.mark.parametrize("name", ALONE)
def test_theirs_alone(name: str) -> None:
    found = look(*ALONE[name])
    assert (found.named, found.sure, found.others) == (True, True, False)


def test_at_every_depth() -> None:
    """Where it can be parsed, where it can be parsed and not be gone through, and beyond."""

    def nested(depth: int) -> bytes:
        return b'{"a": ' * depth + MOBILE.encode() + b"}" * depth

    def too_deep(depth: int) -> bool:
        try:
            return not rows(Content(JSON, (), nested(depth)))
        except BadRow:
            return True

    first = bisect_left(range(2000), True, key=too_deep)
    assert 32 < first < 2000
    for depth in range(first - 20, first + 5):
        assert look(nested(depth)).named, depth


@pytest.mark.parametrize("name", OTHERS)
def test_others_too(name: str) -> None:
    found = look(*OTHERS[name])
    assert (found.named, found.others) == (True, True)


@pytest.mark.parametrize("name", NOT_THEIRS)
def test_not_theirs(name: str) -> None:
    assert not look(*NOT_THEIRS[name]).named


def test_a_short_number_may_be_a_house() -> None:
    found = look({"house": SHORT})
    assert (found.named, found.sure) == (True, False)
    assert not look({"words": f"{SHORT} 室"}).named, "nor is every word asked for"
    assert look({"house": SHORT, "phone": MOBILE}).sure


def test_everything_named_is_told_for_who_knows_whose_it_is() -> None:
    other = REF.replace("7", "8")
    found = look({"no": "KH-9", "words": "KH-88331", "phone": OTHER, "ref": other})
    assert {entry(number_of("pbx"), number) for number in ("KH-9", "KH-88331")} <= found.entries
    assert entry(PHONE, OTHER) in found.entries
    assert found.refs == {other}


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(
    TREES,
    st.sampled_from([MOBILE, int(MOBILE), f"+86 {MOBILE[:3]}-{MOBILE[3:7]}-{MOBILE[7:]}", NUMBER]),
    st.data(),
)
def test_wherever_it_stands(tree: Any, value: Any, data: st.DataObject) -> None:
    """Put beside anything, at any depth, it is found."""
    for _ in range(data.draw(st.integers(0, 3))):
        value = data.draw(st.sampled_from([{"a": value, "b": tree}, [tree, value], {"z": [value]}]))
    assert look({"all": value}).named


@given(
    st.binary(max_size=300),
    st.sampled_from(["", JSON, FORM, "text/xml; charset=gbk", "multipart/form-data; boundary=x"]),
)
def test_no_body_is_too_bad(body: bytes, media: str) -> None:
    look(body, media, (("q", "\ud800"),))
    assert look(body + b" " + MOBILE.encode() + b" ", "text/plain").named
