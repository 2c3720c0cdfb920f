"""``touchline import``: good rows are kept, bad rows are told, the same file again adds nothing, and history rings nobody."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ledger.clock import SimulatedClock, SystemClock
from schemas.instants import HOUR, MINUTE, format_instant
from tests.touchline.commands import ROOT, Shell, serving, until
from touchline.exits import Exit
from touchline.house import House

MAPPING = """
mapping: calls
columns:
  no: {from: 编号, must: true}
  at: {from: 时间, as: time}
  closed: {from: 关闭, as: time}
  phone: 电话
  words: {from: 内容, as: lines}
  estate: {from: 项目, names: projects}
ticket: no
every: {project_id: estate}
touchpoints:
  received: {type: complaint.received, time: at, customer: {phone: phone}, data: {description: words}}
  closed: {type: complaint.closed, time: closed}
"""
LEDGER = """编号,时间,关闭,电话,内容,项目
T1,2026-03-02 09:00,2026-03-03 10:00,13800138000,漏水,云栖
T2,2026-03-02 10:00,,13900139000,裂缝,别处
T3,昨天,,13700137000,裂缝,云栖
13800138001,2026-03-02 10:00,,,裂缝,云栖
T5,2026-03-02 10:00,,,,云栖
T6,2999-01-01,,,未来,云栖
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "a.csv").write_text(LEDGER, encoding="gb18030")
    (tmp_path / "names.yaml").write_text("projects: {云栖: yunqi}\n", encoding="utf-8")
    return str(tmp_path / "a.csv"), str(tmp_path / "m.yaml")


def test_bad_rows_are_told_good_rows_are_kept_and_twice_is_once(
    acme: Shell, files: tuple[str, str], tmp_path: Path
) -> None:
    words = ("import", files[0], "-m", files[1], "-a", str(tmp_path / "names.yaml"), "-s", "old-ledger")
    said = acme(*words, "--rejects", str(tmp_path / "bad.csv"), "--json")
    assert said.code == Exit.NOT_SO
    told = said.json
    assert [(one["line"], one["field"]) for one in told["rejected"]] == [
        (4, "时间"), (5, "编号"), (6, "内容"), (7, "时间"),
    ]  # fmt: skip
    assert (told["rows"], told["bad"], told["events"], told["again"], told["encoding"]) == (
        6,
        4,
        3,
        0,
        "gb18030",
    )
    assert told["unknown_names"] == {"projects": {"别处": 1}}
    again = acme(*words, "--json").json
    assert (again["events"], again["again"], again["bad"]) == (0, 3, 4)
    cases = {p["case_id"]: p["project_id"] for p in acme("promises", "--json").json if p["case_id"]}
    assert sorted(cases.values()) == ["yunqi", "别处"]
    with (tmp_path / "bad.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["编号"] for row in rows] == ["T3", "13800138001", "T5", "T6"]
    assert rows[0]["字段 field"] == "时间"
    plain = acme(*words)
    assert "4: 时间: " in plain.out
    assert "13800138001" not in plain.out + plain.err
    assert acme("verify").code == 0


def test_mended_rows_of_the_rejects_file_are_imported_as_they_are(
    acme: Shell, files: tuple[str, str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    words = ("-m", files[1], "-s", "old-ledger", "--json")
    acme("import", files[0], *words, "--rejects", str(bad))
    bad.write_text(bad.read_text(encoding="utf-8-sig").replace("昨天", "2026-03-01"), encoding="utf-8")
    told = acme("import", str(bad), *words).json
    assert (told["events"], told["bad"]) == (1, 3)


def test_a_row_that_changed_is_told_and_changes_nothing(
    acme: Shell, files: tuple[str, str], tmp_path: Path
) -> None:
    words = ("-m", files[1], "-s", "old-ledger", "--json")
    acme("import", files[0], *words)
    changed = tmp_path / "b.csv"
    changed.write_text(LEDGER.replace("漏水", "渗水").replace("03 10:00", "04 10:00"), encoding="utf-8")
    told = acme("import", str(changed), *words).json
    assert (told["events"], told["again"]) == (0, 1)
    parts = [(one["line"], one["field"], one["reason"]) for one in told["rejected"][:2]]
    assert [part[:2] for part in parts] == [(2, "时间"), (2, "关闭")], (
        "each part of the row by its own column"
    )
    assert all("other content" in reason and "two rows bear one number" in reason for _, _, reason in parts)
    assert [reason.rpartition(" ")[2] for _, _, reason in parts] == ["T1/received", "T1/closed"]


def test_a_dry_run_writes_nothing_and_needs_no_folder(shell: Shell, files: tuple[str, str]) -> None:
    said = shell("import", files[0], "-m", files[1], "--dry-run", "--json")
    assert (said.code, said.json["events"], said.json["bad"]) == (Exit.NOT_SO, 3, 4)
    assert not shell.folder.exists()
    plain = shell("import", files[0], "-m", files[1], "--dry-run")
    assert "3 touchpoints could be kept" in plain.out + plain.err
    assert "there already" not in plain.out + plain.err


def test_through_the_running_server(acme: Shell, files: tuple[str, str]) -> None:
    with serving(acme.folder) as server:
        told = acme("import", files[0], "-m", files[1], "-s", "old", "-t", "acme", "--json").json
        assert (told["events"], told["bad"], told["source"]) == (3, 4, "old")
        assert acme("import", files[0], "-m", files[1], "-s", "a b").code == Exit.USAGE
        server.end()
    assert acme("import", files[0], "-m", files[1], "-s", "old", "--json").json["again"] == 3


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("nowhere.csv",), Exit.UNKNOWN, "nowhere.csv"),
        (("{csv}", "-m", "nowhere.yaml"), Exit.UNKNOWN, "nowhere.yaml"),
        (("{csv}", "-m", "{csv}"), Exit.NOT_SO, "a.csv:1"),
        (("{csv}",), Exit.NOT_SO, "--mapping"),
        (("{csv}", "-m", "{map}", "--encoding", "klingon"), Exit.USAGE, "klingon"),
        (("{csv}", "-m", "{map}", "-a", "{map}"), Exit.NOT_SO, "m.yaml:2: mapping"),
    ],
)
def test_what_cannot_be_begun_says_why(
    shell: Shell, files: tuple[str, str], words: tuple[str, ...], code: Exit, told: str
) -> None:
    said = shell("import", *(word.format(csv=files[0], map=files[1]) for word in words), "--dry-run")
    assert said.code == code
    assert told in said.err


