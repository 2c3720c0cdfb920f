"""A rule desk: any rules run by the real fold in memory over a few events, without SQL, engine or clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from processors.fold import Fold
from processors.rows import whole
from processors.rules.book import Book
from processors.rules.protocol import Row, Rule
from processors.shelf import Shelf
from processors.whatif import Nothing
from schemas.event import ENVELOPE, Event
from schemas.instants import Instant, parse_instant
from schemas.policy_files import load_profile

RowT = TypeVar("RowT", bound=Row)
BEFORE_ALL = parse_instant("2025-12-01T09:00:00+08:00")


class RuleDesk:
    """Facts are placed in the order in which they are given; each is recorded a microsecond after the one before, or when
    ``recorded`` says."""

    def __init__(self, rules: Sequence[Rule], sections: Mapping[str, Any]) -> None:
        """``sections``: what the profile says beside its policies, in place of the shipped one's; policies none."""
        self.facts: dict[str, Event] = {}
        self.fold = Fold(rules, Book.empty(), Shelf(Nothing()), lambda event_id, place: None)
        self.last = BEFORE_ALL
        policy = {**load_profile().dump(), **sections, "policies": {}}
        self.publish(policy, "policy-1")

    def publish(self, policy: Mapping[str, Any], event_id: str, time: Instant = BEFORE_ALL) -> None:
        said = {name: policy[name] for name in ("profile", "version", "effective_from")}
        self.place("policy.published", time, event_id, **said, policy=dict(policy))

    def place(self, kind: str, time: Instant, event_id: str, **fields: Any) -> None:
        """Routing fields, ``corrects`` and ``recorded`` by name; the rest is data."""
        corrects = str(fields.pop("corrects", ""))
        self.last = max(self.last + 1, fields.pop("recorded", 0), time)
        envelope = {name: fields.pop(name) for name in ENVELOPE if name in fields}
        number = len(self.facts) + 1
        root = self.facts[corrects].root if corrects else event_id
        fact = self.facts[event_id] = Event(
            type=kind,
            version=1,
            event_id=event_id,
            time=time,
            recorded=self.last,
            place=number,
            after=number,
            source="crm",
            corrects=corrects,
            root=root,
            data=fields,
            **envelope,
        )
        self.fold.advance(whole(self.last), number - 1)
        self.fold.place(fact)

    def rows(self, kind: type[RowT]) -> list[RowT]:
        """By id."""
        return sorted(self.fold.shelf.rows.every(kind), key=lambda row: row.id)

    def lane(self) -> list[Mapping[str, Any]]:
        """The bodies of the verdicts, in order."""
        return [draft.body for draft in self.fold.said.drafts]

    def bodies_standing(self) -> list[Mapping[str, Any]]:
        """Of the lane, what stands at the end."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for body in self.lane():
            if retracted := body["data"].get("retracted_kind"):
                del found[(body["row"], retracted)]
            else:
                found[(body["row"], body["kind"])] = body
        return list(found.values())

    def standing(self) -> set[tuple[str, str, int]]:
        """(row, kind, time) of the verdicts that stand at the end."""
        return {(body["row"], body["kind"], body["time"]) for body in self.bodies_standing()}
