"""A mapping that cannot be used says where and why: file, line, key; and expressions can do nothing but compare."""

from __future__ import annotations

import re

import pytest

from producers.mapping.expressions import BadExpression, Expression
from producers.mapping.problems import BadCell, MappingFault
from producers.mapping.reading import mapping_of
from producers.sheets.ledgers import ledgers
from tests.touchline.commands import ROOT

GOOD = """mapping: m
zone: Asia/Shanghai
columns:
  no: {from: 编号, must: true}
  at: {from: 时间, as: time}
  due: {from: 期限, as: time}
  kind: {from: 等级, codes: {重: major}}
ticket: no
touchpoints:
  r:
    type: complaint.received
    time: at
    data: {description: no}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("zone: Asia/Shanghai", "zone: Mars/Olympus", "m.yaml:2: zone"),
        ("zone: Asia/Shanghai", 'times: ["DD.MM"]', r"m.yaml:2: times\.0.*YYYY"),
        ("as: time}\n  due", "as: tim}\n  due", r"m.yaml:5: columns\.at\.as"),
        ("must: true", "must: yes", r"m.yaml:4: columns\.no\.must"),
        ("must: true", "mst: true", r"m.yaml:4: columns\.no\.mst.*did you mean must"),
        ("  no: {", "  1st: {", r"columns\.1st"),
        ("ticket: no", "ticket: nr", "m.yaml:8: ticket.*no column called nr"),
        ("ticket: no\n", "", "ticket or id is missing"),
        ("complaint.received", "complaint.recieved", r"touchpoints\.r\.type.*did you mean complaint\.received"),
        ("complaint.received", "policy.published", r"no touchpoint is called policy\.published"),
        ("    time: at\n", "", r"m.yaml:10: touchpoints\.r.*no time"),
        ("time: at", "time: no", r"m.yaml:12: touchpoints\.r\.time"),
        ("{description: no}", "{}", r"complaint\.received needs data\.description"),
        ("{description: no}", "{descripton: no}", r"data\.descripton.*did you mean description"),
        ("{description: no}", "{description: no, severity: kind}", None),
        ("{description: no}", "{description: no, subject: kind}", r"no code major for it"),
        ("    time: at", "    time: at\n    chanel: {is: hotline}", r"m.yaml:13: touchpoints\.r\.chanel.*channel"),
        ("    time: at", "    time: at\n    channel: {is: phone}", r"touchpoints\.r\.channel.*no code phone"),
        ("    time: at", "    time: at\n    when: has(nr)", r"touchpoints\.r\.when.*no column called nr"),
        ("    time: at", "    time: at\n    when: open('x')", r"touchpoints\.r\.when.*functions are"),
        ("complaint.received\n    time: at\n    data: {description: no}",
         "commitment.made\n    time: at\n    data: {promise_text: no, due_at: due}", "read its column as: due"),
        ("mapping: m", "mapping: m\nmapping: n", "m.yaml:2: .*stands twice"),
        ("must: true", "between: [0, 9]", r"m.yaml:4: columns\.no\.between.*as: number"),
        ("must: true", "as: number, between: [9, 0]", r"m.yaml:4: columns\.no\.between.*least, most"),
        ("touchpoints:", "touchpoint:", "m.yaml:9: touchpoint.*did you mean touchpoints"),
        ("{重: major}", "{重: major, ' 重': key}", r"columns\.kind\.codes\. 重.*two codes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(old: str, new: str, told: str | None) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    if told is None:
        mapping_of(text, "m.yaml")
        return
    with pytest.raises(MappingFault, match=told):
        mapping_of(text, "m.yaml")


def test_every_flaw_is_told_at_once() -> None:
    with pytest.raises(MappingFault) as caught:
        mapping_of(GOOD.replace("as: time", "as: tim").replace("time: at", "time: nowhere"), "m.yaml")
    assert [flaw.line for flaw in caught.value.flaws] == [5, 6, 12]


def test_what_is_shipped_and_offered_is_good() -> None:
    assert [mapping.name for mapping in ledgers()] == ["complaints", "repairs", "followups"]
    for path in (ROOT / "examples").glob("*.yaml"):
        mapping_of(path.read_text(encoding="utf-8"), path.name)
    first, _ = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8"), re.DOTALL
    )
    mapping_of(first, "mapping.md")


@pytest.mark.parametrize(
    "source",
    [
        "().__class__.__base__.__subclasses__()",
        "no.__class__",
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "first.__globals__",
        "first(*[1])",
        "has(value=no)",
        "(lambda: no)()",
        "[x for x in no]",
        "{'a': 1}",
        "no[0]",
        "f'{no}'",
        "'a' * 1000000000",
        "9 ** 9 ** 9",
        "1 << 1000000",
        "no if no else no; no",
        "(no := 1)",
        "1.5",
        "b'x'",
        "...",
        "no\nno",
        "",
        "lambda: 1",
        "has(no" + ")" * 3,
        " or ".join(["no"] * 200),
        "(" * 300 + "no" + ")" * 300,
        "no == '" + "a" * 600 + "'",
        "'%s' % no",
        "no @ no",
        "-no",
        "eval('1')",
        "has",
    ],
)
def test_an_expression_can_not_break_out(source: str) -> None:
    with pytest.raises(BadExpression):
        Expression(source)


def test_a_name_is_a_column_and_nothing_else() -> None:
    with pytest.raises(BadCell):
        Expression("print").value({})


def test_texts_do_not_grow_without_bound() -> None:
    doubled = Expression("a + a + a + a")
    with pytest.raises(BadCell):
        doubled.value({"a": "x" * 3000})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("no == '1' and has(kind)", False),
        ("kind is_not", None),
        ("not has(kind)", True),
        ("no in ('1', '2')", True),
        ("first(kind, no)", "1"),
        ("same(no, '１')", True),
        ("part('3-1-2301', '-', 3)", "2301"),
        ("digits('a1b2') + '!'", "12!"),
        ("'a' if no == '1' else 'b'", "a"),
        ("n > 3", True),
        ("lower('AbC')", "abc"),
    ],
)
def test_what_expressions_can_say(source: str, value: object) -> None:
    row = {"no": "1", "kind": None, "n": 4}
    if value is None:
        with pytest.raises(BadExpression):
            Expression(source)
    else:
        assert Expression(source).value(row) == value


def test_an_empty_value_compared_is_a_fault_of_the_row() -> None:
    with pytest.raises(BadCell):
        Expression("n > 3").value({"n": None})
