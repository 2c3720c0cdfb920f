"""What policy evaluation costs: `python -m benchmarks.policy`. The shipped policies, all of them, in memory on one core.

Figures are facts a second of CPU time of this process: no disk, no ledger, the fold with the promises rule alone.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from processors.fold import Fold
from processors.rules.book import Book
from processors.rules.promises.rule import Promises
from processors.shelf import Shelf
from processors.whatif import PAGE, Nothing
from producers.calendar_maker import make_calendar
from schemas.event import Event
from schemas.instants import DAY, HOUR, MINUTE, Instant, parse_instant
from schemas.policy_files import load_profile

START = parse_instant("2026-03-02T08:00:00+08:00")
COMPLAINT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("complaint.received", {"severity": "ordinary"}),
    ("complaint.registered", {}),
    ("complaint.forwarded", {"to_department": "engineering_dept"}),
    ("followup.complaint_intake_completed", {"reached": True}),
    ("complaint.resolved", {}),
    ("complaint.replied", {}),
    ("complaint.closed", {"close_reason": "resolved"}),
    ("followup.complaint_close_completed", {"satisfied": True}),
)
REPAIR: tuple[tuple[str, dict[str, Any]], ...] = (
    ("repair.reported", {"urgency": "other", "in_warranty": True}),
    ("repair.contacted", {}),
    ("repair.visit_booked", {}),
    ("repair.visited", {}),
    ("repair.plan_explained", {}),
    ("repair.plan_confirmed", {}),
    ("repair.started", {}),
    ("repair.completed", {}),
    ("repair.quality_accepted", {}),
    ("repair.completion_confirmed", {}),
    ("repair.closed", {"close_reason": "resolved"}),
    ("followup.repair_first_completed", {"satisfied": True}),
)


def facts(cases: int, seed: int = 1) -> list[Event]:
    """Complaints and repairs side by side, in order of happening, each recorded when it happened."""
    random = Random(seed)
    made: list[tuple[Instant, str, str, int, dict[str, Any]]] = []
    for number in range(cases):
        at = START + random.randrange(120 * DAY)
        for index, (kind, data) in enumerate(COMPLAINT if number % 2 else REPAIR):
            made.append((at, f"{number}-{index}", kind, number, data))
            at += random.randrange(10 * MINUTE, 9 * HOUR)
    made.sort(key=lambda one: one[:2])
    return [
        Event(
            type=kind,
            version=1,
            event_id=name,
            time=at,
            recorded=at,
            place=place,
            after=place,
            source="bench",
            root=name,
            case_id=f"case-{number}",
            project_id=f"project-{number % 20}",
            house_id=f"{number % 900}",
            owner_type="stable",
            actor_ref="u1",
            data=data,
        )
        for place, (at, name, kind, number, data) in enumerate(made, start=3)
    ]


def publications() -> Iterator[Event]:
    """The calendar and the shipped policies."""
    profile = load_profile()
    calendar = make_calendar("office", START - 800 * DAY, range(2024, 2027), profile.calendars["office"])
    for place, (kind, data) in enumerate(
        (("calendar.published", calendar), ("policy.published", profile.published())), start=1
    ):
        yield Event(
            type=kind,
            version=1,
            event_id=kind,
            time=START - HOUR,
            recorded=START - HOUR,
            place=place,
            after=place,
            root=kind,
            data=data,
        )


def measure(cases: int = 2000) -> dict[str, float]:
    """``policy_facts_per_s``: file, judge, conclude and time; ``policy_file_facts_per_s``: filing alone;
    ``policy_listeners``: of how many listeners; ``policy_hits_per_fact``: pieces of evidence that a fact became."""
    history = facts(cases)
    rule, fold = Promises(), Fold((Promises(),), Book.empty(), Shelf(Nothing()), lambda *_: None)
    for publication in publications():
        fold.place(publication)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        began = time.process_time()
        hits = sum(len(list(rule.file(fact, fold.book))) for fact in history)
        filed = time.process_time() - began
        began = time.process_time()
        for first in range(0, len(history), PAGE):  # as whatif folds a history
            fold.take(history[first : first + PAGE])
        folded = time.process_time() - began
    finally:
        gc.enable()
        gc.unfreeze()
    return {
        "policy_facts_per_s": round(len(history) / folded),
        "policy_file_facts_per_s": round(len(history) / filed),
        "policy_hits_per_fact": round(hits / len(history), 2),
        "policy_listeners": len(fold.book.policies.listeners_new_since(Book.empty().policies)),
        "policy_verdicts_per_fact": round(len(fold.said.drafts) / len(history), 3),
    }


def main() -> None:
    for name, figure in measure().items():
        print(f"{name:<28} {figure:>12,}")


if __name__ == "__main__":
    main()
