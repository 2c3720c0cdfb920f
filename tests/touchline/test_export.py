"""Ledgers written again: template → import → export; every line is traced to its events; personal data only when asked for."""

from __future__ import annotations

import csv
import json
import stat
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from schemas.catalogue import example
from tests.touchline.commands import ROOT, Shell
from touchline.exits import Exit

LEDGERS = ("complaints", "repairs", "followups")


def rows_of(path: Path, sheet: int = 0) -> list[dict[str, Any]]:
    """Rows by heading, without empty cells, times as people write them."""
    top, *rows = load_workbook(path).worksheets[sheet].iter_rows(values_only=True)
    names = [str(name).strip("*") for name in top]
    return [{n: shown(cell) for n, cell in zip(names, row, strict=True) if cell is not None} for row in rows]


def shown(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d" if (cell.hour, cell.minute) == (0, 0) else "%Y-%m-%d %H:%M")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


@pytest.fixture
def filled(acme: Shell, tmp_path: Path) -> Shell:
    """The three ledgers with the rows of their examples, imported from one source."""
    for name in LEDGERS:
        path = tmp_path / f"{name}.xlsx"
        assert acme("template", name, "-o", str(path)).code == 0
        book = load_workbook(path)
        for row in book.worksheets[1].iter_rows(min_row=2, values_only=True):
            book.worksheets[0].append(row)
        book.save(path)
        assert acme("import", str(path), "--json").json["bad"] == 0
    return acme


def test_what_was_filled_in_comes_out_again(filled: Shell, tmp_path: Path) -> None:
    for name in LEDGERS:
        _comes_out_again(filled, tmp_path, name)


def _comes_out_again(filled: Shell, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.xlsx"
    assert filled("export", name, "-o", str(out), "--clear", "--by", "auditor").code == 0
    want = rows_of(tmp_path / f"{name}.xlsx")
    assert len(want) == 2
    got = rows_of(out)
    key = "事项编号" if name == "followups" else next(iter(want[0]))
    for line in got:
        assert line["系统事项号 case_id"]
        events = line["系统事件号 event_ids"].split("\n")
        history = filled("case", "show", line["系统事项号 case_id"], "--json").json
        of_the_case = {touchpoint["event_id"] for touchpoint in history["touchpoints"]}
        assert {*events} <= of_the_case if name == "followups" else {*events} == of_the_case
    plain = [{n: v for n, v in line.items() if not n.startswith(("系统", "来源"))} for line in got]
    assert sorted(plain, key=lambda line: line[key]) == sorted(want, key=lambda line: line[key])


def test_personal_data_are_sealed_unless_asked_for_and_asking_is_recorded(
    filled: Shell, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    assert filled("export", "complaints", "-o", str(out)).code == 0
    text = out.read_text(encoding="utf-8-sig")
    for personal in ("林若溪", "13800138000", "吊顶", "周言", "防水"):
        assert personal not in text
    assert "（已加密）" in text
    assert not [e for e in filled("tail", "--json").json if e["type"] == "privacy.access_recorded"]
    assert filled("export", "complaints", "-o", str(out), "--clear").code == Exit.USAGE
    clear = tmp_path / "clear.csv"
    assert (
        filled(
            "export", "complaints", "-o", str(clear), "--clear", "--by", "auditor", "--purpose", "audit"
        ).code
        == 0
    )
    assert "林若溪" in clear.read_text(encoding="utf-8-sig")
    assert stat.S_IMODE(clear.stat().st_mode) == 0o600
    looked = [e for e in filled("tail", "--json").json if e["type"] == "privacy.access_recorded"]
    assert len(looked) == 2
    assert {(e["data"]["by"], e["data"]["purpose"], e["data"]["range"]) for e in looked} == {
        ("auditor", "audit", "complaints")
    }


def _looked(shell: Shell, folder: Path) -> list[dict[str, Any]]:
    assert (
        shell("export", "complaints", "-o", str(folder / "first.csv"), "--clear", "--by", "auditor").code == 0
    )
    return [e for e in shell("tail", "--json").json if e["type"] == "privacy.access_recorded"]


def test_who_was_erased_reads_erased(filled: Shell, tmp_path: Path) -> None:
    seen = {e["data"]["subject_ref"] for e in _looked(filled, tmp_path)}
    with (tmp_path / "first.csv").open(encoding="utf-8-sig", newline="") as file:
        (case,) = {r["系统事项号 case_id"] for r in csv.DictReader(file) if r["投诉编号"] == "TS-2026-0301"}
    person = filled("case", "show", case, "--json").json["case"]["customer_ref"]
    assert person in seen
    assert filled("person", "erase", person, "--reason", "customer_request", "--yes").code == 0
    for words in ((), ("--clear", "--by", "auditor")):
        out = tmp_path / f"out{len(words)}.csv"
        assert filled("export", "complaints", "-o", str(out), *words).code == 0
        with out.open(encoding="utf-8-sig", newline="") as file:
            lines = {row["投诉编号"]: row for row in csv.DictReader(file)}
        assert lines["TS-2026-0301"]["客户姓名"] == lines["TS-2026-0301"]["投诉内容"] == "已删除"
        assert lines["TS-2026-0301"]["责任部门"] == "工程部"
        assert lines["TS-2026-0302"]["客户姓名"] == ("周言" if words else "（已加密）")


def test_spans_corrections_and_formulas(acme: Shell, tmp_path: Path) -> None:
    first = example("complaint.received") | {"id": "a", "ticket": "=1+1", "time": "2026-03-02T09:00:00+08:00"}
    first["data"] = {"description": "=HYPERLINK(1)", "severity": "ordinary"}
    other = first | {"id": "b", "ticket": "T2", "time": "2026-04-01T00:00:00+08:00"}
    better = first | {"id": "c", "correctssourceid": "a", "data": {"description": "=x", "severity": "major"}}
    path = tmp_path / "e.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in (first, other, better)), encoding="utf-8")
    assert acme("append", str(path)).code == 0
    book = tmp_path / "out.xlsx"
    assert (
        acme("export", "complaints", "--until", "2026-03-31", "-o", str(book), "--clear", "--by", "x").code
        == 0
    )
    (line,) = rows_of(book)
    assert (line["投诉编号"], line["投诉内容"], line["投诉等级"]) == ("=1+1", "=x", "重大")
    sheet = load_workbook(book).worksheets[0]
    assert {cell.data_type for cell in sheet[2] if cell.value is not None} <= {"s", "d"}
    table = tmp_path / "out.csv"
    assert (
        acme("export", "complaints", "--since", "2026-03-01", "-o", str(table), "--clear", "--by", "x").code
        == 0
    )
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert [row["投诉编号"] for row in csv.DictReader(file)] == ["'=1+1", "T2"]
    for exported in (book, table):
        said = acme("import", str(exported))
        assert said.code == Exit.NOT_SO
        assert "exported" in said.err


def test_a_repair_that_became_a_complaint_is_a_line_of_the_complaints(acme: Shell, tmp_path: Path) -> None:
    words = {"description": "渗水", "component": "飘窗", "location": "客厅"}
    one = example("repair.reported") | {"houseid": "h1", "data": words}
    told = [
        one | {"id": f"r{n}", "ticket": f"BX-{n}", "time": f"2026-03-0{n}T09:00:00+08:00"} for n in (2, 3, 4)
    ]
    path = tmp_path / "e.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in told), encoding="utf-8")
    assert acme("append", str(path)).code == 0
    book = tmp_path / "out.xlsx"
    assert acme("export", "complaints", "-o", str(book), "--clear", "--by", "x").code == 0
    (line,) = rows_of(book)
    assert (line["投诉编号"], line["受理时间"], line["房号"], line["投诉内容"]) == (
        "BX-4",
        "2026-03-04 09:00",
        "h1",
        "渗水",
    )


@pytest.mark.parametrize(
    "words", [("export", "penalties"), ("template", "penalties"), ("export", "repairs", "--since", "x")]
)
def test_what_is_no_ledger_is_told(acme: Shell, words: tuple[str, ...]) -> None:
    assert acme(*words, "-o", "nowhere.xlsx").code == Exit.USAGE
    assert not Path("nowhere.xlsx").exists()


def test_standard_output_gets_a_workbook_and_standard_error_says_so(filled: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "touchline", "export", "complaints", "--data", str(filled.folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"PK")
    told = done.stderr.decode()
    assert "xlsx" in told
    assert "-o FILE.csv" in told
    assert "touchline tail --json" in told
