"""今日待办: whom to call or visit now. Running promises that a return visit discharges, by due instant.

Nothing is decided here: which obligations are on the list stands in the published policies (``visits``), when each is due
and what settles it is the promise's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from processors.rules.cases import Case, Cases
from processors.rules.firstcontact import CaseOwner
from processors.rules.promises.promise import OPEN, Promise
from projections.promises import Names, instant_or_none
from projections.tables import SetTables, columns_of
from projections.visits import ATTEMPTED, PREFIX, Visit
from schemas.instants import NEVER, Instant, day_of, end_of_day

WHEN = ("overdue", "today", "tomorrow", "later", "undated", "no_limit")
"""已超时 今日到期 明日到期 之后到期 待定 无期限: where a visit stands on the list."""
NOW = WHEN[:2]
"""What is to be done now."""
_NAMES = tuple(name for name, _ in columns_of(Promise))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``person``: who is in charge; ``role``: who owes it; ``when``: some of ``WHEN``. Empty ones ask for all."""

    person: str = ""
    role: str = ""
    when: Sequence[str] = ()
    case_id: str = ""
    ticket: str = ""
    """A source's own number of the case; another source may have given it too."""
    promise_id: str = ""


@dataclass(slots=True)
class _Told:
    """Of one case: how many return visits and attempts were ever filed, on which days nobody was reached, and the place of
    what opened it."""

    filed: int = 0
    missed: list[Instant] = field(default_factory=list)
    first: int = 0


def standing(row: Promise, now: Instant) -> str:
    """Where an open promise stands on the list (``WHEN``)."""
    if row.undated:
        return "undated"
    if row.due == NEVER:
        return "no_limit"
    if row.due < now:
        return "overdue"
    ahead = day_of(row.due) - day_of(now)
    return "today" if ahead == 0 else "tomorrow" if ahead == 1 else "later"


