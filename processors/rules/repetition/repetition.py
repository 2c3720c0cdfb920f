"""The row of the repetition ladder: one case's part in one problem, and how far it has moved up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from processors.rules.protocol import Row

RAISED: Final = "escalation.raised"
FLAGGED: Final = "escalation.flagged"
CONVERTED: Final = "complaint.converted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition(Row):
    """Lists as canonical JSON text. ``scope`` is the problem's id; rows of one scope are the cases of one problem."""

    TABLE: ClassVar[str] = "repetitions"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("case_id",), ("linked_case",))

    case_id: str
    linked_case: str
    """The complaint that a report of this case became; "" where none did."""
    project_id: str
    house_id: str
    customer_ref: str
    problem_key: str
    """Of what the problem's id is made: ["repair", project, house, component, location]."""
    kind: str
    """What the case's matter is after its last report: repair or complaint."""
    level: int
    """Level after its last report that counts; 0 to the ladder's top."""
    ladder_place: int
    """Place of the publication of the ladder that judged the last report."""
    differs: int
    """1: a sender's own number of a report is not ours (kept, shown, never used)."""
    reports: str
    """Of each report: see ``judging.Report``; in order of happening."""


class Owned:
    """The rule's name, version and rows (``protocol.Owner``); ``rule.Repetitions`` is the rule."""

    name = "repetition"
    version = 1
    rows: tuple[type[Row], ...] = (Repetition,)
