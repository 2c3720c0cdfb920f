"""Cases (事项): what a complaint, repair or inquiry is about and how far it has come (domain.md 1.5, 1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from processors.rules.protocol import Evidence, Filing, Mark, Row
from processors.rules.rows import altering, quick
from schemas.canonical import canonical, uncanonical
from schemas.catalogue import event_type
from schemas.event import Event
from schemas.instants import NEVER, Instant

if TYPE_CHECKING:
    from processors.rules.book import Book

OPENED_BY = {
    "complaint.received": "complaint",
    "complaint.converted": "complaint",
    "repair.reported": "repair",
    "inquiry.received": "consultation",
    "contact.received": "contact",
    "commitment.made": "commitment",
    "contact_sheet.issued": "contact_sheet",
    "property_service.problem_handled": "property_service",
    "suggestion.received": "suggestion",
}
"""Opening event type -> case kind (事项类型). Any other type that opens a case gives its own first word."""

CONVERTED = "complaint.converted"
"""The one verdict that is a touchpoint: a repair became a complaint, which is a case of its own (domain.md 3.4 O51)."""

CLOSED_BY = frozenset(
    {
        "complaint.closed",
        "repair.closed",
        "inquiry.answered",
        "commitment.fulfilled",
        "contact_sheet.verified",
    }
)

BESIDE = frozenset({"commitment", "contact_sheet"})
"""Kinds that run beside a matter: they name a case, reopen it and close it only where nothing else opened it."""

_KEPT = ("project_id", "house_id", "customer_ref", "owner_type", "channel", "ticket")
_TOPIC = ("category", "subject", "component", "topic")
_CARRIED = frozenset({*_KEPT, "source", "topic", "urgency"})


@lru_cache(maxsize=1024)
def _type(value: str) -> str:
    """The event type of a touchpoint's evidence."""
    return str(uncanonical(value)["type"])


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Row):
    """One case. Instants in µs UTC, NEVER where there is none; ``kind`` is domain.md 1.5's code."""

    TABLE: ClassVar[str] = "cases"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("state", "last"), ("project_id", "last"), ("last",))

    kind: str
    state: str
    """open (处理中) or closed (已关闭)"""
    opened: Instant
    opened_by: str
    last: Instant
    last_type: str
    closed: Instant
    project_id: str
    house_id: str
    customer_ref: str
    owner_type: str
    channel: str
    ticket: str
    source: str
    topic: str
    urgency: str
    touchpoints: int


_touched = altering(Case, "state", "last", "last_type", "closed", "touchpoints")


class Cases:
    """One scope per case; every touchpoint that bears the case id is evidence in it."""

    name = "cases"
    version = 3
    rows: tuple[type[Row], ...] = (Case,)

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        if not event.case_id or (event.verdict and event.type != CONVERTED):
            return ()
        if (
            not event.verdict and not event_type(event.type).touchpoint
        ):  # an acknowledgement, a waiver: shown in the case, no touchpoint of it
            return (Filing(scope=event.case_id, slot="decision", value=canonical({"type": event.type})),)
        value: dict[str, Any] = {"type": event.type, "source": event.source}
        for name in _KEPT:
            if kept := getattr(event, name):
                value[name] = kept
        topic = next((v for n in _TOPIC if isinstance(v := event.data.get(n), str) and v), "")
        if topic:
            value["topic"] = topic
        if isinstance(urgency := event.data.get("urgency"), str):
            value["urgency"] = urgency
        return (Filing(scope=event.case_id, slot="touchpoint", value=canonical(value)),)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        evidence = [entry for entry in evidence if entry.slot == "touchpoint"]
        if not evidence:
            return
        values = [uncanonical(entry.value) for entry in evidence]
        openers = [kind for value in values if (kind := OPENED_BY.get(value["type"]))]
        alone = all(kind in BESIDE for kind in openers)
        kept: dict[str, str] = {}
        kind = opened_by = source = last_type = ""
        opened = evidence[0].time
        closed = NEVER
        for entry, value in zip(evidence, values, strict=True):
            last_type = value.pop("type")
            by = value.pop("source")
            if not source:
                source = by
            if alone or last_type.partition(".")[0] not in BESIDE:
                if not opened_by and last_type in OPENED_BY:
                    kind, opened_by, opened = OPENED_BY[last_type], entry.event_id, entry.time
                if last_type in CLOSED_BY:
                    closed = entry.time
                elif last_type in OPENED_BY:
                    closed = NEVER
            for name, text in value.items():
                kept.setdefault(name, text)
        yield Case(
            id=scope,
            scope=scope,
            kind=kind or last_type.split(".", 1)[0],
            state="open" if closed == NEVER else "closed",
            opened=opened,
            opened_by=opened_by or evidence[0].event_id,
            last=evidence[-1].time,
            last_type=last_type,
            closed=closed,
            project_id=kept.get("project_id", ""),
            house_id=kept.get("house_id", ""),
            customer_ref=kept.get("customer_ref", ""),
            owner_type=kept.get("owner_type", ""),
            channel=kept.get("channel", ""),
            ticket=kept.get("ticket", ""),
            source=source,
            topic=kept.get("topic", ""),
            urgency=kept.get("urgency", ""),
            touchpoints=len(evidence),
        )

    def carry(self, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
        """One more touchpoint at the end of a case that its first one opened."""
        if not rows:
            return None
        (row,) = rows
        entry, first = evidence[-1], evidence[0]
        assert isinstance(row, Case)
        if entry.slot != "touchpoint":
            return rows
        value = uncanonical(entry.value)
        kind = value["type"]
        if kind in OPENED_BY or first.event_id != row.opened_by or _type(first.value) not in OPENED_BY:
            return None
        for name, text in value.items():
            if name in _CARRIED and text and not getattr(row, name):
                return None  # what nobody had told yet
        closes = kind in CLOSED_BY and (row.kind in BESIDE or kind.partition(".")[0] not in BESIDE)
        closed = entry.time if closes else row.closed
        carried = _touched(
            row,
            state="open" if closed == NEVER else "closed",
            last=entry.time,
            last_type=kind,
            closed=closed,
            touchpoints=row.touchpoints + 1,
        )
        return (carried,)

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        return ()

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        return {}, {"case_id": row.id}

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ()
