"""How far a case has moved up (投诉上移制), which reports counted, and whose it is on that level, as people read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select

from processors.rules.repetition.repetition import Owned, Repetition
from projections.tables import SetTables, columns_of
from schemas.instants import format_instant

_NAMES = tuple(name for name, _ in columns_of(Repetition))
RULE = Owned.name

Ladder = Callable[[int], Mapping[str, Any]]
"""Place of a publication -> its repetition ladder, as written."""


def rows_of(conn: Connection, tables: SetTables, tenant: int, case_id: str) -> list[Repetition]:
    """Every row of the problems of which the case, or the repair that became it, is part."""
    table = tables.rows[Repetition]
    c = table.c
    mine = select(c.scope).where(c.tenant == tenant, or_(c.case_id == case_id, c.linked_case == case_id))
    query = select(*(c[n] for n in _NAMES)).where(c.tenant == tenant, c.scope.in_(mine))
    return [Repetition(**dict(zip(_NAMES, line, strict=True))) for line in conn.execute(query)]


def view(rows: Iterable[Repetition], case_id: str, ladder: Ladder) -> dict[str, Any] | None:
    """JSON; None for a case in which nothing was reported. ``reports`` are all of the problem, in order of happening."""
    every = list(rows)
    row = next((r for r in every if case_id in (r.case_id, r.linked_case)), None)
    if row is None:
        return None
    mine = sorted((r for r in every if r.scope == row.scope), key=lambda r: r.id)
    told = [(r, report) for r in mine for report in json.loads(r.reports)]
    told.sort(key=lambda one: (one[1]["time"], one[1]["event"]))
    counted = [report for _, report in told if not report["why"]]
    level = _level(ladder(row.ladder_place), row.level)
    return {
        "level": row.level,
        **level,
        "problem_level": counted[-1]["level"] if counted else 0,
        "kind": row.kind,
        "problem": row.scope,
        "problem_key": json.loads(row.problem_key),
        "converted_from": row.case_id if case_id == row.linked_case else None,
        "linked_case_id": row.linked_case or None,
        "differs": bool(row.differs),
        "reports": [_report(r, report, ladder) for r, report in told],
    }


def _level(ladder: Mapping[str, Any], level: int) -> dict[str, str]:
    """What a level is called, and the role that owns a matter on it."""
    levels: Sequence[Mapping[str, str]] = ladder.get("levels", ())
    found = levels[level] if level < len(levels) else {}
    zh = found.get("zh", "")
    return {"level_zh": zh, "level_en": found.get("en") or zh, "role": found.get("role", "")}


def _report(row: Repetition, report: Mapping[str, Any], ladder: Ladder) -> dict[str, Any]:
    rung: Mapping[str, Any] = ladder(report["place"]).get("rungs", {}).get(report["rung"], {})
    return {
        "case_id": row.case_id,
        "event_id": report["event_id"],
        "kind": report["kind"],
        "time": format_instant(report["time"]),
        "count": report["no"],
        "said": report["said"] or None,
        "counts": not report["why"],
        "why_not": report["why"] or None,
        "dissatisfied": report["unhappy"] or None,
        "from_level": report["before"],
        "level": report["level"],
        "rung": report["rung"] or None,
        "row": rung.get("row"),
        "zh": rung.get("zh"),
        "en": rung.get("en"),
        "converted": report["becomes"],
        "flag": report["flag"] or None,
    }
