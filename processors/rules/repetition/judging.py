"""How far a problem has moved up (投诉上移制, domain.md 3.4), report by report in order of happening. Knows no now.

The engine's own count decides; a number that a sender counted is kept beside it. A matter never moves down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from processors.rules.protocol import LINK, PARTIAL, Evidence
from processors.rules.repetition.filing import CAUSE, CLOSED, MOVED, OUTCOME, REPORT
from processors.rules.repetition.repetition import Repetition
from schemas.canonical import canonical
from schemas.identity import case_id_of_conversion, problem_id, repetition_id
from schemas.instants import NEVER, Instant, day_of, shift_months, start_of_day
from schemas.policy_terms import Dur

if TYPE_CHECKING:
    from processors.rules.book import Book
    from processors.rules.sections import BoundLadder

STAYS, NEW_OCCURRENCE = "stays", "new_occurrence"
NAMED: Final = 16
"""Reports named in a verdict at most: the last of them."""


@dataclass(slots=True)
class Report:
    """One report as judged; ``told`` is what the row keeps of it."""

    entry: Evidence
    case: str
    value: dict[str, Any]
    no: int = 0
    """Its number among the repairs, or the complaints, of its problem; 0: it does not count."""
    level: int = 0
    """Level of the problem after it."""
    before: int = 0
    becomes: bool = False
    rung: str = ""
    why: str = ""
    """Of one that does not count: why."""
    unhappy: str = ""
    """yes, no, unknown: whether the customer was dissatisfied with the last repair; of a complaint "": not asked."""
    flag: str = ""
    cause: str = ""
    warranty: int = -1
    counted: list[str] = field(default_factory=list)
    place: int = 0
    """Of the ladder."""

    @property
    def kind(self) -> str:
        """What it was reported as."""
        return str(self.value["kind"])

    def told(self) -> dict[str, Any]:
        """As plain JSON. ``event`` is the first of its corrections, so that a corrected typing error is the same report."""
        return {
            "event": self.entry.root,
            "event_id": self.entry.event_id,
            "kind": self.kind,
            "time": self.entry.time,
            "no": self.no,
            "said": self.value.get("said", 0),
            "level": self.level,
            "before": self.before,
            "becomes": self.becomes,
            "rung": self.rung,
            "why": self.why,
            "unhappy": self.unhappy,
            "flag": self.flag,
            "cause": self.cause,
            "warranty": self.warranty,
            "counted": self.counted,
            "where": self.value["where"],
            "place": self.place,
        }


def judge(scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Repetition]:
    """One row for each case of the problem ``scope``."""
    by_case: dict[str, list[Evidence]] = {}
    for entry in evidence:
        if entry.scope.startswith(PARTIAL) and entry.slot != LINK:
            by_case.setdefault(entry.scope.removeprefix(PARTIAL), []).append(entry)
    mine = {case: key for case, heard in by_case.items() if (key := _belongs(scope, heard)) is not None}
    rows: dict[str, list[Report]] = {}
    for report in _walk([e for e in evidence if e.scope.removeprefix(PARTIAL) in mine], by_case, book):
        rows.setdefault(report.case, []).append(report)
    for case in sorted(rows):
        yield _row(scope, case, mine[case], rows[case])


def _belongs(scope: str, heard: Sequence[Evidence]) -> list[str] | None:
    """The problem's key if the case is of this problem: where a person put it last, else where its first report of a known
    problem does. One case is of one problem."""
    keys = [json.loads(e.value)["key"] for e in heard if e.slot == REPORT]
    if not keys:
        return None
    moved = [json.loads(e.value) for e in heard if e.slot == MOVED]
    key: list[str] = moved[-1] if moved else next((k for k in keys if k[0] != "case"), keys[0])
    return key if problem_id(key) == scope else None


def _walk(evidence: Sequence[Evidence], by_case: dict[str, list[Evidence]], book: Book) -> Iterator[Report]:
    """The problem's reports in order, judged."""
    past: list[Report] = []
    outcome: dict[str, bool] = {}
    cause, warranty = "", -1
    for entry in evidence:
        case = entry.scope.removeprefix(PARTIAL)
        if entry.slot == OUTCOME:
            outcome[case] = json.loads(entry.value)
        elif entry.slot == CAUSE:
            value = json.loads(entry.value)
            cause, warranty = value.get("cause", cause), int(value.get("warranty", warranty))
        elif entry.slot == REPORT:
            report = Report(entry, case, json.loads(entry.value))
            value = report.value
            cause, warranty = value.get("cause", cause), int(value.get("warranty", warranty))
            report.cause, report.warranty = cause, warranty
            bound = book.sections.repetition(entry.time, entry.place)
            if bound is None:  # filed under a ladder that was there
                continue
            report.place = bound.version.place
            report.why = _uncounted(entry, by_case[case], bound)
            if not report.why:
                _climb(report, past, outcome, bound)
                past.append(report)
                outcome.pop(case, None)
            else:
                report.level = report.before = past[-1].level if past else 0
            yield report


