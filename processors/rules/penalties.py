"""Cumulative penalties (累计处罚制, domain.md 3.5): what follows from moving up the repetition ladder, as proposals only.

One scope for each problem: its raised levels, what is known of their cases, and what people decided. A raise to level 1
proposes a penalty for each rule that fits; a later raise doubles what stands; a person confirms or waives. Nothing is booked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from processors.rules.bearing import Raise, fitting, opens
from processors.rules.penalty import LABELS, WAITING, Penalty
from processors.rules.protocol import LINK, PARTIAL, Evidence, Filing, Mark, Row
from schemas.canonical import Json, canonical
from schemas.confidential import RULE
from schemas.event import Event
from schemas.identity import penalty_id
from schemas.instants import NEVER

if TYPE_CHECKING:
    from processors.rules.book import Book
    from schemas.policy_penalties import Penalties as Terms

RAISED = "escalation.raised"
DECIDED = {"penalty.confirmed": "confirmed", "penalty.waived": "waived"}
CAUSES = frozenset({"repair.cause_determined", "complaint.analysed"})


class _Decision(NamedTuple):
    entry: Evidence
    said: Mapping[str, Any]


class Penalties:
    """See the module's docstring."""

    name = RULE
    version = 2
    rows: tuple[type[Row], ...] = (Penalty,)

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        if event.type == RAISED:
            return _raised(event)
        if event.type in DECIDED:
            data = event.data
            said: dict[str, Json] = {
                "id": data["penalty_id"],
                "state": DECIDED[event.type],
                "fen": data.get("amount_fen", 0),
                "bearer": data.get("bearer_ref", ""),
                "by": data["by"],
            }
            return (Filing(scope=str(data["problem"]), slot="decided", value=canonical(said)),)
        if event.type in CAUSES and event.case_id:
            names = ("cause", "within_warranty")
            known: dict[str, Json] = {n: v for n in names if (v := event.data.get(n)) is not None}
            if known:
                value = canonical({"case": event.case_id, **known})
                return (Filing(scope=PARTIAL + event.case_id, slot="cause", value=value),)
        return ()

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        raises = [Raise(e, json.loads(e.value)) for e in evidence if e.slot == "raised"]
        decisions = [_Decision(e, json.loads(e.value)) for e in evidence if e.slot == "decided"]
        causes = [json.loads(e.value) for e in evidence if e.slot == "cause"]
        made: dict[str, Penalty] = {}
        for one in raises:
            version = book.sections.penalties(one.entry.time, one.entry.place)
            terms = version.head.penalties if version is not None else None
            if version is None or terms is None or not terms.enabled or not opens(one, terms):
                continue
            more = [r for r in raises if r.level >= 2 and r.entry.time >= one.entry.time and r is not one]
            for rule, bearer, review in fitting(one, terms, causes):
                own = penalty_id(scope, str(one.said["case"]), rule)
                mine = [d for d in decisions if d.said["id"] == own]
                row = _penalty(own, scope, one, more, mine, terms)
                if rule == WAITING and not mine:
                    row = replace(row, state="waiting", amount_fen=0)
                made.setdefault(
                    own,
                    replace(
                        row,
                        rule=rule,
                        bearer_role=bearer,
                        review=review,
                        policy_version=version.version,
                    ),
                )
        yield from made.values()
        for name in sorted({str(d.said["id"]) for d in decisions} - made.keys()):
            yield _unfounded(scope, name, [d for d in decisions if d.said["id"] == name][-1])

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        assert isinstance(row, Penalty)
        if row.rule not in LABELS:
            return  # nobody knows yet whom it concerns, or it stands for nothing
        envelope = self.about(row, book)[1]
        zh, en = LABELS[row.rule]
        said = {
            "penalty_id": row.id,
            "problem": row.scope,
            "rule_no": row.rule,
            "zh": zh,
            "en": en,
            "bearer_role": row.bearer_role,
            "policy_version": row.policy_version,
        }
        first = {"level": row.opened_level, "amount_fen": row.proposed_fen}
        yield Mark(
            at=row.opened,
            time=row.opened,
            kind="proposed",
            type="penalty.proposed",
            data={**said, **first},
            envelope=envelope,
            cause=row.raised,
        )
        if row.doubled != NEVER:
            yield Mark(
                at=row.doubled,
                time=row.doubled,
                kind="doubled",
                type="penalty.doubled",
                data={**said, "factor": row.factor},
                envelope=envelope,
                cause=row.doubled_by,
            )

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        assert isinstance(row, Penalty)
        envelope = {"case_id": row.case_id, "house_id": row.house_id, "project_id": row.project_id}
        return {"penalty_id": row.id, "problem": row.scope, "rule_no": row.rule}, envelope

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ()


