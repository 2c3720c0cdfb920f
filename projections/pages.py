"""Reads of one tenant in one projection set, for the fold (``processors.ports.Pages``) and for replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, func, or_, select

from processors.ports import Announced, DueRow, Parked
from processors.rules.protocol import LINK, PARTIAL, Evidence, Owner, Row
from projections.tables import SetTables, columns_of
from schemas.instants import NEVER, Instant

CHUNK = 500
"""Keys asked for in one statement."""

_EVIDENCE = tuple(name for name, _ in columns_of(Evidence))
_ANNOUNCED = tuple(name for name, _ in columns_of(Announced))
_PARKED = tuple(name for name, _ in columns_of(Parked))


def chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    """The keys in portions of CHUNK."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


class SqlPages:
    """Evidence, rows and announcements through SQLAlchemy Core; each call is one round trip a portion of keys."""

    def __init__(self, conn: Connection, tables: SetTables, tenant: int, rules: Sequence[Owner]) -> None:
        self.conn = conn
        self.tables = tables
        self.tenant = tenant
        self._kinds: dict[str, tuple[type[Row], ...]] = {rule.name: rule.rows for rule in rules}
        self._owner = {kind: rule.name for rule in rules for kind in rule.rows}

    def _select(self, table: Table, names: Sequence[str]) -> Select[Any]:
        chosen: list[Any] = [table.c[n] for n in names]
        query: Select[Any] = select(*chosen).where(table.c.tenant == self.tenant)
        return query

    def evidence(
        self, rule: str, scopes: Sequence[str], *, voided: bool = False
    ) -> Mapping[str, list[Evidence]]:
        table = self.tables.evidence
        found: dict[str, list[Evidence]] = defaultdict(list)
        base = self._select(table, _EVIDENCE).where(table.c.rule == rule)
        if not voided:
            base = base.where(table.c.voided == 0)
        # links in a partial scope are as many as there are promises on it, and asked for by ``linked`` alone
        base = base.where(or_(table.c.slot != LINK, func.substr(table.c.scope, 1, 1) != PARTIAL))
        for part in chunks(scopes):
            for line in self.conn.execute(base.where(table.c.scope.in_(part))):
                entry = Evidence(**dict(zip(_EVIDENCE, line, strict=True)))
                found[entry.scope].append(entry)
        return found

    def linked(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[str]]:
        table = self.tables.evidence
        found: dict[str, list[str]] = defaultdict(list)
        base = (
            select(table.c.scope, table.c.link)
            .where(table.c.tenant == self.tenant, table.c.rule == rule)
            .where(table.c.slot == LINK, table.c.voided == 0)
            .distinct()
        )
        for part in chunks(scopes):
            for scope, link in self.conn.execute(base.where(table.c.scope.in_(part))):
                found[scope].append(link)
        return found

    def evidence_of(
        self, event_ids: Sequence[str], *, voided: bool = False
    ) -> Mapping[str, list[tuple[str, Evidence]]]:
        table = self.tables.evidence
        found: dict[str, list[tuple[str, Evidence]]] = defaultdict(list)
        base = self._select(table, ("rule", *_EVIDENCE))
        if not voided:
            base = base.where(table.c.voided == 0)
        for part in chunks(event_ids):
            for line in self.conn.execute(base.where(table.c.event_id.in_(part))):
                rule, *rest = tuple(line)
                entry = Evidence(**dict(zip(_EVIDENCE, rest, strict=True)))
                found[entry.event_id].append((str(rule), entry))
        return found

    def rows(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[tuple[Row, Instant]]]:
        found: dict[str, list[tuple[Row, Instant]]] = defaultdict(list)
        for kind in self._kinds[rule]:
            table = self.tables.rows[kind]
            names = tuple(name for name, _ in columns_of(kind))
            base = self._select(table, (*names, "next"))
            for part in chunks(scopes):
                for line in self.conn.execute(base.where(table.c.scope.in_(part))):
                    *rest, upcoming = tuple(line)
                    row = kind(**dict(zip(names, rest, strict=True)))
                    found[row.scope].append((row, upcoming))
        return found

    def announced(self, rule: str, scopes: Sequence[str]) -> list[Announced]:
        table = self.tables.announced
        base = self._select(table, _ANNOUNCED).where(table.c.rule == rule)
        return [
            Announced(**dict(zip(_ANNOUNCED, line, strict=True)))
            for part in chunks(scopes)
            for line in self.conn.execute(base.where(table.c.scope.in_(part)))
        ]

    def due(self, until: Instant, limit: int) -> list[DueRow]:
        found: list[DueRow] = []
        for kind, table in self.tables.rows.items():
            query = (
                self._select(table, ("next", "scope", "id"))
                .where(table.c.next <= until, table.c.next < NEVER)
                .order_by(table.c.next, table.c.id)
                .limit(limit)
            )
            owner = self._owner[kind]
            found += [
                DueRow(next=n, rule=owner, scope=str(s), row_id=str(i))
                for n, s, i in self.conn.execute(query)
            ]
        return sorted(found, key=lambda d: (d.next, d.rule, d.row_id))[:limit]

    def earliest(self) -> Instant:
        firsts = [
            self.conn.scalar(select(func.min(t.c.next)).where(t.c.tenant == self.tenant, t.c.next < NEVER))
            for t in self.tables.rows.values()
        ]
        return min((int(f) for f in firsts if f is not None), default=NEVER)

    def publications(self) -> list[int]:
        table = self.tables.publications
        query = select(table.c.place).where(table.c.tenant == self.tenant).order_by(table.c.place)
        return [int(p) for p in self.conn.scalars(query)]

    def parked(self) -> Iterable[Parked]:
        table = self.tables.parked
        query = self._select(table, _PARKED).order_by(table.c.rule, table.c.event_id)
        return [Parked(**dict(zip(_PARKED, line, strict=True))) for line in self.conn.execute(query)]

    def parked_one(self, rule: str, event_id: str) -> Parked | None:
        return next((p for p in self.parked() if (p.rule, p.event_id) == (rule, event_id)), None)
