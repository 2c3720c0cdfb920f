"""The pace of an engine (步子): how many facts, and how many rows that are due, it takes into one transaction, learnt from the
time that the transactions before it took."""

from __future__ import annotations

from dataclasses import dataclass

BATCH = 512
"""Facts of one transaction at most. How many it takes is found by trying: see ``SLICE``."""
FIRST = 24
LEAST = 16
"""What a transaction costs by itself is as much as about ten facts; fewer together help nobody."""
SLICE = 0.005
"""Seconds of the writer's time that a batch should take: those who append wait behind it (design: queue in slices)."""
UNWAITED = 4
"""So many slices where nobody waits behind it."""
DUE = 64
"""Rows concluded in one transaction when time comes."""
ALONE = 4
"""So many times as much of either where nobody waits: the fuller a transaction, the fewer pages it writes for a fact."""


@dataclass(slots=True)
class Pace:
    """Of one tenant's engine. ``most``: facts of one transaction at most, whatever was learnt."""

    most: int = BATCH
    size: int = FIRST

    def facts(self, alone: bool) -> int:
        """Of the next transaction. ``alone``: nobody waits behind the writer."""
        return self.most * ALONE if alone else min(self.most, self.size)

    def rows(self, alone: bool) -> int:
        """Due rows of the next transaction."""
        return DUE * ALONE if alone else DUE

    def learn(self, taken: int, spent: float, waiting: bool) -> None:
        """So many facts took so many seconds of the writer's time, and somebody waited for it or nobody did."""
        if spent > (SLICE if waiting else UNWAITED * SLICE):
            self.size = max(LEAST, self.size * 3 // 4)
        elif taken >= self.size:
            self.size = min(BATCH, self.size + self.size // 4)
