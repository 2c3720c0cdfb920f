"""The figures of the morning note (晨会日报): what came and was closed yesterday, what is overdue and by whom owed, what
falls due today and tomorrow. Read off the rows as of an instant; persons in charge and roles, nobody's personal data."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from processors.rules.cases import Case
from processors.rules.firstcontact import CaseOwner
from processors.rules.promises.promise import OPEN, Promise
from projections.owners import ROLE as FIRST
from projections.promises import RULE, Names, instant_or_none
from projections.tables import SetTables
from schemas.instants import NEVER, Instant, day_of, format_instant, iso_day, start_of_day

FEW = 8
"""Of what is overdue or falls due, so many are told one by one, those due first."""


class DayNote:
    """Queries of one set as of ``at``, by times of happening: what was settled later was open then."""

    def __init__(self, tables: SetTables, names: Names, at: Instant) -> None:
        self._names = names
        self._at = at
        self._rows, self._owners, self._cases = (tables.rows[kind] for kind in (Promise, CaseOwner, Case))
        self._breach = tables.announced.alias("breach")

    def read(self, conn: Connection, tenant: int) -> dict[str, Any]:
        """``{"day", "at", "new", "closed", "overdue", "today", "tomorrow"}``; ``new`` and ``closed``: yesterday's cases by
        kind; the others: ``{"total", "owed": [{person, roles, count}], "first": […]}``.

        ``person``: whom the policy names, else, of what the first contact owes, whoever has the case; "": the roles owe it.
        ``has_case``: who has the case, whoever owes it.
        """
        p, c, today = self._rows.c, self._cases.c, day_of(self._at)
        midnight = [start_of_day(today + n) for n in range(-1, 3)]
        dated = and_(p.undated == 0, p.due >= self._at)
        return {
            "day": iso_day(today),
            "at": format_instant(self._at),
            "new": self._kinds(conn, tenant, c.opened, midnight[0], midnight[1]),
            "closed": self._kinds(conn, tenant, c.closed, midnight[0], midnight[1]),
            "overdue": self._due(conn, tenant, and_(p.due < self._at, self._breach.c.standing == 1)),
            "today": self._due(conn, tenant, and_(dated, p.due < midnight[2])),
            "tomorrow": self._due(conn, tenant, and_(dated, p.due >= midnight[2], p.due < midnight[3])),
        }

    def _kinds(
        self, conn: Connection, tenant: int, at: ColumnElement[int], since: Instant, until: Instant
    ) -> dict[str, int]:
        c = self._cases.c
        query = select(c.kind, func.count()).where(c.tenant == tenant, at >= since, at < until)
        return {str(kind): int(n) for kind, n in conn.execute(query.group_by(c.kind).order_by(c.kind))}

    def _due(self, conn: Connection, tenant: int, which: ColumnElement[bool]) -> dict[str, Any]:
        p = self._rows.c
        has = func.coalesce(self._owners.c.owner, "")
        person = case((p.person != "", p.person), (p.owes.contains(json.dumps(FIRST)), has), else_="").label(
            "in_charge"
        )
        count = func.count().label("many")
        by = self._open(tenant, which, [person, p.owes, count]).group_by(person, p.owes)
        owed = [
            {"person": str(who), "roles": json.loads(owes), "count": int(n)}
            for who, owes, n in conn.execute(by.order_by(count.desc(), person, p.owes))
        ]
        what = [p.policy_place, p.obligation, p.due, p.project_id, p.house_id, p.case_id, person, has, p.owes]
        first = self._open(tenant, which, what).order_by(p.due, p.id).limit(FEW)
        return {
            "total": sum(one["count"] for one in owed),
            "owed": owed,
            "first": [self._one(*line) for line in conn.execute(first)],
        }

    def _open(self, tenant: int, which: ColumnElement[bool], what: list[Any]) -> Select[Any]:
        p, owner, breach = self._rows.c, self._owners.c, self._breach.c
        said = and_(
            breach.tenant == p.tenant,
            breach.rule == RULE,
            breach.scope == p.scope,
            breach.row_id == p.id,
            breach.kind == "breached",
        )
        both = self._rows.outerjoin(self._owners, and_(owner.tenant == p.tenant, owner.id == p.case_id))
        return (
            select(*what)
            .select_from(both.outerjoin(self._breach, said))
            .where(
                p.tenant == tenant,
                p.kind != "coverage",
                p.opened <= self._at,
                or_(p.state == OPEN, and_(p.settled > self._at, p.settled < NEVER)),
                which,
            )
        )

    def _one(
        self,
        place: int,
        key: str,
        due: Instant,
        project: str,
        house: str,
        case_id: str,
        person: str,
        has: str,
        owes: str,
    ) -> dict[str, Any]:
        zh, en = self._names(place, key)
        return {
            "obligation": key,
            "zh": zh,
            "en": en,
            "due": instant_or_none(due),
            "project_id": project,
            "house_id": house,
            "case_id": case_id,
            "person": person,
            "has_case": has,
            "roles": json.loads(owes),
        }
