"""The promise (履约时限): one running instance of an obligation, as a row.

Breached and warned are no states: whether and when it was said stands in the verdict lane (design.md 3.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from processors.rules.protocol import Row
from processors.rules.rows import quick
from schemas.instants import MINUTE, NEVER, Instant

BORN_LATE_GRACE: Final = 10 * MINUTE
"""A breach of what was overdue when its trigger was recorded is confirmed no sooner than this after that recording,
so that an import can bring its own discharges (invariant 11)."""
LATE_ENTRY_GRACE: Final = 5 * MINUTE
"""A discharge in time that was recorded more than this after the due instant is a late entry (补录达标)."""

OPEN, MET, LATE = "open", "met", "late"
CANCELLED, WAIVED, UNREACHED, SUPERSEDED = "cancelled", "waived", "unreached", "superseded"
STATES: Final = (OPEN, MET, LATE, CANCELLED, WAIVED, UNREACHED, SUPERSEDED)
"""待办 达标 超时完成 取消 豁免 联系不上 被取代"""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Row):
    """Instants in µs UTC, NEVER where there is none; flags 0 or 1; lists and maps as canonical JSON text."""

    TABLE: ClassVar[str] = "promises"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("state", "due"),
        ("case_id",),
        ("project_id", "due"),
        ("obligation", "period", "trigger_place"),
    )
    FLAGS: ClassVar[tuple[str, ...]] = ("undated", "unstepped", "ongoing")

    obligation: str
    """Policy key, with its part: ``repair.joint_team/keep``."""
    obligation_row: str
    """Row of domain.md section 3: ``O30``."""
    part: str
    kind: str
    """after, given, on_threshold, window, gate, before, every, coverage; open where no clock runs."""
    period: str
    """Label of the period (2026-03, 2026-Q2, 2026) of a recurring duty; of a coverage the period it counts in; else ""."""
    policy_place: int
    policy_version: str
    calendar_place: int
    """0: none was published before the trigger."""
    calendar_version: str
    case_id: str
    house_id: str
    project_id: str
    customer_ref: str
    keys: str
    """Key name -> value."""
    trigger: str
    """Event id of what opened it."""
    trigger_place: int
    trigger_recorded: Instant
    opened: Instant
    due: Instant
    planned: Instant
    """Of a gate: the end of the day on which it is planned; warnings are told from it."""
    confirm: Instant
    """A breach is confirmed no sooner than this, whatever the due instant; 0: at once."""
    warns: str
    """Instants at which to warn, in order."""
    steps: str
    """Instants of the alert ladder's steps after the due instant, as far as the calendar tells them."""
    state: str
    settled: Instant
    settled_by: str
    """Event ids of what settled it."""
    settled_recorded: Instant
    entered_by: str
    """Of a late entry: who entered it (actor, role or source)."""
    born_late: int
    """1: overdue when its trigger was first recorded, or from birth (到期早于触发)."""
    late_entry: int
    early: int
    """1: discharged before it was allowed to be (不得早于); that is its breach."""
    undated: int
    """1: no due instant can be told: no date given, or no calendar for its year (待定)."""
    unstepped: int
    """1: a step of the alert ladder falls in a year without calendar."""
    paused: int
    """1: a pause without end keeps the due instant open."""
    ongoing: int
    """1: the last period made so far of a duty that goes on; what is published later makes more."""
    waited: str
    """Party -> µs of the pauses that have ended."""
    owes: str
    """Roles."""
    person: str
    """Reference of the one person in charge now; "" where the policy names none."""
    acknowledged_at: Instant
    acknowledged_by: str
    dated_by: int
    """Place of the later calendar that dated it; 0: it was never undated."""
    dated_recorded: Instant


def blank(obligation: str, obligation_row: str, kind: str) -> Promise:
    """An open promise of which nothing else has been told yet."""
    return Promise(
        id="",
        scope="",
        obligation=obligation,
        obligation_row=obligation_row,
        part=obligation.partition("/")[2],
        kind=kind,
        period="",
        policy_place=0,
        policy_version="",
        calendar_place=0,
        calendar_version="",
        case_id="",
        house_id="",
        project_id="",
        customer_ref="",
        keys="{}",
        trigger="",
        trigger_place=0,
        trigger_recorded=NEVER,
        opened=NEVER,
        due=NEVER,
        planned=NEVER,
        confirm=0,
        warns="[]",
        steps="[]",
        state=OPEN,
        settled=NEVER,
        settled_by="[]",
        settled_recorded=NEVER,
        entered_by="",
        born_late=0,
        late_entry=0,
        early=0,
        undated=0,
        unstepped=0,
        paused=0,
        ongoing=0,
        waited="{}",
        owes="[]",
        person="",
        acknowledged_at=NEVER,
        acknowledged_by="",
        dated_by=0,
        dated_recorded=NEVER,
    )


def confirmable(row: Promise) -> Instant:
    """The instant at which its breach is confirmed where no source has to be waited for."""
    floor = row.dated_recorded if row.dated_by else -NEVER
    if row.born_late:
        floor = max(floor, row.trigger_recorded + BORN_LATE_GRACE)
    return max(row.due + 1, floor, row.confirm)


class Owned:
    """The rule's name, version and rows (``protocol.Owner``); ``rule.Promises`` is the rule."""

    name = "promises"
    version = 5
    rows: tuple[type[Row], ...] = (Promise,)
