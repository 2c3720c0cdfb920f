"""What is made of publications is made once, and again when there is one more."""

from __future__ import annotations

from itertools import count

import pytest

from ledger.tenants import Tenant
from projections.kept import Kept

A, B = (Tenant(number, name) for number, name in ((1, "a"), (2, "b")))


def test_kept_until_there_is_one_publication_more() -> None:
    kept, made = Kept[int](), count(1)

    def make() -> int:
        return next(made)

    assert [kept.of(A, [1, 2], make), kept.of(A, [1, 2], make)] == [1, 1]
    assert kept.of(A, [1, 2, 9], make) == 2
    assert kept.of(A, [1, 2, 9], make) == 2


def test_each_tenant_has_its_own() -> None:
    kept = Kept[str]()
    assert kept.of(A, [1], lambda: "of a") == "of a"
    assert kept.of(B, [1], lambda: "of b") == "of b"
    assert kept.of(A, [1], lambda: "never made") == "of a"


def test_what_could_not_be_made_is_not_kept() -> None:
    kept = Kept[int]()
    with pytest.raises(ZeroDivisionError):
        kept.of(A, [1], lambda: 1 // 0)
    assert kept.of(A, [1], lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        kept.of(A, [1, 2], lambda: 1 // 0)
    assert kept.of(A, [1], lambda: 8) == 7
