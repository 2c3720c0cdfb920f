"""Identifiers that look like a person's number are found, and those that do not are let pass."""

from __future__ import annotations

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.telltale import looks_personal


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "tel:+8613800138000",
        "0086 138 0013 8000",
        "call-138-0013-8000-2",
        "2026-03-02/13800138000",
        "１３８００１３８０００",
        "110101199003074477",
        "身份证11010119900307109x号",
    ],
)
def test_found(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TS-2026-0301",
        "12800138000",
        "1380013800",
        "138001380001",
        "20260302160000123",
        "1772438400000000",
        "110101199003074478",
        "3-1-2301",
        "a1b2c138-1234-4567-8901-0123456789ab",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_let_pass(text: str) -> None:
    assert not looks_personal(text)


@given(st.integers(0, 10**12))
def test_no_uuid_is_taken_for_a_phone(n: int) -> None:
    assert not looks_personal(str(uuid5(UUID(int=7), str(n))))


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "x", "工单", "a-", "#"]),
    st.sampled_from(["", "z", "号", "-b", "#"]),
)
def test_every_phone_number_is_found(phone: str, before: str, behind: str) -> None:
    assert looks_personal(before + phone + behind)
