"""Verdicts (判定): what the engine concluded. Written by it alone; in plain data, no personal text."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Code, Count, Fen, Id, Key, Opaque, Ref
from schemas.model import Content

Micros = int


class ObligationVerdict(Content):
    """Base of what is said of one promise. ``due`` and ``opened`` are microseconds UTC; ``owes`` and ``to`` are roles."""

    obligation_key: Key
    row: Ref
    zh: str
    en: str
    promise_id: Id
    opened: Micros
    due: Micros
    policy_version: Ref
    owes: list[Code]
    to: list[Code]
    keys: Opaque
    born_late: bool = False
    calendar_version: str | None = None
    person: str | None = None


class ObligationDueSoon(ObligationVerdict):
    """即将到期: T212. Said when a warning point of a promise is reached."""

    TYPE = "obligation.due_soon"


class ObligationBreached(ObligationVerdict):
    """超时: T212. Bears the due instant as its time."""

    TYPE = "obligation.breached"


class ObligationDated(ObligationVerdict):
    """定期: no row. A promise whose due date had no calendar year got one."""

    TYPE = "obligation.dated"


class ObligationAlertStepReached(ObligationVerdict):
    """提醒升级: domain.md 3.8 without a T row (no row). A further step of the alert ladder after a breach."""

    TYPE = "obligation.alert_step_reached"

    step: Count


class Repeated(Content):
    """Base of what the repetition ladder says of one report. ``counted``: the reports before it that made it the ``count``-th,
    each by the first of its corrections; ``obligation_key``: the rung; ``problem_key``: what makes them the same problem."""

    obligation_key: Key
    row: Ref
    zh: str
    en: str
    repetition_id: Id
    problem: Id
    problem_key: list[str]
    origin: Literal["repair", "complaint"]
    report: Id
    reported_case_id: Id
    count: Count
    counted: list[Id]
    policy_version: Ref
    owes: list[Code]
    to: list[Code]
    linked_case_id: Id | None = None
    dissatisfied: Literal["yes", "no", "unknown"] | None = None
    cause: Code | None = None
    in_warranty: bool | None = None


class EscalationRaised(Repeated):
    """上移: T200. One for each level, also where a report moves a matter up two at once."""

    TYPE = "escalation.raised"

    from_level: Count
    to_level: Count
    level_zh: Ref
    level_en: Ref


class EscalationFlagged(Repeated):
    """重复报修待复核: domain.md 3.4 without a T row (no row). A person is to look: ``new_occurrence`` (the customer had been
    satisfied), ``stays`` (reported again where no level is left)."""

    TYPE = "escalation.flagged"

    flag: Literal["new_occurrence", "stays"]
    level: Count


class ComplaintConverted(Repeated):
    """报修转为投诉: O51, no row of its own. Opens the linked complaint: it is that case's first touchpoint."""

    TYPE = "complaint.converted"


class ObligationRetracted(Content):
    """撤回判定: no row. An earlier verdict no longer stands: late entry, correction, withdrawal. Bears what its rule says of
    the row: of a promise what every verdict on it bears, of a repetition or a penalty its problem; no sum."""

    TYPE = "obligation.retracted"

    retracts: Id
    retracted_kind: Ref
    """Which mark of the row: "breached", "due_soon", "step1"."""
    retracted_type: Ref | None = None
    obligation_key: Key | None = None
    row: Ref | None = None
    zh: str | None = None
    en: str | None = None
    promise_id: Id | None = None
    opened: Micros | None = None
    due: Micros | None = None
    policy_version: Ref | None = None
    owes: list[Code] | None = None
    to: list[Code] | None = None
    keys: Opaque | None = None
    born_late: bool = False
    calendar_version: str | None = None
    person: str | None = None
    repetition_id: Id | None = None
    problem: Id | None = None
    problem_key: list[str] | None = None
    penalty_id: Id | None = None
    rule_no: Code | None = None


class PenaltyVerdict(Content):
    """Base of what is said of one proposed penalty; money in fen."""

    penalty_id: Id
    problem: Ref
    rule_no: Code
    zh: str
    en: str
    bearer_role: Code
    policy_version: Ref


class PenaltyProposed(PenaltyVerdict):
    """处罚提出: T201. A proposal that the approver confirms or waives; nothing is booked."""

    TYPE = "penalty.proposed"

    level: Count
    amount_fen: Fen


class PenaltyDoubled(PenaltyVerdict):
    """处罚翻倍: T201. The matter moved on to head office."""

    TYPE = "penalty.doubled"

    factor: Count


class EventParked(Content):
    """暂停处理: no row. One rule failed on one event; other rules and events flow on until it is resumed. With ``scope``: it
    failed there with no event in hand, as when a row fell due. That scope alone stands still; ``parked_event`` is the
    newest in it."""

    TYPE = "event.parked"

    rule: Ref
    parked_event: Ref
    error: str
    scope: str | None = None


class EventUnparked(Content):
    """继续处理: no row. A scope that stood still goes on: it was resumed, or its rule could take what was new."""

    TYPE = "event.unparked"

    rule: Ref
    parked_event: Ref
    scope: str
    unparks: Id
    """The verdict that had parked it."""
