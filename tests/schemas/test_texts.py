"""What is said of policies, calendars and YAML: in both languages, each code in one place, and none said in passing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import schemas
from schemas.policy import PolicyFile
from schemas.policy_findings import findings
from schemas.texts import BLANK, BY_PART, TEXTS, Wrong, said

ROOM = Path(schemas.__file__).parent
MODULES = [*ROOM.glob("policy*.py"), ROOM / "lunar.py", ROOM / "calendar.py", ROOM / "repetition.py"]
SAYING = {"said": 0, "Wrong": 0, "BadYaml": 1}
"""What takes a code, and as which argument."""


def test_a_code_stands_once() -> None:
    codes = [code for texts in BY_PART for code in texts]
    assert len(codes) == len(set(codes)) == len(TEXTS)


@pytest.mark.parametrize("code", TEXTS)
def test_both_languages_tell_the_same(code: str) -> None:
    zh, en = TEXTS[code]
    assert any("一" <= letter <= "鿿" for letter in zh)
    assert en.replace("…", "").isascii() or code == "calendar_year"  # 待定 is what the wall calls it
    if code != "yaml.syntax":  # what the parser says is English, and its own
        assert {*BLANK.findall(zh)} == {*BLANK.findall(en)}
    assert not {*zh} & {*",;!?"} - {*en}, "Chinese has its own marks"


def calls() -> Iterator[tuple[str, ast.Call]]:
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node


def test_every_code_is_written_and_every_text_is_said() -> None:
    """A code that nobody has written would end the command; a text that nobody says is a lie waiting."""
    named = {
        node.args[SAYING[name]].value  # type: ignore[attr-defined]
        for name, node in calls()
        if name in SAYING and isinstance(node.args[SAYING[name]], ast.Constant)
    }
    assert named <= {*TEXTS}
    literals = {
        node.value
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert {*TEXTS} <= literals


def test_nothing_is_refused_in_one_language() -> None:
    assert [name for name, _ in calls() if name in ("ValueError", "TypeError")] == []


def test_what_is_filled_in() -> None:
    text = said("fact.unknown", name="'case.x'", known=["a", "b"])
    assert (text.zh, text.en) == (
        "没有事实 'case.x'；facts 有 a、b",
        "no fact is called 'case.x'; facts has a, b",
    )
    assert said("fact.unknown", name="x", known=[]).zh.endswith("facts 有 无")
    assert said("key.no_path", name="'house'", plain="house", known=["case"]).en.startswith(
        "the key 'house' has no path; write {house: field}"
    )
    with pytest.raises(KeyError):
        said("no.such.code")
    assert str(Wrong("flag", value="'yes'")) == "'yes' is neither true nor false"


WHOLE: dict[str, Any] = {
    "profile": "p", "version": "1", "effective_from": "2026-01-01T00:00:00+08:00", "calendar": "office",
    "calendars": {"office": {"closed": ["2026-01-02"], "shifts": [["09:00", "12:00"]], "close": "18:00", "roll": "none"}},
    "ladders": {"default": {"warn_pct": 75, "warn_long": "7d", "steps": [{"after": "3wd", "cap": "3wd", "to": ["a"]}]}},
    "keys": {"case": "case_id"}, "figures": {"minimum_sample": 30},
    "penalties": {"enabled": True, "min_fen": 1, "max_fen": 3, "default_fen": 2, "bearers": {"rule1": "a"}},
    "repetition": {"levels": [{"zh": "甲", "role": "a"}, {"zh": "乙", "role": "b"}],
                   "problem": {"repair": ["house_id"], "complaint": ["house_id", ["a", "b"]]},
                   "rungs": {"x": {"row": "O53", "zh": "第二次", "kind": "complaint", "no": 2, "level": 1}}},
    "policies": {"a.b": {
        "row": "O1", "zh": "甲", "on": {"any": ["a.b", {"event": "a.c", "where": {"n": {"gt": "3", "set": True}}}]},
        "per": ["case"], "due": {"after": "24h"}, "by": {"event": "a.d", "times": 2, "distinct": "day"},
        "pause": [{"start": "a.e", "stop": "a.f"}], "warn": [{"pct": 50}], "owes": [{"role": "a"}], "enabled": True,
    }, "a.c": {"zh": "乙", "on": "a.b", "per": ["case"], "by": "a.c", "owes": "a",
               "due": {"seasons": {"winter": [12, 2]}, "grace": "5wd", "first": "same"}},
    "a.d": {"zh": "丙", "on": "a.b", "per": ["case"], "by": "a.c", "owes": "a", "due": {"months": [8, 10]}}},
}  # fmt: skip
ODD: list[Any] = [None, 5, -1, 10**17, "", "x" * 200, "2026-02-30", [], ["x", "y", "z"], {}, {"x": 1}, False]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in list(inside):
        yield value, name
        yield from places(part)


def test_whatever_is_written_the_answer_is_one_of_ours() -> None:
    """Every part of a document replaced by odd things: no complaint falls through to the library's own English."""
    PolicyFile.model_validate(WHOLE)
    missed = set()
    for holder, name in places(WHOLE):
        kept = holder[name]
        for odd in ODD:
            holder[name] = odd
            try:
                PolicyFile.model_validate(WHOLE)
            except ValidationError as error:
                for one in findings(error, WHOLE, {}):
                    if one.text.code == "invalid":
                        missed.add(f"{one.key}: {one.field}: {one.text.en}")
        holder[name] = kept
    assert not missed
