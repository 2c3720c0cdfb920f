"""The message catalogue names every code that the models know, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from schemas.catalogue import CATALOGUE, example
from schemas.envelope import CloudEvent
from schemas.words import WORDS, label, taken_back
from schemas.words_codes import CODES
from schemas.words_roles import ROLES

OTHERWISE = {"1.0", "application/json"}
WALL = (
    "pending", "due_soon", "breached", "undated", "met", "met_late", "late_entry", "retracted", "cancelled",
    "waived", "unreached", "open", "late", "superseded", "closed", "stands", "corrected", "withdrawn", "born_late",
)  # fmt: skip


def _literals(hint: Any) -> Iterator[str]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        for field in hint.model_fields.values():
            yield from _literals(field.annotation)
    else:
        for inner in get_args(hint):
            yield from _literals(inner)


def _used() -> set[str]:
    found = set(_literals(CloudEvent))
    for entry in CATALOGUE.values():
        found |= set(_literals(entry.model))
        found |= {entry.case, entry.writer, entry.retention}
    return found - OTHERWISE


@pytest.mark.parametrize("code", sorted(_used() | set(WALL)))
def test_every_code_has_both_languages(code: str) -> None:
    assert code in WORDS
    zh, en = WORDS[code]
    assert re.search(r"[\u4e00-\u9fff]", zh) or zh == "QQ"
    assert en
    assert en.isascii()


def test_every_kind_that_a_case_can_be_has_both_languages() -> None:
    """A case that nothing opened is called after the first word of what was told of it."""
    kinds = {
        name.partition(".")[0]
        for name, entry in CATALOGUE.items()
        if entry.touchpoint and entry.case != "none"
    }
    assert sorted(kind for kind in kinds if kind not in WORDS) == []


def test_roles_of_examples_are_named() -> None:
    for name, entry in CATALOGUE.items():
        if entry.writer == "engine":
            continue
        event = example(name)
        for field in ("actorrole", "department"):
            if field in event:
                assert event[field] in ROLES


def test_one_code_one_name() -> None:
    assert not CODES.keys() & ROLES.keys()
    assert not WORDS.keys() & CATALOGUE.keys()


def test_what_is_taken_back_has_a_name() -> None:
    assert taken_back("due_soon2") == ("提醒", "warning")
    assert taken_back("step1") == ("升级", "step")
    assert taken_back("a_kind_of_tomorrow") == ("a_kind_of_tomorrow", "a_kind_of_tomorrow")


def test_label() -> None:
    assert label("cs_front_desk") == "客服前台"
    assert label("cs_front_desk", "en") == "Customer-service front desk"
    assert label("complaint.received") == "投诉受理"
    assert label("role_of_a_company") == "role_of_a_company"
