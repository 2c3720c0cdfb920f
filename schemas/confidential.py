"""What the approver alone may see (处罚审批人): penalties (domain.md 3.5), so that nobody reads of a fine beside a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.event import Event

RULE = "penalties"


def confidential(event: Event) -> bool:
    """Whether a fact or verdict speaks of a penalty; a verdict that takes one back does too."""
    return _penalty(event.type, event.origin.get("rule"))


def confidential_row(body: Mapping[str, Any]) -> bool:
    """The same of a row as it is stored; a policy that says what penalties cost speaks of them too."""
    if body["type"] == "policy.published" and (body["data"].get("policy") or {}).get("penalties"):
        return True
    return _penalty(body["type"], body.get("rule"))


def _penalty(kind: str, rule: object) -> bool:
    return kind.startswith("penalty.") or rule == RULE
