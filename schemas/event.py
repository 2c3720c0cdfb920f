"""One event as the rules see it: a fact or a verdict, decoded, with personal data still sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.instants import Instant

ENVELOPE = (
    "event_id",
    "case_id",
    "house_id",
    "project_id",
    "phase_id",
    "company_id",
    "region",
    "customer_ref",
    "owner_type",
    "stage",
    "channel",
    "actor_role",
    "actor_ref",
    "department",
    "correlation_id",
    "causation_id",
)
"""Envelope fields of domain.md 2.0 that a policy path may name; any other name is looked up in ``data``."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Personal data under the key of a person: a rule may know that it is there, never what it says."""

    person: str
    retention: str
    blob: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact (lane 0) or a verdict (lane 1) of one tenant.

    ``place`` is its position in its own lane; ``after`` the fact position it follows (a fact's own place - 1 is
    nothing to it: for facts ``after == place``), so that ``after`` orders facts and verdicts on one line.
    Absent envelope fields are "".
    """

    type: str
    version: int
    event_id: str
    time: Instant
    recorded: Instant
    place: int
    after: int
    verdict: bool = False
    source: str = ""
    source_id: str = ""
    case_id: str = ""
    house_id: str = ""
    project_id: str = ""
    phase_id: str = ""
    company_id: str = ""
    region: str = ""
    customer_ref: str = ""
    owner_type: str = ""
    stage: str = ""
    channel: str = ""
    actor_role: str = ""
    actor_ref: str = ""
    department: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    ticket: str = ""
    traceparent: str = ""
    """Of the request by which a fact came (``schemas.tracing``), for alerts and streams; no rule looks at it."""
    corrects: str = ""
    """Event id of the event that this one corrects or withdraws; "" for none."""
    root: str = ""
    """First event of the chain of corrections; its own id for an event that corrects nothing."""
    data: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    """Of a verdict: {"rule", "rule_version", "row", "scope", "kind", "generation", "at"}; ``at`` is the instant on the line of
    recorded time at which it was concluded. Empty for facts."""

    def value(self, name: str) -> Any:
        """An envelope field by its domain name, else a field of ``data``; None where absent or empty."""
        if name in ENVELOPE:
            return getattr(self, name) or None
        found = self.data.get(name)
        return None if found == "" else found
