"""What the approver alone may see (处罚审批人): penalties (domain.md 3.5), so that nobody reads of a fine beside a case."""

from __future__ import annotations

from schemas.event import Event

RULE = "penalties"


def confidential(event: Event) -> bool:
    """Whether a fact or verdict speaks of a penalty; a verdict that takes one back does too."""
    return event.type.startswith("penalty.") or event.origin.get("rule") == RULE
