"""The sums of a batch (累计): what linear rules add to each cell. Nothing that stands is read."""

from __future__ import annotations

from processors.ports import Effects
from processors.rules.linear import Summed, summed
from processors.rules.protocol import Evidence


class Sums:
    """By (slot, scope) of the evidence."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], Summed] = {}

    def add(self, entry: Evidence, sign: int) -> None:
        """``sign`` -1 takes out again what a corrected event added."""
        key = (entry.slot, entry.scope)
        more = summed(entry)
        so_far = self._cells.get(key)
        before = so_far.amounts if so_far is not None else (0,) * len(more.amounts)
        amounts = tuple(a + sign * b for a, b in zip(before, more.amounts, strict=True))
        self._cells[key] = more._replace(amounts=amounts)

    def collect(self, effects: Effects) -> None:
        """In order of slot and scope; none that adds nothing."""
        effects.sums.extend(self._cells[key] for key in sorted(self._cells) if any(self._cells[key].amounts))
