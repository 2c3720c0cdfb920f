"""A stretch of one lane, and what walking it came to: what goes between processes, plain and small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.findings import BadPlace
from ledger.verifying.total import Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Places (after, upto] of one lane of a tenant. ``known``: hashes of places from elsewhere (``expect``), which stand
    in for a row that is missing."""

    lane: str
    number: int
    raw: bytes
    """The tenant's name as stored."""
    after: int
    upto: int
    facts_head: int
    secret: int
    known: Mapping[int, bytes]
    deep: bool
    others: tuple[tuple[int, bytes], ...] = ()
    """The register, to name whose a row is that stands with the wrong tenant."""

    @property
    def name(self) -> str:
        return self.raw.decode(errors="replace")


@dataclass(slots=True)
class Walked:
    """What a stretch came to. ``total`` over (event id, place) of its facts, for the id table."""

    checked: int = 0
    total: Total = field(default_factory=Total)
    correcting: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """(place, event id, text of the target's event id) of facts that correct or withdraw another."""
    problems: list[BadPlace] = field(default_factory=list)
    more: int = 0
    sound: bool = True
    """Whether its last row holds: then the head can be held against it."""
