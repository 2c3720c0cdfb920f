"""First-contact responsibility (首问责任制, domain.md 3.1 O1 and O2, 9 no. 17): who has a case, from whom, since when.

Whoever took the first contact has the matter to its end, through whatever channel it came, until a recorded hand-over is
accepted (or only recorded, where the profile says so). Exactly one has it at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from processors.rules.protocol import Evidence, Filing, Mark, Row
from schemas.canonical import Json, canonical
from schemas.event import Event
from schemas.instants import NEVER, Instant

if TYPE_CHECKING:
    from processors.rules.book import Book

CONVERTED = "complaint.converted"
CONTACTS = frozenset({"inquiry.received", "complaint.received", "repair.reported", CONVERTED})
HANDED, ACCEPTED = "case.handed_over", "case.handover_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOwner(Row):
    """One for each case that somebody asked, complained or reported in. Instants in µs UTC, NEVER where there is none."""

    TABLE: ClassVar[str] = "case_owners"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("owner",),)

    owner: str
    """Reference of who has it now; "" where the first contact named nobody."""
    since: Instant
    by: str
    """Event id of what gave it to them."""
    first: str
    first_role: str
    first_at: Instant
    first_event: str
    service: int
    """0: the first contact came outside customer service (非客服渠道)."""
    offered_to: str
    """Handed over to, and not accepted yet; "" for nobody."""
    offered: Instant
    chain: str
    """The hand-overs in order, JSON: from, to, event, offered, accepted (NEVER: it was not), accepted_by."""


class FirstContact:
    """One scope per case."""

    name = "firstcontact"
    version = 1
    rows: tuple[type[Row], ...] = (CaseOwner,)

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        if not event.case_id or (event.verdict and event.type != CONVERTED):
            return ()
        if event.type in CONTACTS:
            service = event.data.get("is_cs_channel") is not False
            said: dict[str, Json] = {
                "who": event.actor_ref,
                "role": event.actor_role,
                "service": int(service),
            }
            return (Filing(scope=event.case_id, slot="contact", value=canonical(said)),)
        if event.type in (HANDED, ACCEPTED):
            slot = "handed" if event.type == HANDED else "accepted"
            return (Filing(scope=event.case_id, slot=slot, value=canonical({"to": event.data["to_ref"]})),)
        return ()

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        first = next((entry for entry in evidence if entry.slot == "contact"), None)
        if first is None:
            return
        said = json.loads(first.value)
        waits = book.sections.ownership(first.time, first.place).handover == "accepted"
        owner, since, by = str(said["who"]), first.time, first.event_id
        chain: list[dict[str, Any]] = []
        offer: dict[str, Any] | None = None
        for entry in evidence:
            if entry.slot == "contact" or entry.time < first.time:
                continue
            to = str(json.loads(entry.value)["to"])
            if entry.slot == "handed":
                offer = {
                    "from": owner,
                    "to": to,
                    "event": entry.event_id,
                    "offered": entry.time,
                    "accepted": NEVER,
                    "accepted_by": "",
                }
                chain.append(offer)
                if waits:
                    continue
            elif offer is None or offer["to"] != to:
                continue  # taken by somebody to whom it was not handed
            offer["accepted"], offer["accepted_by"] = entry.time, entry.event_id
            owner, since, by, offer = to, entry.time, entry.event_id, None
        yield CaseOwner(
            id=scope,
            scope=scope,
            owner=owner,
            since=since,
            by=by,
            first=str(said["who"]),
            first_role=str(said["role"]),
            first_at=first.time,
            first_event=first.event_id,
            service=int(said["service"]),
            offered_to=str(offer["to"]) if offer else "",
            offered=int(offer["offered"]) if offer else NEVER,
            chain=canonical(chain),
        )

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        return ()

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        return {}, {"case_id": row.id}

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ()
