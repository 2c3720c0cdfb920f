"""Random choices that are the same on every machine and every Python: built on ``Random.random`` alone."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from schemas.canonical import canonical

T = TypeVar("T")


class Dice:
    """A stream of choices named by its parts, e.g. Dice(7, "story", 12). Streams of different names are independent."""

    def __init__(self, *name: int | str) -> None:
        self._random = Random(canonical(list(name)))

    def pick(self, among: Sequence[T]) -> T:
        return among[int(self._random.random() * len(among))]

    def between(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        return self._random.random() * 100 < percent

    def weighted(self, among: Sequence[tuple[int, T]]) -> T:
        """One of (weight, thing)."""
        left = self._random.random() * sum(weight for weight, _ in among)
        for weight, thing in among:
            left -= weight
            if left < 0:
                return thing
        return among[-1][1]
