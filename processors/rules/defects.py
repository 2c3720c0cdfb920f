"""Defects (缺陷) as reported, with the cause (原因) and the responsible party (责任方) that were determined (domain.md 2.4 T75
and T81, 5.1, 5.4, 5.5): a row for each report that stands. How often, and in how many houses, is counted on reading.

Origins: ``repair`` (报修) and ``defect`` (缺陷登记), counted apart, for a defect may be recorded of a repair. The month is that
of the report in Asia/Shanghai, whenever the cause becomes known; what nobody said is "".

A repair's cause is determined later (责任方分析), of its case: the scope is the case, and the cause determined last in order of
happening is that of every report of the case, before or after it. A recorded defect bears its own, in a scope of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from processors.rules.protocol import Evidence, Filing, Mark, Row
from processors.rules.rows import quick
from processors.rules.satisfaction import month_of
from schemas.canonical import Json, canonical, uncanonical
from schemas.event import Event
from schemas.instants import Instant

if TYPE_CHECKING:
    from processors.rules.book import Book

REPAIR, DEFECT = "repair", "defect"
REPORT, CAUSE = "report", "cause"
"""Slots."""
OWN = "defect:"
"""Before the event id of a recorded defect: its scope, which no case id can be."""
_SLOTS = {"repair.reported": REPORT, "defect.recorded": REPORT, "repair.cause_determined": CAUSE}


class Cell(NamedTuple):
    """What reports are counted by."""

    project_id: str
    origin: str
    component: str
    cause: str
    month: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class DefectReport(Row):
    """One report; ``id`` is its event id, ``scope`` its case (a recorded defect: itself), ``place`` its fact place."""

    TABLE: ClassVar[str] = "defect_reports"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("month", "project_id"),)

    project_id: str
    origin: str
    component: str
    cause: str
    responsible_party: str
    month: str
    house_id: str
    time: Instant
    place: int

    @property
    def cell(self) -> Cell:
        return Cell(self.project_id, self.origin, self.component, self.cause, self.month)


class Defects:
    """See the module's docstring."""

    name = "defects"
    version = 2
    rows: tuple[type[Row], ...] = (DefectReport,)

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        slot = _SLOTS.get(event.type)
        if slot is None:
            return ()
        if slot == CAUSE:
            said = _told(event.data, "cause", "responsible_party")
            return (Filing(scope=event.case_id, slot=CAUSE, value=canonical(said)),) if said else ()
        where = {"project_id": event.project_id, "house_id": event.house_id}
        said = {name: text for name, text in where.items() if text} | _told(event.data, "component")
        if event.type == "repair.reported":
            return (Filing(scope=event.case_id, slot=REPORT, value=canonical({"origin": REPAIR, **said})),)
        said |= _told(event.data, "cause", "responsible_party")
        own = OWN + event.event_id
        return (Filing(scope=own, slot=REPORT, value=canonical({"origin": DEFECT, **said})),)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        return reports(evidence)

    def carry(self, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
        """One more report of a case takes the cause that the others have."""
        if not rows or evidence[-1].slot != REPORT:
            return None
        first = rows[0]
        assert isinstance(first, DefectReport)
        return (*rows, _row(evidence[-1], first.cause, first.responsible_party))

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        return ()

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        return {}, {}

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ()


def reports(evidence: Sequence[Evidence]) -> Iterator[DefectReport]:
    """The reports of one scope, of its standing evidence in order of happening."""
    cause, party = determined(evidence)
    for entry in evidence:
        if entry.slot == REPORT:
            yield _row(entry, cause, party)


def determined(evidence: Sequence[Evidence]) -> tuple[str, str]:
    """(cause, responsible party) of a case as last said, each by itself; but another cause leaves no party of the one before:
    nobody is blamed for what he was not named with."""
    cause = party = ""
    for entry in evidence:
        if entry.slot != CAUSE:
            continue
        said = uncanonical(entry.value)
        named, blamed = said.get("cause", ""), said.get("responsible_party", "")
        if cause and named and named != cause:
            party = ""
        cause, party = named or cause, blamed or party
    return cause, party


def _row(entry: Evidence, cause: str, party: str) -> DefectReport:
    said = uncanonical(entry.value)
    if said["origin"] == DEFECT:
        cause, party = said.get("cause", ""), said.get("responsible_party", "")
    return DefectReport(
        id=entry.event_id,
        scope=entry.scope,
        project_id=said.get("project_id", ""),
        origin=said["origin"],
        component=said.get("component", ""),
        cause=cause,
        responsible_party=party,
        month=month_of(entry.time),
        house_id=said.get("house_id", ""),
        time=entry.time,
        place=entry.place,
    )


def _told(data: Mapping[str, Any], *names: str) -> dict[str, Json]:
    return {name: str(value) for name in names if (value := data.get(name))}
