"""The catalogue (事件目录): every event type that this code knows, by name.

Types of other versions of the code may stand in a ledger; whoever meets one that is not here stops and names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from schemas import facts, touchpoints
from schemas.instants import Instant
from schemas.kinds import AFTER, OPENS, EventType, kind

_verdict = partial(kind, rank=AFTER, stage="schemas.verdicts", writer="engine", retention="record")
VERDICTS = (
    _verdict("obligation.due_soon", "时限即将到期", "Obligation due soon"),
    _verdict("obligation.breached", "时限超时", "Obligation breached"),
    _verdict("obligation.dated", "时限确定", "Obligation dated"),
    _verdict("obligation.alert_step_reached", "超时提醒升级", "Alert ladder step reached"),
    _verdict("obligation.retracted", "判定撤回", "Verdict retracted"),
    _verdict("escalation.raised", "事项上移", "Matter moved up a level"),
    _verdict("escalation.flagged", "重复报修待复核", "Repetition flagged for review"),
    _verdict("complaint.converted", "报修转为投诉", "Repair converted to a complaint", rank=OPENS),
    _verdict("penalty.proposed", "处罚提出", "Penalty proposed"),
    _verdict("penalty.doubled", "处罚翻倍", "Penalty doubled"),
    _verdict("event.parked", "事件暂停处理", "Event parked"),
    _verdict("event.unparked", "继续处理", "Goes on after a pause"),
)
"""判定: what the engine concluded."""


class UnknownType(KeyError):
    """No event type of that name in this version of the code."""

    def __str__(self) -> str:
        return f"no event type is called {self.args[0]!r} (touchline events list)"


CATALOGUE: Mapping[str, EventType] = MappingProxyType(
    {entry.name: entry for entry in (*touchpoints.TYPES, *facts.TYPES, *VERDICTS)}
)


def event_type(name: str) -> EventType:
    """The entry of a type. Raises UnknownType."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownType(name) from None


def rank(name: str) -> int:
    """0 opens, 1 works, 2 closes, 3 after: the order of events that bear the same time. Raises UnknownType."""
    return event_type(name).rank


def label(name: str, lang: str = "zh") -> str:
    """A type's label; the name itself where the type is not known."""
    entry = CATALOGUE.get(name)
    return name if entry is None else entry.en if lang == "en" else entry.zh


def example(name: str, at: Instant | None = None, event: str | None = None) -> dict[str, Any]:
    """A valid CloudEvent of the type, to post as it is, happened at ``at`` and with the id ``event``.

    Raises UnknownType, and LookupError for what only the engine writes.
    """
    from schemas.examples.making import make

    entry = event_type(name)
    if entry.writer == "engine":
        raise LookupError(f"{name} is written by the engine alone; it cannot be posted")
    return make(entry, at, event)


def build() -> None:
    """Build every validator now (they are built on first use): for a server, before it takes calls."""
    for entry in CATALOGUE.values():
        entry.model.model_rebuild()
