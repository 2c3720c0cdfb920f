"""What was written canonically is read back, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import canonical, uncanonical

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_read_back(value: object) -> None:
    assert uncanonical(canonical(value)) == value


@pytest.mark.parametrize("text", ["", "{", '{"a":1} ', '{"a":1}{}', "nul", "[1,]", " 1"])
def test_damaged(text: str) -> None:
    with pytest.raises(ValueError, match="not canonical JSON"):
        uncanonical(text)