def _raised(event: Event) -> Iterable[Filing]:
    """The raise in its problem's scope, linked to what becomes known of its case."""
    problem, data = str(event.data["problem"]), event.data
    said: dict[str, Json] = {
        "to": int(data["to_level"]),
        "case": event.case_id,
        "house": event.house_id,
        "project": event.project_id,
        "origin": str(data["origin"]),
        "warranty": data.get("in_warranty"),
        "cause": data.get("cause"),
    }
    yield Filing(scope=problem, slot="raised", value=canonical(said))
    if event.case_id:
        yield Filing(scope=problem, slot=LINK, link=PARTIAL + event.case_id)
        yield Filing(scope=PARTIAL + event.case_id, slot=LINK, link=problem)


def _penalty(
    own: str,
    scope: str,
    one: Raise,
    more: Sequence[Raise],
    mine: Sequence[_Decision],
    terms: Terms,
) -> Penalty:
    """One penalty, doubled by the first further raise at which it was not waived, and as last decided. What is confirmed
    before it doubles is doubled; what is confirmed after is the whole sum."""
    twice: Raise | None = None
    for later in more:
        before = [d for d in mine if d.entry.time <= later.entry.time]
        if not before or before[-1].said["state"] != "waived":
            twice = later
            break
    factor = terms.factor if twice is not None else 1
    low, high, amount = terms.min_fen * factor, terms.max_fen * factor, terms.default_fen * factor
    state, outside = ("proposed", 0)
    last = mine[-1] if mine else None
    if last is not None:
        state = str(last.said["state"])
        early = twice is not None and last.entry.time <= twice.entry.time
        amount = 0 if state == "waived" else int(last.said["fen"]) * (factor if early else 1)
        outside = int(state == "confirmed" and not low <= amount <= high)
    return Penalty(
        id=own,
        scope=scope,
        case_id=str(one.said["case"]),
        house_id=str(one.said["house"]),
        project_id=str(one.said["project"]),
        rule="",
        bearer_role="",
        bearer_ref=str(last.said["bearer"]) if last else "",
        state=state,
        level=twice.level if twice else one.level,
        opened_level=one.level,
        opened=one.entry.time,
        raised=one.entry.event_id,
        doubled=twice.entry.time if twice else NEVER,
        doubled_by=twice.entry.event_id if twice else "",
        factor=factor,
        min_fen=low,
        max_fen=high,
        proposed_fen=terms.default_fen,
        amount_fen=amount,
        outside=outside,
        review=0,
        decided=last.entry.time if last else NEVER,
        decision=last.entry.event_id if last else "",
        decided_by=str(last.said["by"]) if last else "",
        policy_version="",
    )


def _unfounded(scope: str, name: str, last: _Decision) -> Penalty:
    """A decision on what does not stand: its ground was taken back, or it never was. Shown, so that it can be undone."""
    return Penalty(
        id=penalty_id(scope, "", name),
        scope=scope,
        case_id="",
        house_id="",
        project_id="",
        rule="",
        bearer_role="",
        bearer_ref=str(last.said["bearer"]),
        state="unfounded",
        level=0,
        opened_level=0,
        opened=last.entry.time,
        raised="",
        doubled=NEVER,
        doubled_by="",
        factor=1,
        min_fen=0,
        max_fen=0,
        proposed_fen=0,
        amount_fen=0,
        outside=0,
        review=0,
        decided=last.entry.time,
        decision=last.entry.event_id,
        decided_by=str(last.said["by"]),
        policy_version="",
    )
