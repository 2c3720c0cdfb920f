"""Satisfaction figures (满意度): shares with their Wilson intervals, means of marks; none from fewer answers than the minimum
sample (domain.md 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from processors.rules.satisfaction import Satisfaction, SatisfactionAnswers, SatisfactionScores
from projections.moment import Moment
from projections.sums import cells
from projections.tables import SetTables
from projections.wilson import THOUSAND, permille, wilson
from schemas.figures import Figures

Marks = dict[int, tuple[int, int]]
"""Out of -> (points, marks)."""


def satisfaction(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    published: Figures,
    where: Mapping[str, str],
    moment: Moment,
) -> dict[str, Any]:
    """``{"minimum_sample", "z_permille", "zone", "total", "figures"}``; see ``figure``. The latest month first."""
    answers = cells(conn, tables, tenant, Satisfaction.name, SatisfactionAnswers, where, moment)
    scores = cells(conn, tables, tenant, Satisfaction.name, SatisfactionScores, where, moment)
    marks: dict[tuple[str, ...], Marks] = {}
    for (*cell, out_of), (points, count) in scores.items():
        marks.setdefault(tuple(cell), {})[int(out_of)] = (points, count)
    figures = [
        {
            "project_id": key[0],
            "owner_type": key[1],
            "month": key[2],
            **figure(answers[key], marks.get(key, {}), published),
        }
        for key in sorted(answers)
    ]
    figures.sort(key=lambda one: str(one["month"]), reverse=True)
    whole = tuple(sum(column) for column in zip(*answers.values(), strict=True)) or (0, 0, 0, 0)
    return {
        "minimum_sample": published.minimum_sample,
        "z_permille": published.z_permille,
        "zone": "Asia/Shanghai",
        "total": figure(whole, _together(marks.values()), published),
        "figures": figures,
    }


def figure(answers: tuple[int, ...], marks: Marks, published: Figures) -> dict[str, Any]:
    """Counts of visits and answers always; ``satisfied``, ``share`` and ``interval`` (thousandths) from the minimum sample of
    answers on, ``mean`` (thousandths of the scale) and ``scores`` from that of visits with marks on; null below."""
    visits, answered, satisfied, scored = answers
    told, meant = answered >= published.minimum_sample, scored >= published.minimum_sample
    share, interval, mean, scores = None, None, None, None
    if told:
        share = permille(satisfied, answered)
        interval = list(wilson(satisfied, answered, published.z_permille))
    if meant:
        scores = [{"out_of": n, "points": p, "marks": m} for n, (p, m) in sorted(marks.items())]
        whole = sum((Fraction(p, n) for n, (p, _) in marks.items()), Fraction(0))
        parts = whole / sum(m for _, m in marks.values())
        mean = permille(parts.numerator, parts.denominator)
        assert 0 <= mean <= THOUSAND
    return {
        "visits": visits,
        "answered": answered,
        "satisfied": satisfied if told else None,
        "share": share,
        "interval": interval,
        "scored": scored,
        "mean": mean,
        "scores": scores,
    }


def _together(every: Iterable[Marks]) -> Marks:
    made: Marks = {}
    for one in every:
        for out_of, (points, count) in one.items():
            before = made.get(out_of, (0, 0))
            made[out_of] = (before[0] + points, before[1] + count)
    return made