def test_an_import_of_history_rings_nobody(acme: Shell, files: tuple[str, str]) -> None:
    """Neither what was imported before the alerts first run, nor what comes while they do; what is new still rings."""
    assert acme("import", files[0], "-m", files[1], "-s", "old").code == Exit.NOT_SO
    clock = SimulatedClock(SystemClock().now() + 11 * MINUTE)  # what was born late is confirmed after ten
    with House.open(acme.folder, clock=clock) as house:
        house.start()
        alerts = house.ring()
        assert house.runner is not None
        runner, tenant = house.runner, house.ledger.tenant("acme")

        def pass_time(span: int) -> None:
            clock.set(clock.now() + span)
            house.clock.accept()
            runner.wake()

        def rung() -> dict[str, list[dict[str, Any]]]:
            """Breaches by their case's ticket, with what was sent of them."""
            found: dict[str, list[dict[str, Any]]] = {}
            for one in alerts.query.list(tenant):
                if one["type"] == "obligation.breached":
                    case = house.reading.cases.get(tenant, one["case_id"]) or {}
                    found.setdefault(case["ticket"], []).extend(one["deliveries"])
            return found

        until(lambda: "T1" in rung(), "the first import's breaches are listed")
        begun = house.admin.perform("import.begin", {"tenant": "", "source": "old"})
        to = {"tenant": begun["tenant"], "source": begun["source"]}
        assert house.admin.perform(
            "import", {**to, "events": [_complaint("N1", "2026-01-05T09:00:00+08:00")]}
        ) == ["kept"]
        now = format_instant(clock.now())
        assert house.admin.perform("import", {**to, "events": [_complaint("N2", now)]}) == ["kept"]
        pass_time(11 * MINUTE)
        until(lambda: "N1" in rung(), "the second import's breaches are listed")
        pass_time(24 * HOUR)
        until(lambda: bool(rung().get("N2")), "a promise of today rings")
        told = rung()
        assert {ticket: bool(sent) for ticket, sent in told.items()} == {
            "T1": False,
            "T2": False,
            "N1": False,
            "N2": True,
        }


def _complaint(number: str, time: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{number}/received",
        "type": "complaint.received",
        "time": time,
        "ticket": number,
        "data": {"description": "漏水"},
    }


def test_the_example_on_the_second_sheet_of_a_template_comes_in_as_it_is(acme: Shell, tmp_path: Path) -> None:
    path = tmp_path / "投诉台账.xlsx"
    assert acme("template", "complaints", "-o", str(path)).code == 0
    book = load_workbook(path)
    book.worksheets[0].append([cell.value for cell in book.worksheets[1][2]])
    book.save(path)
    told = acme("import", str(path), "--json").json
    assert (told["mapping"], told["rows"], told["events"], told["bad"]) == ("complaints", 1, 7, 0)


def test_the_real_ledgers_are_offered_as_they_are(acme: Shell) -> None:
    for city, rows in (("boston311-100", 100), ("nyc311-1000", 999)):
        mapping = ROOT / "examples" / f"{city.partition('-')[0]}.yaml"
        told = acme(
            "import", str(ROOT / f"tests/data/{city}.csv"), "-m", str(mapping), "--dry-run", "--json"
        ).json
        assert (told["rows"], told["bad"]) == (rows, 0)


def test_a_dry_run_lists_rows_that_bear_one_number(
    acme: Shell, files: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "twice.csv"
    first = LEDGER.splitlines()[1]
    path.write_text(f"{LEDGER}{first}\n{first.replace('漏水', '渗水')}\n", encoding="utf-8")
    words = ("import", str(path), "-m", files[1], "-s", "old")
    tried = acme(*words, "--dry-run", "--json").json
    plain = acme(*words, "--dry-run").out
    done = acme(*words, "--json").json
    assert [tried[name] for name in ("rows", "bad", "events", "again", "rejected")] == [
        done[name] for name in ("rows", "bad", "events", "again", "rejected")
    ]
    assert [(one["line"], one["field"]) for one in done["rejected"]][-1] == (9, "时间")
    assert tried["repeats"] == [
        {"line": 8, "first": 2, "field": "编号", "same": True},
        {"line": 9, "first": 2, "field": "编号", "same": False},
    ]
    assert "8: 编号: 与第 2 行同号，内容相同" in plain
    (conflict,) = [line for line in plain.splitlines() if line.startswith("9: ")]
    assert "T1/received" in conflict, "each row is listed once, for what is wrong and with which it collides"
    assert "与第 2 行同号 bears the number of row 2" in conflict
