"""Two ledgers that nobody here wrote (tests/data): their own verdict is an oracle, row by row, for ours.

A row's target date is a promise (commitment.honour, kind given). What we say of it follows from the events alone.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from typing import Any

from ledger.candidate import Appended
from producers.mapping.hashing import hasher
from producers.mapping.reading import read_mapping
from producers.sheets.importing import Import, events_of
from producers.sheets.table import open_table
from schemas.instants import MINUTE
from tests.kit.quick import quick_world
from tests.touchline.commands import ROOT

IN_TIME, LATE = "in time", "late"
OURS = {"met": IN_TIME, "met_late": LATE, "breached": LATE}


def source_rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "data" / name).open(encoding="utf-8", newline="") as file:
        return [{key: value.strip() for key, value in row.items()} for row in csv.DictReader(file)]


def our_verdicts(name: str, mapping: str) -> dict[str, str]:
    """The source's number of a row -> what the engine concluded of its target date."""
    with (
        quick_world(batch=512) as world,
        open_table(ROOT / "tests" / "data" / name, [read_mapping(ROOT / "examples" / mapping)]) as table,
    ):
        work = Import(table, hasher(b"k"))
        for batch in work.batches():
            assert all(isinstance(outcome, Appended) for outcome in world.append(*events_of(batch)))
        assert work.report.bad == 0
        world.fold()
        world.tick(
            world.clock.now() + 11 * MINUTE
        )  # what was overdue when it was first recorded waits ten minutes
        found: dict[str, str] = {}
        for promise in world.reading.promises.find(world.tenant, limit=100_000):
            if promise["obligation"] == "commitment.honour":
                ticket = promise["keys"]["commitment"].rpartition("-")[0]
                assert ticket not in found
                found[ticket] = OURS[promise["wall"]]
        return found


def test_boston_agrees_on_every_row_that_had_a_target() -> None:
    ours = our_verdicts("boston311-100.csv", "boston311.yaml")
    theirs = {row["case_enquiry_id"]: row for row in source_rows("boston311-100.csv")}
    compared: Counter[tuple[str, str]] = Counter()
    without: list[dict[str, Any]] = []
    for number, row in theirs.items():
        if number not in ours:
            without.append(row)
        else:
            compared[{"ONTIME": IN_TIME, "OVERDUE": LATE}[row["ontime"]], ours[number]] += 1
    assert compared == {(IN_TIME, IN_TIME): 72, (LATE, LATE): 17}
    # Of the other eleven the city says ONTIME too, but named no target date: nothing was promised, so we say nothing.
    assert [(row["ontime"], row["target_dt"]) for row in without] == [("ONTIME", "")] * 11


def test_new_york_agrees_on_every_row_that_had_a_due_date() -> None:
    ours = our_verdicts("nyc311-1000.csv", "nyc311.yaml")
    compared: Counter[tuple[str, str]] = Counter()
    without = 0
    for row in source_rows("nyc311-1000.csv"):
        if not row["Due Date"]:
            assert row["Unique Key"] not in ours
            without += 1
            continue
        due, closed = (_theirs(row[name]) for name in ("Due Date", "Closed Date"))
        assert due is not None
        theirs = (
            IN_TIME if closed is not None and closed <= due else LATE
        )  # ten are open, fifteen years after
        compared[theirs, ours[row["Unique Key"]]] += 1
    assert compared == {(IN_TIME, IN_TIME): 820, (LATE, LATE): 170}
    assert without == 9


def _theirs(text: str) -> datetime | None:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None  # noqa: DTZ007 - compared as the city wrote it
