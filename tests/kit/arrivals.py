"""Orders of arrival for property tests."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def arrival(changes: Sequence[int], shuffle: Random) -> list[int]:
    """Any order in which nothing comes before what it changes. ``changes``: of each the index of that, below 0 for none."""
    left, order = list(range(len(changes))), list[int]()
    shuffle.shuffle(left)
    while left:
        here = next(i for i in left if changes[i] < 0 or changes[i] in order)
        left.remove(here)
        order.append(here)
    return order