class Worklist:
    """Queries of one set at ``now``. ``visits``: what the publications ask for. In charge is whom the policy names, else
    whoever has the case (首问负责人)."""

    def __init__(
        self, tables: SetTables, names: Names, visits: Mapping[tuple[int, str], Visit], now: Instant
    ) -> None:
        self.tables = tables
        self._names = names
        self._visits = visits
        self._now = now
        self._rows, self._owners, self._cases = (tables.rows[kind] for kind in (Promise, CaseOwner, Case))
        self._person = func.coalesce(func.nullif(self._rows.c.person, ""), self._owners.c.owner, "")

    def find(
        self,
        conn: Connection,
        tenant: int,
        asked: Asked,
        *,
        limit: int = 200,
        after: tuple[Instant, str] | None = None,
    ) -> list[dict[str, Any]]:
        """By (due, id). ``after`` is the (due µs, id) of the last one already had. ``places``: of the facts in which the
        customer may stand, the last one first; not for people."""
        p, c = self._rows.c, self._cases.c
        what = [*(p[n] for n in _NAMES), self._person, c.kind, c.owner_type, c.ticket]
        query = self._listed(tenant, asked, what).order_by(p.due, p.id).limit(limit)
        if after is not None:
            query = query.where((p.due > after[0]) | and_(p.due == after[0], p.id > after[1]))
        lines = [tuple(line) for line in conn.execute(query)]
        rows = [Promise(**dict(zip(_NAMES, line[: len(_NAMES)], strict=True))) for line in lines]
        told = self._told(conn, tenant, rows)
        return [
            self._view(row, told[row.case_id or row.scope], *(text or "" for text in line[len(_NAMES) :]))
            for row, line in zip(rows, lines, strict=True)
        ]

    def counts(self, conn: Connection, tenant: int, asked: Asked) -> dict[str, int]:
        """How many stand where (``WHEN``), zeros included."""
        word = case(*((self._stands(word), word) for word in WHEN), else_="").label("word")
        each = self._listed(tenant, asked, [word], alone=not (asked.person or asked.ticket)).subquery()
        found = {
            str(w): int(n) for w, n in conn.execute(select(each.c.word, func.count()).group_by(each.c.word))
        }
        return {word: found.get(word, 0) for word in WHEN}

    def people(self, conn: Connection, tenant: int) -> tuple[list[str], list[str]]:
        """(persons, roles) by whom anything on the list is owed, in order."""
        query = self._listed(tenant, Asked(), [self._person, self._rows.c.owes]).distinct()
        lines = [(str(person), str(owes)) for person, owes in conn.execute(query)]
        roles = {role for _, owes in lines for role in json.loads(owes)}
        return sorted({person for person, _ in lines if person}), sorted(roles)

    def _listed(self, tenant: int, asked: Asked, what: Sequence[Any], *, alone: bool = False) -> Select[Any]:
        """``alone``: without who has the case, and the case, which is a third of the work."""
        p, owner, c = self._rows.c, self._owners.c, self._cases.c
        both = self._rows.outerjoin(self._owners, and_(owner.tenant == p.tenant, owner.id == p.case_id))
        whole = both.outerjoin(self._cases, and_(c.tenant == p.tenant, c.id == p.case_id))
        keys: dict[str, list[int]] = {}
        for place, key in sorted(self._visits):
            keys.setdefault(key, []).append(place)
        of_visits = [and_(p.obligation == key, p.policy_place.in_(places)) for key, places in keys.items()]
        query = (
            select(*what)
            .select_from(self._rows if alone else whole)
            .where(p.tenant == tenant, p.state == OPEN, p.opened <= self._now, p.kind != "coverage")
            .where(or_(*of_visits) if of_visits else p.id.is_(None))
        )
        for column, wanted in (
            (p.case_id, asked.case_id),
            (c.ticket, asked.ticket),
            (p.id, asked.promise_id),
        ):
            if wanted:
                query = query.where(column == wanted)
        if asked.person:
            query = query.where(self._person == asked.person)
        if asked.role:
            query = query.where(p.owes.contains(json.dumps(asked.role), autoescape=True))
        if asked.when:
            query = query.where(or_(*(self._stands(word) for word in asked.when)))
        return query

    def _stands(self, word: str) -> ColumnElement[bool]:
        """``standing`` in SQL."""
        p, now = self._rows.c, self._now
        today, tomorrow = end_of_day(day_of(now)), end_of_day(day_of(now) + 1)
        dated: ColumnElement[bool] = and_(p.undated == 0, p.due < NEVER)
        match word:
            case "overdue":
                return and_(dated, p.due < now)
            case "today":
                return and_(dated, p.due >= now, p.due <= today)
            case "tomorrow":
                return and_(dated, p.due > today, p.due <= tomorrow)
            case "later":
                return and_(dated, p.due > tomorrow)
            case "undated":
                return and_(p.undated == 1)
            case _:
                return and_(p.undated == 0, p.due == NEVER)

    def _told(self, conn: Connection, tenant: int, rows: Sequence[Promise]) -> dict[str, _Told]:
        """By case, and by scope for what belongs to no case."""
        e = self.tables.evidence.c
        told = {row.case_id or row.scope: _Told() for row in rows}
        cases = sorted({row.case_id for row in rows if row.case_id})
        query = select(e.scope, e.time, e.place, e.voided, e.value).where(
            e.tenant == tenant, e.rule == Cases.name, e.scope.in_(cases), e.slot == "touchpoint"
        )
        for scope, time, place, voided, value in conn.execute(query) if cases else ():
            one, kind = told[scope], json.loads(value)["type"]
            one.filed += kind.startswith(PREFIX)
            if not voided:
                one.first = min(one.first or place, place)
                if kind == ATTEMPTED:
                    one.missed.append(time)
        loose = sorted({row.scope for row in rows if not row.case_id})
        filed = select(e.scope, func.count()).where(
            e.tenant == tenant, e.rule == "promises", e.scope.in_(loose)
        )
        for scope, number in conn.execute(filed.group_by(e.scope)) if loose else ():
            told[scope].filed = number
        return told

    def _view(
        self, row: Promise, told: _Told, person: str, case_kind: str, owner_type: str, ticket: str
    ) -> dict[str, Any]:
        zh, en = self._names(row.policy_place, row.obligation)
        visit = self._visits[row.policy_place, row.obligation]
        missed = [at for at in told.missed if at >= row.opened]
        return {
            "id": row.id,
            "obligation": row.obligation,
            "row": row.obligation_row,
            "zh": zh,
            "en": en,
            "when": standing(row, self._now),
            "opened": instant_or_none(row.opened),
            "due": instant_or_none(row.due),
            "owes": json.loads(row.owes),
            "person": person,
            "case_id": row.case_id,
            "case_kind": case_kind,
            "ticket": ticket,
            "house_id": row.house_id,
            "project_id": row.project_id,
            "owner_type": owner_type,
            "customer_ref": row.customer_ref,
            "visit": visit.type,
            "asks": visit.asks,
            "attempt": visit.attempt,
            "attempts": len({day_of(at) for at in missed}),
            "tries": visit.tries,
            "last_attempt": instant_or_none(max(missed, default=0)),
            "round": told.filed,
            "places": [place for place in dict.fromkeys((row.trigger_place, told.first)) if place],
        }
