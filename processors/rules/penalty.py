"""The penalty (处罚): one proposal of the cumulative penalties (domain.md 3.5), as a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from processors.rules.protocol import Row
from schemas.instants import Instant

LABELS = {
    "rule1": ("① 投诉未解决", "1: complaint not solved"),
    "rule2a": (
        "② 质保期内报修未解决，非施工质量",
        "2: repair in warranty not solved, not the builder's cause",
    ),
    "rule2b": ("② 质保期内报修未解决，施工质量", "2: repair not solved, caused by construction quality"),
    "rule3": ("③ 质保期外报修未解决", "3: repair out of warranty not solved"),
    "rule4": ("④ 维修不及时引起二次投诉", "4: second complaint, caused by slow repair"),
}
WAITING = "rule2"
"""Stands for ② while nobody has determined the cause: the proposal waits for it (待责任判定)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty(Row):
    """One for each (problem, case that moved it up, rule). Money in fen; instants in µs UTC, NEVER where there is none."""

    TABLE: ClassVar[str] = "penalties"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("opened",), ("case_id",))

    case_id: str
    house_id: str
    project_id: str
    rule: str
    bearer_role: str
    bearer_ref: str
    state: str
    """waiting, proposed, confirmed, waived; unfounded: decided, but what it was proposed for does not stand (any more)."""
    level: int
    """Where the matter is now."""
    opened_level: int
    opened: Instant
    raised: str
    """Event id of the raise that opened it."""
    doubled: Instant
    """When it moved on to head office."""
    doubled_by: str
    factor: int
    min_fen: int
    """Of the range now: doubled with the penalty."""
    max_fen: int
    proposed_fen: int
    """As first proposed."""
    amount_fen: int
    """As it stands: proposed or confirmed, doubled where it was; 0 where waiting, waived or unfounded."""
    outside: int
    """1: confirmed outside of the range."""
    review: int
    """1: out of warranty, though construction quality caused it; the seed's text is unclear there (domain.md 9 no. 54)."""
    decided: Instant
    decision: str
    decided_by: str
    policy_version: str
