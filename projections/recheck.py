"""Where today's rules would conclude otherwise than was said (invariant 7): what was announced stays, and this lists it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, not_, or_, select

from ledger import lanes
from ledger.tenants import Tenant
from processors.parked import PARKED, still
from processors.ports import Announced
from processors.rules.book import Book
from processors.rules.linear import AnyRule, scoped
from processors.rules.protocol import Row, Rule, standing
from projections.pages import SqlPages
from projections.tables import SetTables, columns_of
from schemas.instants import format_instant

PAGE = 500


def recheck(
    conn: Connection, tables: SetTables, tenant: Tenant, rules: Sequence[AnyRule], book: Book
) -> Iterator[dict[str, Any]]:
    """``{"what": "unsaid"|"said", "rule", "row", "kind", "type", "time"}``: *unsaid*, the rule would say it and the lane does
    not; *said*, the lane says it and the rule would not. Up to the instant to which time has come for this tenant. Scopes
    that stand still are left out: what will be said of them is known when they go on."""
    advanced = lanes.engine_state(conn, tenant).advanced
    pages = SqlPages(conn, tables, tenant.number, rules)
    for rule in scoped(rules):
        for kind in rule.rows:
            for rows in _rows(conn, tables, tenant, kind):
                said: dict[str, dict[str, Announced]] = {}
                for a in pages.announced(rule.name, sorted({row.scope for row in rows})):
                    if a.standing:
                        said.setdefault(a.row_id, {})[a.kind] = a
                for row in rows:
                    if still(rule.name, row.scope, said) is not None:
                        continue
                    stands = standing(rule.marks(row, book), advanced)
                    announced = said.get(row.id, {})
                    for name in sorted(stands.keys() | announced.keys()):
                        mark, one = stands.get(name), announced.get(name)
                        if mark is not None and (one is None or one.time != mark.time):
                            yield _line("unsaid", rule.name, row.id, name, mark.type, mark.time)
                        if one is not None and (mark is None or one.time != mark.time):
                            yield _line("said", rule.name, row.id, name, "", one.time)
    yield from _of_no_row(conn, tables, tenant, scoped(rules))


def _of_no_row(
    conn: Connection, tables: SetTables, tenant: Tenant, rules: Sequence[Rule]
) -> Iterator[dict[str, Any]]:
    """What was said of rows that today's rules do not make, or by a rule that there is no more. That an event was parked is
    said of no row."""
    a = tables.announced
    mine = select(a.c.rule, a.c.row_id, a.c.kind, a.c.time).where(
        a.c.tenant == tenant.number, a.c.standing == 1, a.c.kind != PARKED
    )
    lost: list[ColumnElement[bool]] = [a.c.rule.not_in([rule.name for rule in rules])]
    for rule in rules:
        kept = [
            exists().where(table.c.tenant == tenant.number, table.c.id == a.c.row_id)
            for table in (tables.rows[kind] for kind in rule.rows)
        ]
        lost.append(and_(a.c.rule == rule.name, *(not_(one) for one in kept)))
    for name, row, kind, time in conn.execute(
        mine.where(or_(*lost)).order_by(a.c.rule, a.c.row_id, a.c.kind)
    ):
        yield _line("said", name, row, kind, "", time)


def _line(what: str, rule: str, row: str, kind: str, type_: str, time: int) -> dict[str, Any]:
    return {
        "what": what,
        "rule": rule,
        "row": row,
        "kind": kind,
        "type": type_,
        "time": format_instant(time),
    }


def _rows(conn: Connection, tables: SetTables, tenant: Tenant, kind: type[Row]) -> Iterator[list[Row]]:
    table = tables.rows[kind]
    names = tuple(name for name, _ in columns_of(kind))
    last = ""
    while True:
        query = select(*(table.c[n] for n in names)).where(table.c.tenant == tenant.number, table.c.id > last)
        page = [
            kind(**dict(zip(names, line, strict=True)))
            for line in conn.execute(query.order_by(table.c.id).limit(PAGE))
        ]
        if not page:
            return
        yield page
        last = page[-1].id
