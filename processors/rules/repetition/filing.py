"""What the repetition ladder hears (投诉上移制): reports, satisfaction, causes, closings, and what people merged.

Everything of a case is filed once, in the case's partial scope; a report links the scope of its problem to it. So a person's
merging of a case into another problem reaches both, whatever came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from processors.rules.protocol import LINK, PARTIAL, Filing
from schemas.canonical import canonical
from schemas.event import Event
from schemas.identity import problem_id

if TYPE_CHECKING:
    from processors.rules.book import Book
    from schemas.repetition import Repetition

REPORT, OUTCOME, CAUSE, CLOSED, MOVED = "report", "outcome", "cause", "closed", "moved"
"""Slots."""
_SLOTS: Final = {
    "repair.reported": REPORT,
    "complaint.received": REPORT,
    "repair.completion_confirmed": OUTCOME,
    "followup.repair_first_completed": OUTCOME,
    "followup.repair_second_completed": OUTCOME,
    "repair.cause_determined": CAUSE,
    "complaint.analysed": CAUSE,
    "repair.closed": CLOSED,
    "complaint.closed": CLOSED,
    "problem.merged": MOVED,
    "problem.split": MOVED,
}
_UNCOUNTED: Final = frozenset({"customer_withdrew", "duplicate"})
_ROUTING: Final = (
    "project_id", "house_id", "phase_id", "company_id", "region", "customer_ref", "owner_type", "stage", "channel",
    "actor_role", "actor_ref",
)  # fmt: skip
"""Envelope fields that a verdict on a report carries on."""


def file(event: Event, book: Book) -> Iterable[Filing]:
    """Filings of a fact; none before a ladder is published."""
    slot = _SLOTS.get(event.type)
    if slot is None or not event.case_id or event.verdict:
        return ()
    bound = book.sections.repetition(event.time, event.after)
    if bound is None:
        return ()
    heard = PARTIAL + event.case_id
    if slot == REPORT:
        key = problem_of(event, bound.ladder)
        problem = problem_id(key)
        return (
            Filing(scope=problem, slot=LINK, link=heard),
            Filing(scope=heard, slot=LINK, link=problem),
            Filing(scope=heard, slot=REPORT, value=canonical(_report(event, key))),
        )
    value = _value(slot, event)
    if value is None:
        return ()
    entry = Filing(scope=heard, slot=slot, value=canonical(value))
    if slot != MOVED:
        return (entry,)
    problem = problem_id(value)
    return (Filing(scope=problem, slot=LINK, link=heard), Filing(scope=heard, slot=LINK, link=problem), entry)


def problem_of(event: Event, ladder: Repetition) -> list[str]:
    """What makes a report the same problem as another; ``["case", case id]`` where a part of it is not known."""
    house = ["house", event.project_id or "-", event.house_id] if event.house_id else []
    if named := event.data.get("same_problem_key"):
        return ["named", *(house or ["customer", event.customer_ref or "-"]), str(named)]
    kind = kind_of(event)
    key = [kind]
    for part in ladder.problem.repair if kind == "repair" else ladder.problem.complaint:
        for name in [part] if isinstance(part, str) else part:
            value = event.value(name)
            if value is not None:
                key += house if name == "house_id" else [name, str(value)]
                break
        else:
            return ["case", event.case_id]
    return key


def kind_of(event: Event) -> str:
    """repair or complaint."""
    return event.type.partition(".")[0]


def _report(event: Event, key: Sequence[str]) -> dict[str, Any]:
    repair = event.type == "repair.reported"
    told = {
        "unhappy": event.data.get("dissatisfied_with_previous") if repair else None,
        "said": event.data.get("report_no" if repair else "repeat_no"),
        "warranty": event.data.get("in_warranty"),
        "cause": event.data.get("cause"),
    }
    where = {name: value for name in _ROUTING if (value := getattr(event, name))}
    known = {name: value for name, value in told.items() if value is not None}
    return {"kind": kind_of(event), "key": list(key), "where": where, **known}


def _value(slot: str, event: Event) -> Any:
    if slot == OUTCOME:
        return event.data.get("satisfied")
    if slot == CAUSE:
        known = {"cause": event.data.get("cause"), "warranty": event.data.get("within_warranty")}
        return {name: value for name, value in known.items() if value is not None} or None
    if slot == CLOSED:
        reason = event.data.get("close_reason")
        return reason if reason in _UNCOUNTED else None
    if event.type == "problem.split":
        return ["case", event.case_id]
    return list(event.data["problem_key"])
