"""Reads of one tenant in one projection set, for the fold (``processors.ports.Pages``) and for replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from ledger.feeds import places_by_id
from ledger.hot import Among, Hot
from processors.ports import Announced, DueRow, Parked
from processors.rules.protocol import LINK, PARTIAL, Evidence, Owner, Row
from projections.said import followed, said_at
from projections.tables import SetTables, columns_of
from schemas.instants import NEVER, Instant

_ZERO: ColumnElement[Any] = literal_column("0")
_NEVER: ColumnElement[Any] = literal_column(
    str(NEVER)
)  # as written in the index, or SQLite does not see that it may use that
_LINK: ColumnElement[Any] = literal_column(f"'{LINK}'")
_PARTIAL: ColumnElement[Any] = literal_column(f"'{PARTIAL}'")

Keys = list[BindParameter[Any]]


def names_of(kind: type) -> tuple[str, ...]:
    """Column names of a row class, in order."""
    return tuple(name for name, _ in columns_of(kind))


def _select(table: Table, names: Sequence[str], *, rule: bool = False) -> Select[Any]:
    query: Select[Any] = select(*(table.c[n] for n in names)).where(table.c.tenant == bindparam("tenant"))
    return query.where(table.c.rule == bindparam("rule")) if rule else query


class Questions:
    """What is asked of one set's tables, compiled once."""

    def __init__(self, tables: SetTables) -> None:
        e, a = tables.evidence, tables.announced
        # links in a partial scope are as many as there are promises on it, and asked for by ``linked`` alone
        mine = or_(
            e.c.slot != _LINK, func.substr(e.c.scope, literal_column("1"), literal_column("1")) != _PARTIAL
        )
        every = _select(e, Evidence._fields, rule=True).where(mine)
        by_event = _select(e, ("rule", *Evidence._fields))
        linked = (
            _select(e, ("scope", "link"), rule=True).where(e.c.slot == _LINK, e.c.voided == _ZERO).distinct()
        )
        said = _select(a, Announced._fields, rule=True)
        self.evidence = Among(lambda keys: every.where(e.c.voided == _ZERO, e.c.scope.in_(keys)))
        self.evidence_ever = Among(lambda keys: every.where(e.c.scope.in_(keys)))
        stands = by_event.where(e.c.voided == _ZERO)
        self.by_event = Among(lambda *keys: stands.where(*_placed(e, *keys)), int, str)
        self.by_event_ever = Among(lambda *keys: by_event.where(*_placed(e, *keys)), int, str)
        self.linked = Among(lambda keys: linked.where(e.c.scope.in_(keys)))
        self.announced = Among(lambda keys: said.where(a.c.scope.in_(keys)))
        self.rows = {kind: _rows(kind, table) for kind, table in tables.rows.items()}
        self.due = {kind: _due(table) for kind, table in tables.rows.items()}
        self.earliest = [
            Hot(select(func.min(t.c.next)).where(t.c.tenant == bindparam("tenant"), t.c.next < _NEVER))
            for t in tables.rows.values()
        ]


def _placed(evidence: Table, places: Keys, ids: Keys) -> tuple[ColumnElement[bool], ...]:
    """Evidence of events by place and id. An id as it stands would have SQLite look for each id under each place."""
    own: ColumnElement[str] = evidence.c.event_id.concat(literal_column("''"))
    return evidence.c.place.in_(places), own.in_(ids)


def _rows(kind: type[Row], table: Table) -> Among:
    query = _select(table, (*names_of(kind), "next"))
    return Among(lambda keys: query.where(table.c.scope.in_(keys)))


def _due(table: Table) -> Hot:
    return Hot(
        _select(table, ("next", "scope", "id"))
        .where(table.c.next <= bindparam("until"), table.c.next < _NEVER)
        .order_by(table.c.next, table.c.id)
        .limit(bindparam("most"))
    )


@lru_cache(maxsize=32)
def questions(tables: SetTables) -> Questions:
    """Those of a set, compiled once."""
    return Questions(tables)


