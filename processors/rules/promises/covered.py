"""Coverage (覆盖率): each member counts in the period of its trigger: done, unreached, or missing once it is ripe (S25).

A row says nothing: the share is a figure, summed on reading (``projections/coverage.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processors.rules.promises.keys import spell
from processors.rules.promises.periods import period_of
from processors.rules.promises.running import Running
from processors.rules.promises.terms import Terms
from schemas.canonical import uncanonical
from schemas.instants import Instant, day_of


class Covered(Running):
    """One member. Its row's keys are its own and those over which the share is summed."""

    def _begin(self) -> None:
        self.period = counted_in(self.terms, self.opened)

    @property
    def keys(self) -> str:
        return keys_shown(self.matter.keys, self.source)


def counted_in(terms: Terms, opened: Instant) -> str:
    """Label of the period in which a member counts."""
    return period_of(terms.counted, day_of(opened)).label


def keys_shown(own: str, source: Mapping[str, Any]) -> str:
    """Names of ``per`` and ``member`` with their values."""
    groups = source.get("m") or ["{}"]
    return spell(uncanonical(own) | uncanonical(groups[0]))
