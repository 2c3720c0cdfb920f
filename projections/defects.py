"""Defect figures (缺陷): reports and distinct houses by project, origin, component, cause and month (domain.md 5.5), and the
reports behind them.

Now is read off the rows. At a moment the rows are those of what was recorded, or had happened, by then (``Moment``): a cause
that was determined later is not there yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from heapq import nsmallest
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from processors.rules.defects import Cell, DefectReport, Defects, reports
from processors.rules.protocol import Evidence
from projections.moment import Moment
from projections.sums import standing
from projections.tables import SetTables, columns_of
from schemas.instants import Instant

Houses = tuple[dict[Cell, tuple[int, int]], int]
"""(cell -> (reports, different houses), different houses in all)"""


def defects(
    conn: Connection, tables: SetTables, tenant: int, where: Mapping[str, str], moment: Moment
) -> dict[str, Any]:
    """``{"zone", "total": {"reports", "houses"}, "figures": [cell with "reports" and "houses"]}``; the latest month first, then
    what was reported most. ``houses``: different ones; reports that name none count in ``reports`` alone."""
    counted, whole = (
        _now(conn, tables, tenant, where)
        if moment.mode == "now"
        else _counted(_at(conn, tables, tenant, where, moment))
    )
    figures = [
        {**cell._asdict(), "reports": count, "houses": houses}
        for cell, (count, houses) in sorted(counted.items())
    ]
    figures.sort(key=lambda one: -int(one["reports"]))
    figures.sort(key=lambda one: str(one["month"]), reverse=True)
    total = {"reports": sum(count for count, _ in counted.values()), "houses": whole}
    return {"zone": "Asia/Shanghai", "total": total, "figures": figures}


def reports_behind(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    where: Mapping[str, str],
    moment: Moment,
    limit: int,
    after: tuple[Instant, str] | None,
) -> list[DefectReport]:
    """The reports that these figures count, the latest first; ``after``: (time, event id) of the last already had."""
    if moment.mode != "now":
        found = _at(conn, tables, tenant, where, moment)
        further = (one for one in found if after is None or _latest(one) > (-after[0], after[1]))
        return nsmallest(limit, further, key=_latest)
    r = tables.rows[DefectReport].c
    query = select(*(r[name] for name, _ in columns_of(DefectReport))).where(*_mine(tables, tenant, where))
    if after is not None:
        query = query.where((r.time < after[0]) | ((r.time == after[0]) & (r.id > after[1])))
    lines = conn.execute(query.order_by(r.time.desc(), r.id).limit(limit)).mappings()
    return [DefectReport(**line) for line in lines]


def _mine(tables: SetTables, tenant: int, where: Mapping[str, str]) -> list[ColumnElement[bool]]:
    r = tables.rows[DefectReport].c
    return [r.tenant == tenant, *(r[name] == text for name, text in where.items())]


def _latest(one: DefectReport) -> tuple[Instant, str]:
    return -one.time, one.id


def _now(conn: Connection, tables: SetTables, tenant: int, where: Mapping[str, str]) -> Houses:
    r = tables.rows[DefectReport].c
    mine = _mine(tables, tenant, where)
    key = [r[name] for name in Cell._fields]
    named = func.count(func.nullif(r.house_id, "").distinct())
    lines = conn.execute(select(*key, func.count(), named).where(*mine).group_by(*key))
    counted = {Cell(*line[:-2]): (int(line[-2]), int(line[-1])) for line in lines}
    each = select(r.project_id, r.house_id).where(*mine, r.house_id != "").distinct().subquery()
    return counted, int(conn.execute(select(func.count()).select_from(each)).scalar_one())


def _counted(found: Iterator[DefectReport]) -> Houses:
    count: Counter[Cell] = Counter()
    houses: set[tuple[Cell, str]] = set()
    for one in found:
        count[one.cell] += 1
        if one.house_id:
            houses.add((one.cell, one.house_id))
    distinct = Counter(cell for cell, _ in houses)
    whole = {(cell.project_id, house) for cell, house in houses}
    return {cell: (n, distinct[cell]) for cell, n in count.items()}, len(whole)


def _at(
    conn: Connection, tables: SetTables, tenant: int, where: Mapping[str, str], moment: Moment
) -> Iterator[DefectReport]:
    """Every scope judged by what stood in it at the moment, read in the order in which it lies in the table."""
    e = tables.evidence.c
    query = (
        select(*(e[name] for name in Evidence._fields))
        .where(e.tenant == tenant, e.rule == Defects.name, *standing(tables, moment))
        .order_by(e.scope, e.time, e.rank, e.event_id, e.slot, e.link)
    )
    lines = map(Evidence._make, conn.execution_options(yield_per=1000).execute(query))
    for _, entries in groupby(lines, attrgetter("scope")):
        for one in reports(list(entries)):
            if all(getattr(one, name) == text for name, text in where.items()):
                yield one
