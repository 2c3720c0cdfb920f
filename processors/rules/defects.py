"""Defects (缺陷) as reported, by project, origin, component, cause and month (domain.md 5.1, 5.5): how often, a linear rule; in
how many houses, a scope for each house.

Origins: ``repair`` (报修) and ``defect`` (缺陷登记), counted apart, for a defect may be recorded of a repair. The month is that
of the report in Asia/Shanghai. Counted is what the report itself says; what it leaves out is "".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import loads
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from processors.rules.linear import Sum, scope_of
from processors.rules.protocol import Evidence, Filing, Mark, Row
from processors.rules.satisfaction import month_of
from schemas.event import Event

if TYPE_CHECKING:
    from processors.rules.book import Book

ORIGINS = {"repair.reported": "repair", "defect.recorded": "defect"}


class Cell(NamedTuple):
    """What reports are counted by."""

    project_id: str
    origin: str
    component: str
    cause: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectReports(Sum):
    """How often it was reported."""

    TABLE: ClassVar[str] = "defect_reports"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("month",),)

    project_id: str
    origin: str
    component: str
    cause: str
    month: str
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectHouse(Row):
    """A house of a cell, with its reports there; the cell's distinct houses are counted on reading."""

    TABLE: ClassVar[str] = "defect_houses"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("month", "project_id"),)

    project_id: str
    origin: str
    component: str
    cause: str
    month: str
    house_id: str
    reports: int


def cell_of(event: Event) -> Cell | None:
    """None: reports no defect."""
    origin = ORIGINS.get(event.type)
    if origin is None:
        return None
    component, cause = (str(event.data.get(name) or "") for name in ("component", "cause"))
    return Cell(event.project_id, origin, component, cause, month_of(event.time))


class Defects:
    """How often."""

    name = "defects"
    version = 1
    rows: tuple[type[Sum], ...] = (DefectReports,)

    def addends(self, event: Event, book: Book) -> Iterator[Sum]:
        if (cell := cell_of(event)) is not None:
            yield DefectReports(**cell._asdict(), reports=1)


class DefectHouses:
    """In which houses: one scope for each house of a cell."""

    name = "defect_houses"
    version = 1
    rows: tuple[type[Row], ...] = (DefectHouse,)

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        cell = cell_of(event)
        if cell is None or not event.house_id:
            return ()
        return (Filing(scope=scope_of((*cell, event.house_id)), slot="report"),)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        if not evidence:
            return
        *cell, house = loads(scope)
        yield DefectHouse(
            id=scope, scope=scope, house_id=house, reports=len(evidence), **Cell(*cell)._asdict()
        )

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        return ()

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        return {}, {}

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ()
