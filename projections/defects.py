"""Defect figures (缺陷): reports and distinct houses by project, origin, component, cause and month (domain.md 5.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from json import loads
from typing import Any

from sqlalchemy import Connection, func, select

from processors.rules.defects import Cell, DefectHouse, DefectHouses, DefectReports, Defects
from projections.moment import Moment
from projections.sums import Key, cells, filed
from projections.tables import SetTables


def defects(
    conn: Connection, tables: SetTables, tenant: int, where: Mapping[str, str], moment: Moment
) -> dict[str, Any]:
    """``{"zone", "total": {"reports", "houses"}, "figures": [cell with "reports" and "houses"]}``; the latest month first, then
    what was reported most. ``houses``: different ones; reports that name none count in ``reports`` alone."""
    reports = cells(conn, tables, tenant, Defects.name, DefectReports, where, moment)
    houses, whole = (
        _now(conn, tables, tenant, where)
        if moment.mode == "now"
        else _at(conn, tables, tenant, where, moment)
    )
    figures = [
        {**Cell(*key)._asdict(), "reports": count, "houses": houses.get(key, 0)}
        for key, (count,) in reports.items()
    ]
    figures.sort(key=lambda one: -int(one["reports"]))
    figures.sort(key=lambda one: str(one["month"]), reverse=True)
    total = {"reports": sum(count for (count,) in reports.values()), "houses": whole}
    return {"zone": "Asia/Shanghai", "total": total, "figures": figures}


def _now(
    conn: Connection, tables: SetTables, tenant: int, where: Mapping[str, str]
) -> tuple[dict[Key, int], int]:
    """(cell -> houses, different houses in all)"""
    h = tables.rows[DefectHouse].c
    mine = [h.tenant == tenant, *(h[name] == text for name, text in where.items())]
    key = [h[name] for name in Cell._fields]
    counted = conn.execute(select(*key, func.count()).where(*mine).group_by(*key))
    each = select(h.project_id, h.house_id).where(*mine).distinct().subquery()
    whole = conn.execute(select(func.count()).select_from(each)).scalar_one()
    return {tuple(line[:-1]): int(line[-1]) for line in counted}, int(whole)


def _at(
    conn: Connection, tables: SetTables, tenant: int, where: Mapping[str, str], moment: Moment
) -> tuple[dict[Key, int], int]:
    wanted = [(Cell._fields.index(name), text) for name, text in where.items()]
    standing = {
        tuple(loads(entry.scope))
        for entry in filed(conn, tables, tenant, DefectHouses.name, "report")
        if moment.stands(entry)
    }
    houses = [one for one in standing if all(one[index] == text for index, text in wanted)]
    return Counter(one[:-1] for one in houses), len({(one[0], one[-1]) for one in houses})
