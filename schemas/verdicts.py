"""Verdicts (判定): what the engine concluded. Written by it alone; in plain data, no personal text."""

from __future__ import annotations

from schemas.fields import Code, Count, Id, Key, Opaque, Ref
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


class ObligationRetracted(ObligationVerdict):
    """撤回判定: no row. An earlier verdict no longer stands: late entry, correction, withdrawal."""

    TYPE = "obligation.retracted"

    retracts: Id
    retracted_kind: Ref
    """Which mark of the promise: "breached", "due_soon", "step1"."""
    retracted_type: Ref | None = None


class EventParked(Content):
    """暂停处理: no row. One rule failed on one event; other rules and events flow on until it is resumed."""

    TYPE = "event.parked"

    rule: Ref
    parked_event: Ref
    error: str