def _uncounted(entry: Evidence, heard: Sequence[Evidence], bound: BoundLadder) -> str:
    """For which reason of closing a report does not count; "" if it does. A closing speaks of the reports before it."""
    for other in heard:
        if other.slot == CLOSED and other.order() >= entry.order():
            reason = json.loads(other.value)
            if reason in bound.ladder.uncounted:
                return str(reason)
    return ""


def _climb(report: Report, past: Sequence[Report], outcome: dict[str, bool], bound: BoundLadder) -> None:
    ladder = bound.ladder
    since = _since(report.entry.time, ladder.window)
    counted = [other for other in past if other.entry.time >= since]
    reached = max((other.level for other in counted), default=0)
    repairs = [other for other in counted if other.kind == "repair"]
    if report.kind == "repair":
        report.no = len(repairs) + 1
        said = report.value.get("unhappy")
        if said is None and repairs and (satisfied := outcome.get(repairs[-1].case)) is not None:
            said = not satisfied
        report.unhappy = "unknown" if said is None else "yes" if said else "no"
        unhappy = ladder.unknown == "dissatisfied" if said is None else bool(said)
        counts = repairs
    else:
        counts = [o for o in counted if o.kind == "complaint" or (o.becomes and ladder.converted_counts)]
        report.no = len(counts) + 1
        unhappy = True
    report.counted = [other.entry.root for other in counts][-NAMED:]
    found = ladder.rung(report.kind, report.no, unhappy)
    if found is not None:
        report.rung = found[0]
        report.becomes = found[1].becomes is not None
    elif ladder.rung(report.kind, report.no, True) is not None:
        report.flag = NEW_OCCURRENCE
    level = max(reached, found[1].level if found is not None else 0)
    if ladder.further and reached and (report.becomes or report.kind == "complaint"):
        level = max(level, reached + 1)
    report.before, report.level = reached, min(level, ladder.top)
    if found is not None and found[1].tell and report.level == reached:
        report.flag = STAYS


def _since(time: Instant, window: Dur | None) -> Instant:
    """From when on reports count: the beginning of the corresponding day."""
    if window is None:
        return -NEVER
    day = day_of(time)
    if window.unit == "d":
        return start_of_day(day - window.n)
    return start_of_day(shift_months(day, -window.n * (12 if window.unit == "y" else 1)))


def _row(scope: str, case: str, key: list[str], reports: Sequence[Report]) -> Repetition:
    last = next((r for r in reversed(reports) if not r.why), reports[-1])
    converted = any(r.becomes for r in reports)
    where = reports[0].value["where"]
    return Repetition(
        id=repetition_id(scope, case),
        scope=scope,
        case_id=case,
        linked_case=case_id_of_conversion(case) if converted else "",
        project_id=where.get("project_id", ""),
        house_id=where.get("house_id", ""),
        customer_ref=where.get("customer_ref", ""),
        problem_key=canonical(key),
        kind="complaint" if last.becomes else last.kind,
        level=0 if last.why else last.level,
        ladder_place=last.place,
        differs=int(any(r.no and r.value.get("said", r.no) != r.no for r in reports)),
        reports=canonical([r.told() for r in reports]),
    )
