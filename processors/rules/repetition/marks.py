"""What a case's part in a problem says (投诉上移制): converted to a complaint, moved up a level, flagged for review.

A verdict's data say all of why. The kind of its mark bears a digest of them, so that what is said of other reports than before
(one came late, one was corrected) is retracted and said anew: what stands follows from the evidence, whatever came first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from processors.rules.protocol import Mark
from processors.rules.repetition.judging import NEW_OCCURRENCE
from processors.rules.repetition.repetition import CONVERTED, FLAGGED, RAISED, Repetition
from schemas.canonical import canonical_bytes

if TYPE_CHECKING:
    from processors.rules.book import Book
    from processors.rules.sections import BoundLadder
    from schemas.repetition import Rung


def marks(row: Repetition, book: Book) -> Iterator[Mark]:
    """In order of the reports; each stands from the instant of its report on."""
    converted = False
    for report in json.loads(row.reports):
        bound = book.sections.repetition_at(report["place"])
        if report["why"] or bound is None:
            continue
        if report["becomes"] and not converted:
            converted = True
            key, rung = report["rung"], bound.ladder.rungs[report["rung"]]
            data = _data(row, report, bound, key, rung, [])
            yield _mark(row, report, "converted", CONVERTED, data, row.linked_case)
        for level in range(report["before"] + 1, report["level"] + 1):
            key, rung = _rung(bound, report, level)
            to = bound.ladder.levels[level]
            data = _data(row, report, bound, key, rung, [to.role])
            data |= {
                "from_level": level - 1,
                "to_level": level,
                "level_zh": to.zh,
                "level_en": to.en or to.zh,
            }
            yield _mark(row, report, f"level{level}", RAISED, data, row.case_id)
        if report["flag"]:
            key, rung = _rung(bound, report, report["level"])
            told = bound.ladder.review if report["flag"] == NEW_OCCURRENCE else rung.tell
            data = _data(row, report, bound, key, rung, told) | {
                "flag": report["flag"],
                "level": report["level"],
            }
            yield _mark(row, report, report["flag"], FLAGGED, data, row.case_id)


def about(row: Repetition, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """(data, envelope) of a retraction."""
    last = json.loads(row.reports)[-1]
    data = {"repetition_id": row.id, "problem": row.scope, "problem_key": json.loads(row.problem_key)}
    return data, {**last["where"], "case_id": row.case_id}


def _rung(bound: BoundLadder, report: Mapping[str, Any], level: int) -> tuple[str, Rung]:
    """The rung of which a move to this level is told: the report's own, or the lowest of its kind that leads there."""
    rungs = bound.ladder.rungs
    own = report["rung"]
    if own and rungs[own].level <= level:
        return own, rungs[own]
    mine = [(key, rung) for key, rung in rungs.items() if rung.kind == report["kind"]]
    there = [one for one in mine if one[1].level >= level] or mine or list(rungs.items())
    return min(there, key=lambda one: (one[1].level, one[1].no, one[0]))


def _data(
    row: Repetition, report: Mapping[str, Any], bound: BoundLadder, key: str, rung: Rung, to: Sequence[str]
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "obligation_key": key,
        "row": rung.row,
        "zh": rung.zh,
        "en": rung.en or rung.zh,
        "repetition_id": row.id,
        "problem": row.scope,
        "problem_key": json.loads(row.problem_key),
        "origin": report["kind"],
        "report": report["event"],
        "count": report["no"],
        "counted": report["counted"],
        "policy_version": bound.version.version,
        "owes": list(to),
        "to": list(to),
        "reported_case_id": row.case_id,
    }
    if report["becomes"]:
        data["linked_case_id"] = row.linked_case
    if report["unhappy"]:
        data["dissatisfied"] = report["unhappy"]
    if report["cause"]:
        data["cause"] = report["cause"]
    if report["warranty"] >= 0:
        data["in_warranty"] = bool(report["warranty"])
    return data


def _mark(
    row: Repetition, report: Mapping[str, Any], kind: str, event_type: str, data: dict[str, Any], case: str
) -> Mark:
    envelope = {**report["where"], "case_id": case}
    # Who the customer is stands under a name drawn by chance: the event that says so stands for it.
    where = {**envelope, "customer_ref": report["event_id"]}
    digest = sha256(canonical_bytes([data, where, report["time"]])).hexdigest()[:16]
    return Mark(
        at=report["time"],
        time=report["time"],
        kind=f"{kind}:{digest}",
        type=event_type,
        data=data,
        envelope=envelope,
        cause=report["event_id"],
    )
