"""Which obligations are discharged by calling or visiting a customer (回访), read off the published policies as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.event import Event

PREFIX = "followup."
ATTEMPTED = "followup.attempted"
_KINDS = {
    "followup.repair_first_completed": "repair_first",
    "followup.repair_second_completed": "repair_second",
    "followup.complaint_intake_completed": "complaint_intake",
    "followup.complaint_close_completed": "complaint_close",
    "followup.property_service_completed": "property_service",
}
"""Return visit -> what an attempt that reached nobody calls it (domain.md T92)."""
ASKS_NOTHING = frozenset({"followup.complaint_intake_completed", "followup.regular_completed"})
"""Visits that are not about whether the customer is satisfied (domain.md T108, T134)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """``type``: the event that says the visit was made. ``attempt``: what a call that reached nobody is filed under; "" where
    none can be filed. ``tries``: on so many days before it counts as unreached; 0: the policy does not say."""

    type: str
    attempt: str
    tries: int

    @property
    def asks(self) -> bool:
        """Whether the visit asks if the customer is satisfied, and for a mark."""
        return self.type not in ASKS_NOTHING


def visit_of(policy: Mapping[str, Any]) -> Visit | None:
    """The visit that discharges a policy, as it was published; None for any other duty, and for a share (coverage)."""
    if "coverage" in (policy.get("due") or {}):
        return None
    found = next((name for name in _types(policy.get("by")) if name.startswith(PREFIX)), "")
    if not found or found == ATTEMPTED:
        return None
    unreached = policy.get("unreached") or {}
    return Visit(found, _KINDS.get(found, ""), int(unreached.get("times") or 0))


def visits_in(published: Mapping[int, Event]) -> dict[tuple[int, str], Visit]:
    """(place of the publication, policy key) -> its visit, of every policy that asks for one."""
    return {
        (place, key): visit
        for place, fact in published.items()
        for key, policy in fact.data["policy"]["policies"].items()
        if isinstance(policy, Mapping) and (visit := visit_of(policy)) is not None
    }


def _types(match: Any) -> Iterator[str]:
    """Event types of a discharge, in the order written, however it is nested."""
    if isinstance(match, str):
        yield match
    elif isinstance(match, Mapping):
        named = match.get("event")
        yield from [named] if isinstance(named, str) else named or ()
        for joint in ("any", "all"):
            for part in match.get(joint) or ():
                yield from _types(part)
