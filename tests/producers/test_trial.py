"""A trial of an import says of each row what the import itself says, whatever repeats itself in the file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.mapping.hashing import hasher
from producers.mapping.reading import mapping_of
from producers.sheets.importing import Import, Row, events_of
from producers.sheets.table import open_table
from producers.sheets.trial import Repeat, Trial
from touchline.house import House

HEAD = ("编号", "时间", "关闭", "工单", "电话", "内容")
MAPPING = mapping_of(
    """
mapping: calls
columns:
  no: {from: 编号, must: true}
  at: {from: 时间, as: time}
  closed: {from: 关闭, as: time}
  ticket: 工单
  phone: 电话
  words: {from: 内容, as: lines}
id: no
ticket: ticket
touchpoints:
  received: {type: complaint.received, time: at, customer: {phone: phone}, data: {description: words}}
  closed: {type: complaint.closed, time: closed}
""",
    "calls.yaml",
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["T1", "T2", "T3", "13800138001", ""]),
        st.sampled_from(["2026-03-02 09:00", "2026-03-02 10:00", "2999-01-01", "昨天", ""]),
        st.sampled_from(["", "2026-03-03 10:00", "2026-03-04 10:00"]),
        st.sampled_from(["K1", "K2", ""]),  # without one a closing is refused
        st.sampled_from(["13900139000", ""]),
        st.sampled_from(["漏水", "裂缝", ""]),  # without words a complaint is refused
    ),
    max_size=8,
)
Answers = Callable[[Sequence[Row]], list[Any]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House.open(tmp_path_factory.mktemp("house")) as opened:
        opened.admin.perform("tenant.add", {"name": "acme"})
        yield opened


def told(path: Path, rows: Sequence[Sequence[str]], size: int, answers: Answers) -> dict[str, Any]:
    """What came of a file whose batches have ``size`` rows at most."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    every = []
    with open_table(path, [MAPPING]) as table:
        work = Import(table, hasher(b"key"))
        for batch in work.batches():
            for at in range(0, len(batch), size):
                every += answers(batch[at : at + size])
                work.answered(batch[at : at + size], every[-len(events_of(batch[at : at + size])) :])
    report = work.report
    return {
        "answers": every,
        "counts": (report.rows, report.skipped, report.bad, report.kept, report.again),
        "rejected": sorted(report.rejected, key=lambda one: one.line),
    }


def tried(path: Path, rows: Sequence[Sequence[str]], size: int, house: House) -> tuple[Any, list[Repeat]]:
    with Trial(house.clock.now(), MAPPING) as trial:
        return told(path, rows, size, trial.answers), trial.repeats


numbers = count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(1, 8), st.integers(1, 8))
def test_each_row_is_answered_as_the_import_answers_it(
    house: House, tmp_path: Path, rows: list[tuple[str, ...]], one: int, other: int
) -> None:
    to = {"tenant": "acme", "source": f"old-{next(numbers)}"}

    def kept(batch: Sequence[Row]) -> list[Any]:
        answers: list[Any] = house.admin.perform("import", {**to, "events": events_of(batch)})
        return answers

    path = tmp_path / "rows.csv"
    really = told(path, rows, other, kept)
    trial, repeats = tried(path, rows, one, house)
    assert trial == really
    conflicts = {bad.line for bad in really["rejected"] for f in bad.faults if "other content" in f.reason}
    assert {repeat.line for repeat in repeats if not repeat.same} == conflicts
    assert bool(really["counts"][4]) <= bool(repeats)
    assert all(repeat.first < repeat.line and repeat.field == "编号" for repeat in repeats)


def test_rows_that_bear_one_number_name_the_first(house: House, tmp_path: Path) -> None:
    one = ("T1", "2026-03-02 09:00", "", "K1", "", "漏水")
    rows = [
        (*one[:5], ""),
        one,
        ("T2", *one[1:]),
        one,
        (*one[:5], "裂缝"),
        (*one[:2], "2026-03-03", *one[3:]),
    ]
    trial, repeats = tried(tmp_path / "rows.csv", rows, 2, house)
    assert [bad.line for bad in trial["rejected"]] == [2, 6], (
        "the first was refused, so the second is the first"
    )
    assert repeats == [
        Repeat(5, 3, "编号", True), Repeat(6, 3, "编号", False), Repeat(7, 3, "编号", True),
    ]  # fmt: skip
    assert trial["answers"][-2:] == ["again", "kept"], "what it adds is kept"
