"""What figures are published by (指标口径): part of a profile, so that a company may publish its own. Plain data, read without
the models of policies.

[REC] The seeds give neither a least sample nor a level of confidence nor the mark from which a customer counts as satisfied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from schemas.instants import Instant


class Figures(NamedTuple):
    """``minimum_sample``: answers below which no share and no mean is told. ``satisfied_pct``: who gave marks and was not asked
    whether he is satisfied, is from this mean of his marks on. ``z_permille``: half width of the interval in
    thousandths of a standard deviation (1960: 95 %)."""

    minimum_sample: int = 30
    satisfied_pct: int = 60
    z_permille: int = 1960


class Published(NamedTuple):
    """A profile's figures: in force from ``effective`` on, published at ``place`` of the fact lane."""

    effective: Instant
    place: int
    figures: Figures


def figures_of(policy: Mapping[str, Any]) -> Figures | None:
    """Of a published profile; None where it says nothing of figures."""
    said = policy.get("figures")
    return None if said is None else Figures(**{name: int(value) for name, value in said.items()})


def binding(published: Iterable[Published], time: Instant, place: int) -> Figures:
    """Those in force at ``time`` of what was published up to ``place``: the newest, before the earliest the earliest, and
    where nobody published any the default."""
    versions = [one for one in published if one.place <= place]
    begun = [one for one in versions if one.effective <= time]
    if begun:
        return max(begun, key=lambda one: (one.effective, one.place)).figures
    return min(versions, key=lambda one: (one.effective, -one.place)).figures if versions else Figures()
