"""Coverage (覆盖率): each member counts in the period of its trigger: done, unreached, or missing once it is ripe (S25).

A row says nothing: the share is a figure, summed on reading (``projections/coverage.py``).
"""

from __future__ import annotations

from processors.rules.promises.keys import spell
from processors.rules.promises.periods import period_of
from processors.rules.promises.running import Running
from schemas.canonical import uncanonical
from schemas.instants import day_of


class Covered(Running):
    """One member. Its row's keys are its own and those over which the share is summed."""

    def _begin(self) -> None:
        self.period = period_of(self.terms.counted, day_of(self.opened)).label

    @property
    def keys(self) -> str:
        """Names of ``per`` and ``member`` with their values."""
        groups = self.source.get("m") or ["{}"]
        return spell(uncanonical(self.matter.keys) | uncanonical(groups[0]))
