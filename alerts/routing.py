"""Which verdicts become alerts, and whether they are sent: pure decisions, no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.event import Event
from schemas.instants import Instant

DUE_SOON = "obligation.due_soon"
BREACHED = "obligation.breached"
STEP = "obligation.alert_step_reached"
RETRACTED = "obligation.retracted"
RAISED = "escalation.raised"
FLAGGED = "escalation.flagged"
REPEATED = frozenset({RAISED, FLAGGED})
"""Of the repetition ladder: told to the role of the new level, or to who is to look; nothing falls due by them."""
NOTE = "daily.note"
"""The morning note (晨会日报): no verdict, made by ``alerts.daily``."""
RINGING = frozenset({DUE_SOON, BREACHED, STEP}) | REPEATED
LISTED = RINGING | {RETRACTED}
"""Other verdicts (dated, parked, …) are for worklists, not for people's telephones."""

HISTORY = "history"
AGE = "age"
NOTHING_SENT = "nothing_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What stood when this tenant's alerts were first started, and never rings."""

    verdicts: int
    """Head of the verdict lane."""
    facts: int
    """Head of the fact lane: the engine may have been behind it."""
    time: Instant


def silence(event: Event, now: Instant, past: Past, max_age: int) -> str:
    """Why an alert is kept and shown but not sent; "" if it is to be sent.

    ``history``: it was so before alerts were first started, whether the engine had said it by then or not. ``age``:
    due, or to be warned of, longer than ``max_age`` before ``now``, as after an outage or an import of old records.
    """
    if event.place <= past.verdicts or (event.after <= past.facts and event.time <= past.time):
        return HISTORY
    if now - event.time > max_age:
        return AGE
    return ""


def takes_back(retracted_type: str, breach_was_told: bool) -> bool:
    """Whether people hear of a retraction of something they were told.

    A breach gets one follow-up (撤回), and so does a matter moved up; a warning none. A step of the alert ladder goes with
    its breach: it speaks for itself only where the breach of that promise was never told (too old, or delivery failed).
    """
    return retracted_type in (BREACHED, RAISED) or (retracted_type == STEP and not breach_was_told)


def text(data: Mapping[str, Any], name: str) -> str:
    """A text of a verdict's data, "" where absent or of another kind: one odd verdict must not stop the others."""
    found = data.get(name)
    return found if isinstance(found, str) else ""


def number(data: Mapping[str, Any], name: str, absent: int = 0) -> int:
    """An integer or boolean of a verdict's data."""
    found = data.get(name)
    return int(found) if isinstance(found, int) else absent


def roles(data: Mapping[str, Any], name: str) -> list[str]:
    """A list of role codes of a verdict's data."""
    found = data.get(name)
    return [role for role in found if isinstance(role, str)] if isinstance(found, list | tuple) else []


def kind_of(event: Event) -> str:
    """The mark's kind within its row: due_soon, due_soon2, breached, step1 …, retracted:breached."""
    said = event.origin.get("kind")
    if isinstance(said, str):
        return said
    if event.type == STEP:
        return f"step{number(event.data, 'step', 1)}"
    return event.type.removeprefix("obligation.")
