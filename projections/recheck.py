"""Where today's rules would conclude otherwise than was said (invariant 7): what was announced stays, and this lists it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger import lanes
from ledger.tenants import Tenant
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
    not; *said*, the lane says it and the rule would not. Up to the instant to which time has come for this tenant."""
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
                    stands = standing(rule.marks(row, book), advanced)
                    announced = said.get(row.id, {})
                    for name in sorted(stands.keys() | announced.keys()):
                        mark, one = stands.get(name), announced.get(name)
                        if mark is not None and (one is None or one.time != mark.time):
                            yield _line("unsaid", rule, row, name, mark.type, mark.time)
                        if one is not None and (mark is None or one.time != mark.time):
                            yield _line("said", rule, row, name, "", one.time)


def _line(what: str, rule: Rule, row: Row, kind: str, type_: str, time: int) -> dict[str, Any]:
    return {
        "what": what,
        "rule": rule.name,
        "row": row.id,
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
