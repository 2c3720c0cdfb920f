"""Replay of one case to any moment (invariant 15).

``known_at`` K: both lanes with recorded <= K, as it was: what stood then, with the verdicts said by then.
``as_of`` T: recomputed from what happened by T, as it is known now; corrections and withdrawals count whatever their own
time. Its verdicts are what today's evidence gives, and it is labelled so.
Neither given: now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.ports import Announced
from processors.rules.book import Book
from processors.rules.cases import Cases
from processors.rules.firstcontact import FirstContact
from processors.rules.linear import AnyRule, scoped
from processors.rules.promises.marks import unconfirmed
from processors.rules.promises.promise import Promise
from processors.rules.protocol import LINK, PARTIAL, Evidence, Rule
from processors.rules.repetition.repetition import Repetition
from projections import cases, owners, promises, repetitions
from projections.moment import Moment
from projections.pages import SqlPages
from projections.said import said_by_id
from projections.tables import SetTables
from schemas.catalogue import CATALOGUE
from schemas.confidential import confidential
from schemas.event import Event
from schemas.instants import Instant, format_instant


class Replay:
    """Reads one set and the record on one snapshot."""

    def __init__(
        self,
        conn: Connection,
        ledger: Ledger,
        tenant: Tenant,
        tables: SetTables,
        rules: Sequence[AnyRule],
        book: Book,
        names: promises.Names,
    ) -> None:
        self.conn = conn
        self.ledger = ledger
        self.tenant = tenant
        self.tables = tables
        self.pages = SqlPages(conn, tables, tenant.number, rules)
        self.rules = {rule.name: rule for rule in scoped(rules)}
        self.book = book
        self.names = names

    def history(self, case_id: str, moment: Moment, *, penalties: bool = False) -> dict[str, Any] | None:
        """The case, its touchpoints, verdicts and promises at the moment; None where no such case was ever seen. What speaks
        of ``penalties`` is left out unless it is asked for."""
        filed = self.pages.evidence(Cases.name, (case_id,), voided=True).get(case_id, [])
        if not filed:
            return None
        facts = self.ledger.facts_at(self.conn, self.tenant, {e.place for e in filed})
        mine = {e.event_id for e in filed}
        by_id = {fact.event_id: fact for fact in facts.values() if fact.event_id in mine}
        by_id |= {
            e.event_id: said
            for e in filed
            if e.event_id not in by_id and (said := self.verdict(e.event_id)) is not None
        }  # a repair that became a complaint: the verdict opened the case
        shown = sorted((e for e in filed if moment.seen(e)), key=Evidence.order)
        standing = [e for e in shown if moment.stands(e)]
        rows = list(self.rules[Cases.name].judge(case_id, standing, self.book))
        verdicts = self._verdicts(case_id, moment)
        at = moment.known_at if moment.known_at is not None else moment.as_of
        return {
            "case": cases.view(rows[0]) if rows else None,  # type: ignore[arg-type]
            "mode": moment.mode,
            "at": format_instant(at) if at is not None else None,
            "touchpoints": [
                self._touchpoint(by_id[e.event_id], e, moment)
                for e in shown
                if penalties or not confidential(by_id[e.event_id])
            ],
            "verdicts": [self._verdict(v) for v in verdicts if penalties or not confidential(v)],
            "ownership": (ownership := self._ownership(case_id, moment)),
            "repetition": self._repetition(case_id, by_id, moment),
            "promises": self._promises(by_id, verdicts, moment, ownership["owner"] if ownership else ""),
        }

    # -- parts

    def _touchpoint(self, fact: Event, entry: Evidence, moment: Moment) -> dict[str, Any]:
        state, by = "stands", ""
        if not moment.stands(entry):
            by = entry.voided_by
            taker = self.ledger.fact(self.conn, self.tenant, by)
            withdrawn = fact.verdict or (taker is not None and taker.type == "event.withdrawn")
            state = "withdrawn" if withdrawn else "corrected"
        kind = CATALOGUE[fact.type]
        return {
            "place": fact.after,
            "event_id": fact.event_id,
            "type": fact.type,
            "zh": kind.zh,
            "en": kind.en,
            "time": format_instant(fact.time),
            "recorded": format_instant(fact.recorded),
            "source": fact.source,
            "actor_role": fact.actor_role,
            "actor_ref": fact.actor_ref,
            "channel": fact.channel,
            "corrects": fact.corrects,
            "data": dict(fact.data) if fact.verdict else self.ledger.unsealed(self.tenant, fact),
            "state": state,
            "changed_by": by,
        }

    def _verdicts(self, case_id: str, moment: Moment) -> list[Event]:
        if moment.as_of is not None:
            return []
        said = self.tables.said
        places = self.conn.scalars(
            select(said.c.place)
            .where(said.c.tenant == self.tenant.number, said.c.case_id == case_id)
            .order_by(said.c.place)
        ).all()
        found = self.ledger.verdicts_at(self.conn, self.tenant, places)
        return [
            v
            for v in map(found.__getitem__, places)
            if moment.known_at is None or v.recorded <= moment.known_at
        ]

    def _verdict(self, verdict: Event) -> dict[str, Any]:
        kind = CATALOGUE[verdict.type]
        return {
            "place": verdict.place,
            "after": verdict.after,
            "event_id": verdict.event_id,
            "type": verdict.type,
            "zh": kind.zh,
            "en": kind.en,
            "time": format_instant(verdict.time),
            "recorded": format_instant(verdict.recorded),
            "obligation": str(verdict.data.get("obligation_key", "")),
            "promise_id": str(verdict.data.get("promise_id", "")),
            "data": dict(verdict.data),
        }

    def _ownership(self, case_id: str, moment: Moment) -> dict[str, Any] | None:
        """Who had the case at the moment; None where nobody asked, complained or reported in it."""
        filed = self.pages.evidence(FirstContact.name, (case_id,), voided=True).get(case_id, [])
        standing = sorted((e for e in filed if moment.stands(e)), key=Evidence.order)
        rows = list(self.rules[FirstContact.name].judge(case_id, standing, self._book_at(moment)))
        return owners.view(rows[0]) if rows else None  # type: ignore[arg-type]

    def _repetition(self, case_id: str, facts: dict[str, Event], moment: Moment) -> dict[str, Any] | None:
        """How far the case had moved up at the moment, judged of all that was reported of its problems by then."""
        rule = self.rules[repetitions.RULE]
        scopes = {str(one.origin["scope"]) for one in facts.values() if one.verdict}
        for entries in self.pages.evidence_at(_places(facts), voided=True).values():
            scopes |= {
                e.scope for name, e in entries if name == rule.name and not e.scope.startswith(PARTIAL)
            }
        rows: list[Repetition] = []
        for scope in sorted(scopes):
            own = self.pages.evidence(rule.name, (scope,), voided=True).get(scope, [])
            heard = self.pages.evidence(
                rule.name, sorted({e.link for e in own if e.slot == LINK}), voided=True
            )
            every = [entry for entries in heard.values() for entry in entries if moment.stands(entry)]
            rows += rule.judge(scope, sorted(every, key=Evidence.order), self._book_at(moment))  # type: ignore[arg-type]

        def ladder(place: int) -> Mapping[str, Any]:
            bound = self.book.sections.repetition_at(place)
            return bound.ladder.model_dump(mode="json") if bound is not None else {}

        return repetitions.view(rows, case_id, ladder)

    def _book_at(self, moment: Moment) -> Book:
        return self.book if moment.known_at is None else self.book.known_at(moment.known_at)

    def _promises(
        self, facts: dict[str, Event], verdicts: Sequence[Event], moment: Moment, owner: str
    ) -> list[dict[str, Any]]:
        book = self._book_at(moment)
        if moment.as_of is not None:
            book = book.unwaiting()
        scopes = sorted(
            {
                entry.scope
                for entries in self.pages.evidence_at(_places(facts), voided=True).values()
                for rule, entry in entries
                if rule == promises.RULE and not entry.scope.startswith(PARTIAL)
            }
        )
        rule = self.rules[promises.RULE]
        at = moment.known_at if moment.known_at is not None else moment.as_of
        begun = self.ledger.clock.now() if at is None else at
        found: list[dict[str, Any]] = []
        for scope in scopes:
            for row in rule.judge(scope, self.evidence(scope, moment), book):
                if isinstance(row, Promise) and row.opened <= begun and row.kind != "coverage":
                    waits = bool(unconfirmed(row, book, begun))
                    said = self._said(rule, row, book, verdicts, moment)
                    found.append(promises.view(row, said, self.names, waits))
        owners.in_charge(found, {one["case_id"]: owner for one in found})
        return sorted(found, key=lambda p: (p["due"] or "9", p["id"]))

    def verdict(self, verdict_id: str) -> Event | None:
        """One verdict by its id."""
        return said_by_id(self.conn, self.ledger, self.tenant, self.tables, verdict_id)

    def evidence(self, scope: str, moment: Moment) -> list[Evidence]:
        """What counts in a promise's scope at the moment, in order of happening."""
        return sorted((e for e in self.filed(scope) if moment.stands(e)), key=Evidence.order)

    def filed(self, scope: str) -> list[Evidence]:
        """Everything ever filed in a promise's scope and in the partial scopes it reads, taken out or not."""
        own = self.pages.evidence(promises.RULE, (scope,), voided=True).get(scope, [])
        partial = sorted({e.link for e in own if e.slot == LINK and e.voided == 0})
        filed = [e for e in own if e.slot != LINK]
        for entries in self.pages.evidence(promises.RULE, partial, voided=True).values():
            filed.extend(e for e in entries if e.slot != LINK)
        return filed

    def _said(
        self, rule: Rule, row: Promise, book: Book, verdicts: Sequence[Event], moment: Moment
    ) -> dict[str, Announced]:
        """Announcements of a row at the moment: as they were said, or as they would stand."""
        said: dict[str, Announced] = {}
        if moment.as_of is not None:
            for mark in rule.marks(row, book):
                if mark.at <= moment.as_of:
                    said[mark.kind] = announced(row, mark.kind, mark.time)
            return said
        for verdict in verdicts:
            if verdict.origin.get("row") != row.id:
                continue
            retracted = str(verdict.data.get("retracted_kind", ""))
            if retracted in said:
                said[retracted] = said[retracted]._replace(standing=0)
            elif not retracted:
                kind = str(verdict.origin["kind"])
                said[kind] = announced(row, kind, verdict.time, verdict.event_id)
        return said


def _places(events: Mapping[str, Event]) -> dict[str, int]:
    return {event_id: event.after for event_id, event in events.items()}


def announced(row: Promise, kind: str, time: Instant, verdict_id: str = "") -> Announced:
    """An announcement that stands."""
    return Announced(
        scope=row.scope,
        row_id=row.id,
        kind=kind,
        generation=1,
        standing=1,
        verdict_id=verdict_id,
        time=time,
    )
