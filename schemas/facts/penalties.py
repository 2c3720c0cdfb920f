"""处罚决定: a person decides on a proposed penalty (domain.md 3.5). Nothing is booked by it; payroll is elsewhere."""

from __future__ import annotations

from schemas.fields import Fen, Id, Personal, Ref
from schemas.model import Content


class Decision(Content):
    """Base: which penalty, of which problem (``GET /penalties`` shows both); why; what the bearer objected (申辩)."""

    penalty_id: Id
    problem: Ref
    by: Ref
    reason: Personal | None = None
    objection: Personal | None = None


class PenaltyConfirmed(Decision):
    """处罚确认: T201. The sum that the approver sets; ``bearer_ref`` is who bears it."""

    TYPE = "penalty.confirmed"

    amount_fen: Fen
    bearer_ref: Ref | None = None


class PenaltyWaived(Decision):
    """处罚免除: T201."""

    TYPE = "penalty.waived"
