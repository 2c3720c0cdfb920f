"""Satisfaction (满意度) as return visits found it, by project, owner type and month (domain.md 4.2, 4.3): a linear rule.

The month is that of the visit in Asia/Shanghai. Counted is what the visit itself says; an absent project or owner type is "".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from processors.rules.linear import Sum
from schemas.event import Event
from schemas.instants import Instant, day_of, iso_day

if TYPE_CHECKING:
    from processors.rules.book import Book

MOST_OUT_OF = 1000
"""A mark is out of at most this (``schemas.model.Score``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionAnswers(Sum):
    """``visits`` completed, of which ``answered`` say whether the customer is satisfied, and ``satisfied``; ``scored`` gave
    marks."""

    TABLE: ClassVar[str] = "satisfaction_answers"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("month",),)

    project_id: str
    owner_type: str
    month: str
    visits: int
    answered: int
    satisfied: int
    scored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionScores(Sum):
    """``points`` of ``marks`` on one scale: every scale is summed by itself, so that nothing is rounded."""

    TABLE: ClassVar[str] = "satisfaction_scores"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("month",),)

    project_id: str
    owner_type: str
    month: str
    out_of: str
    """As text: a part of the key."""
    points: int
    marks: int


def month_of(at: Instant) -> str:
    """``2026-03``: the month in Asia/Shanghai in which something happened."""
    return iso_day(day_of(at))[:7]


def is_visit(event: Event) -> bool:
    """A completed return visit (回访) that reached somebody; an attempt is none."""
    done = event.type.startswith("followup.") and event.type.endswith("_completed")
    return done and event.data.get("reached") is not False


def scores_of(data: Mapping[str, Any]) -> list[tuple[int, int]]:
    """(points, out of) of the marks given; one above its own scale is a slip and none."""
    found = [(int(one["points"]), int(one.get("out_of") or 100)) for one in data.get("scores") or ()]
    return [(points, out_of) for points, out_of in found if 0 <= points <= out_of <= MOST_OUT_OF]


def satisfied(data: Mapping[str, Any], pct: int) -> bool | None:
    """What the customer said; else what his marks say, by their mean; None: neither."""
    said = data.get("satisfied")
    if said is not None:
        return bool(said)
    marks = scores_of(data)
    if not marks:
        return None
    mean = sum((Fraction(points, out_of) for points, out_of in marks), Fraction(0)) / len(marks)
    return mean >= Fraction(pct, 100)


class Satisfaction:
    """See the module's docstring."""

    name = "satisfaction"
    version = 1
    rows: tuple[type[Sum], ...] = (SatisfactionAnswers, SatisfactionScores)

    def addends(self, event: Event, book: Book) -> Iterator[Sum]:
        if not is_visit(event):
            return
        month = month_of(event.time)
        marks = scores_of(event.data)
        answer = satisfied(event.data, book.sections.figures(event.time, event.place).satisfied_pct)
        yield SatisfactionAnswers(
            project_id=event.project_id,
            owner_type=event.owner_type,
            month=month,
            visits=1,
            answered=int(answer is not None),
            satisfied=int(bool(answer)),
            scored=int(bool(marks)),
        )
        for points, out_of in marks:
            yield SatisfactionScores(
                project_id=event.project_id,
                owner_type=event.owner_type,
                month=month,
                out_of=str(out_of),
                points=points,
                marks=1,
            )
