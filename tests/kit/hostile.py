"""One Hypothesis strategy of hostile histories: delays, ties, duplicates, corrections, withdrawals, ticks, batch cuts, crashes.

A history is facts with the instant at which each happened and is recorded. Faults are items of the run, not of the history:
``Tick``, ``Crash`` and the batch size may change nothing of what follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from schemas.identity import case_id_of_ticket
from schemas.instants import DAY, HOUR, MINUTE, Instant, format_instant
from tests.kit.world import SOURCE, START, TENANT, event

Kind = tuple[str, dict[str, Any]]
COMPLAINT: tuple[Kind, ...] = (
    (
        "complaint.received",
        {"subject": "engineering", "category": "leak", "severity": "ordinary", "description": "渗水"},
    ),
    ("complaint.forwarded", {"to_department": "engineering_dept"}),
    ("complaint.resolved", {"resolution": "已修复"}),
    ("complaint.closed", {"close_reason": "resolved"}),
    ("followup.complaint_intake_completed", {"reached": True}),
    ("followup.complaint_close_completed", {"satisfied": True}),
    ("followup.attempted", {"followup_kind": "complaint_close", "attempt_no": 1, "outcome": "unreachable"}),
    ("case.wait_started", {"party": "owner"}),
    ("case.wait_ended", {"party": "owner"}),
)
REPAIR: tuple[Kind, ...] = (
    ("repair.reported", {"urgency": "other", "component": "window", "description": "关不严"}),
    ("repair.reported", {"urgency": "urgent", "component": "pipe", "description": "爆管"}),
    ("repair.contacted", {}),
    ("repair.visit_booked", {}),
    ("repair.visited", {}),
    ("repair.completed", {"key_work": True}),
    ("repair.closed", {"close_reason": "resolved"}),
    ("followup.repair_first_completed", {"satisfied": True}),
    ("commitment.made", {"promise_text": "三日内回复", "due_at": "2026-03-05T10:00:00+08:00"}),
)
TICKETS = {"TS-1": COMPLAINT, "BX-1": REPAIR}
SLOW, OTHER = "night-batch", "property-system"
SOURCES = (SOURCE, SLOW, SLOW, OTHER)
"""What is told comes from one of them."""
SPEAKING = ""
"""The ticket under which sources speak of themselves."""
SPOKEN: tuple[Kind, ...] = (
    ("source.declared", {"source": SLOW, "reports_within": "26h", "by": "admin"}),
    ("source.declared", {"source": OTHER, "reports_within": "3h", "by": "admin"}),
    ("source.declared", {"source": SLOW, "reports_within": "0h", "by": "admin"}),
    ("source.reported_through", {}),
)
TIMES = (0, HOUR, HOUR, 3 * HOUR, 23 * HOUR, 24 * HOUR, 25 * HOUR, 2 * DAY, 3 * DAY, 5 * DAY, 8 * DAY)
DELAYS = (0, 0, MINUTE, 4 * MINUTE, 7 * MINUTE, 40 * MINUTE, 26 * HOUR, 4 * DAY)
END: Instant = START + 40 * DAY


@dataclass(frozen=True, slots=True)
class Told:
    """A fact as it will be sent: happened at ``time``, recorded ``delay`` later. ``again`` = sent twice.
    ``changes`` is the index of the fact that it corrects or, where ``withdraws``, takes back. With the ticket SPEAKING a
    source is declared, or reports up to ``time``."""

    ticket: str
    kind: int
    """Index among the ticket's kinds, or of SPOKEN."""
    time: Instant
    delay: int
    again: bool = False
    changes: int = -1
    withdraws: bool = False
    source: str = SOURCE


@dataclass(frozen=True, slots=True)
class Tick:
    """Time is let come to here."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Crash:
    """The engine is gone and another takes over."""

    at: Instant


@st.composite
def told(draw: st.DrawFn, index: int) -> Told:
    changes, withdraws = -1, False
    if index > 1 and draw(st.integers(0, 3)) == 0:
        return Told(
            ticket=SPEAKING,
            kind=draw(st.integers(0, len(SPOKEN) - 1)),
            time=START + HOUR + draw(st.sampled_from(TIMES)),
            delay=draw(st.sampled_from(DELAYS)),
            again=draw(st.integers(0, 5)) == 0,
            source=draw(st.sampled_from((SLOW, OTHER))),
        )
    ticket = draw(st.sampled_from(sorted(TICKETS)))
    if index and draw(st.integers(0, 4)) == 0:
        changes, withdraws = draw(st.integers(0, index - 1)), draw(st.booleans())
    return Told(
        ticket=ticket,
        kind=0 if index < 2 else draw(st.integers(0, len(TICKETS[ticket]) - 1)),
        time=START + HOUR + draw(st.sampled_from(TIMES)),
        delay=draw(st.sampled_from(DELAYS)),
        again=draw(st.integers(0, 5)) == 0,
        changes=changes,
        withdraws=withdraws,
        source=draw(st.sampled_from(SOURCES)),
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 18) -> list[Told]:
    """Facts, each changing another at most once, and nothing changing what was withdrawn."""
    made: list[Told] = []
    changed: set[int] = set()
    for index in range(draw(st.integers(4, most))):
        one = draw(told(index))
        if index == 2 and draw(st.booleans()):  # else few would wait for anybody
            one = Told(SPEAKING, 0, START + HOUR, 0, source=SLOW)
        target = one.changes
        if target in changed or (target >= 0 and (made[target].withdraws or made[target].ticket == SPEAKING)):
            one = replace(one, changes=-1, withdraws=False)
        elif target >= 0:  # by whoever told it: an id is its source's own
            one = replace(one, source=made[target].source)
            changed.add(target)
        made.append(one)
    return made


def faults() -> st.SearchStrategy[list[Tick | Crash]]:
    """When time is looked at and when the engine is lost."""
    at = st.integers(0, 60 * 24 * 14).map(lambda minutes: START + minutes * MINUTE)
    return st.lists(st.one_of(at.map(Tick), at.map(Crash)), max_size=8)


def wire(history: list[Told], index: int) -> dict[str, Any]:
    """The fact as a source sends it."""
    one = history[index]
    if one.ticket == SPEAKING:
        kind, data = SPOKEN[one.kind]
        if kind == "source.reported_through":
            data = {"through_at": format_instant(one.time)}
        return event(kind, f"e{index}", one.time, source=one.source, data=data)
    if one.withdraws:
        return event(
            "event.withdrawn",
            f"e{index}",
            one.time,
            source=one.source,
            correctssourceid=f"e{one.changes}",
            data={"reason": "误录"},
        )
    kind, data = TICKETS[one.ticket][one.kind]
    more = {} if one.changes < 0 else {"correctssourceid": f"e{one.changes}"}
    if one.source == SOURCE:
        more["ticket"] = one.ticket
    else:  # other sources have other numbers: they name the case
        more["caseid"] = case_id_of_ticket(TENANT, SOURCE, one.ticket)
    return event(kind, f"e{index}", one.time, source=one.source, data=data, **more)


def by_recorded(history: list[Told]) -> list[tuple[Instant, int]]:
    """(recorded, index) in order of arrival; what changes another arrives after it."""
    arrival: dict[int, Instant] = {}
    for index, one in enumerate(history):
        at = one.time + one.delay
        if one.changes >= 0:
            at = max(at, arrival[one.changes] + MINUTE)
        arrival[index] = at
    return sorted((at, index) for index, at in arrival.items())