class SqlPages:
    """Evidence, rows and announcements; each call is one round trip a portion of keys."""

    def __init__(self, conn: Connection, tables: SetTables, tenant: int, rules: Sequence[Owner]) -> None:
        self.conn = conn
        self.tables = tables
        self.tenant = tenant
        self._ask = questions(tables)
        self._kinds: dict[str, tuple[type[Row], ...]] = {
            rule.name: tuple(kind for kind in rule.rows if issubclass(kind, Row)) for rule in rules
        }
        self._owner = {kind: name for name, kinds in self._kinds.items() for kind in kinds}

    def evidence(
        self, rule: str, scopes: Sequence[str], *, voided: bool = False
    ) -> Mapping[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = defaultdict(list)
        asked = self._ask.evidence_ever if voided else self._ask.evidence
        for line in asked(self.conn, scopes, tenant=self.tenant, rule=rule):
            found[line[0]].append(Evidence._make(line))
        return found

    def linked(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for scope, link in self._ask.linked(self.conn, scopes, tenant=self.tenant, rule=rule):
            found[scope].append(link)
        return found

    def evidence_of(
        self, event_ids: Sequence[str], *, voided: bool = False
    ) -> Mapping[str, list[tuple[str, Evidence]]]:
        places = places_by_id(self.conn, self.tenant, event_ids)
        verdicts = [one for one in event_ids if one not in places]
        places |= followed(self.conn, self.tables, self.tenant, verdicts)
        return self.evidence_at(places, voided=voided)

    def evidence_at(
        self, places: Mapping[str, int], *, voided: bool = False
    ) -> Mapping[str, list[tuple[str, Evidence]]]:
        """The same of events whose places are known: a fact's own, a verdict's that of the fact which it follows. The index by
        place grows at its end, where one by event id would be written all over (ADR 37)."""
        found: dict[str, list[tuple[str, Evidence]]] = defaultdict(list)
        asked = self._ask.by_event_ever if voided else self._ask.by_event
        pairs = [(place, event_id) for event_id, place in places.items()]
        for rule, *rest in asked(self.conn, pairs, tenant=self.tenant):
            entry = Evidence._make(rest)
            found[entry.event_id].append((rule, entry))
        return found

    def rows(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[tuple[Row, Instant]]]:
        found: dict[str, list[tuple[Row, Instant]]] = defaultdict(list)
        for kind in self._kinds[rule]:
            names = names_of(kind)
            for *values, upcoming in self._ask.rows[kind](self.conn, scopes, tenant=self.tenant):
                row = kind(**dict(zip(names, values, strict=True)))
                found[row.scope].append((row, upcoming))
        return found

    def announced(self, rule: str, scopes: Sequence[str]) -> list[Announced]:
        lines = self._ask.announced(self.conn, scopes, tenant=self.tenant, rule=rule)
        return [Announced._make(line) for line in lines]

    def due(self, until: Instant, limit: int) -> list[DueRow]:
        found: list[DueRow] = []
        for kind, ask in self._ask.due.items():
            owner = self._owner[kind]
            lines = ask(self.conn, tenant=self.tenant, until=until, most=limit)
            found += [DueRow(next=n, rule=owner, scope=s, row_id=i) for n, s, i in lines]
        return sorted(found, key=lambda d: (d.next, d.rule, d.row_id))[:limit]

    def earliest(self) -> Instant:
        firsts = [ask(self.conn, tenant=self.tenant).scalar_one() for ask in self._ask.earliest]
        return min((int(f) for f in firsts if f is not None), default=NEVER)

    def publications(self) -> list[int]:
        table = self.tables.publications
        query = select(table.c.place).where(table.c.tenant == self.tenant).order_by(table.c.place)
        return [int(p) for p in self.conn.scalars(query)]

    def parked(self) -> Iterable[Parked]:
        table = self.tables.parked
        query = select(*(table.c[n] for n in Parked._fields)).where(table.c.tenant == self.tenant)
        return [
            Parked._make(line)
            for line in self.conn.execute(query.order_by(table.c.rule, table.c.event_id, table.c.scope))
        ]

    def said_at(self, verdict_id: str) -> int | None:
        return said_at(self.conn, self.tables, self.tenant, verdict_id)
