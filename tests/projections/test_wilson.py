"""The Wilson interval, against the formula in decimals of fifty digits, and against what is printed elsewhere."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.wilson import permille, wilson


@pytest.mark.parametrize(
    ("satisfied", "answered", "interval"),
    [
        (81, 263, (255, 367)),  # Newcombe 1998, table I: 0.2553 to 0.3662
        (15, 148, (62, 161)),  # 0.0624 to 0.1605
        (0, 20, (0, 162)),  # 0.0000 to 0.1611
        (1, 29, (6, 172)),  # 0.0061 to 0.1718
        (29, 29, (883, 1000)),
    ],
)
def test_as_printed(satisfied: int, answered: int, interval: tuple[int, int]) -> None:
    assert wilson(satisfied, answered, 1960) == interval


@given(st.integers(1, 10**6), st.data(), st.integers(0, 4000))
def test_as_the_formula_says_rounded_outwards(answered: int, data: st.DataObject, z: int) -> None:
    satisfied = data.draw(st.integers(0, answered))
    with localcontext() as exact:
        exact.prec = 50
        n, p, width = Decimal(answered), Decimal(satisfied) / Decimal(answered), Decimal(z) / 1000
        middle = p + width**2 / (2 * n)
        half = width * (p * (1 - p) / n + width**2 / (4 * n * n)).sqrt()
        low, high = ((middle + sign * half) / (1 + width**2 / n) * 1000 for sign in (-1, 1))
        # what is exactly a whole number may come out a hair beside it
        slack = Decimal("1e-30")
        expected = (
            int((low + slack).to_integral_value(ROUND_FLOOR)),
            int((high - slack).to_integral_value(ROUND_CEILING)),
        )
    found = wilson(satisfied, answered, z)
    assert found == expected
    assert 0 <= found[0] <= permille(satisfied, answered) <= found[1] <= 1000 or z == 0


def test_no_share_of_nothing() -> None:
    for satisfied, answered in ((0, 0), (3, 2), (-1, 5)):
        with pytest.raises(ValueError, match="is no share"):
            wilson(satisfied, answered, 1960)
