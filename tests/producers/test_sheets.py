"""CSV and workbooks as call centres export them: encodings, separators, titles above the header, merged cells, dates."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from producers.mapping.hashing import hasher
from producers.mapping.mapping import Mapping
from producers.mapping.reading import mapping_of
from producers.sheets.csvfile import encoding_of, separator_of
from producers.sheets.faults import BadFile
from producers.sheets.importing import Import
from producers.sheets.ledgers import ledger, ledgers
from producers.sheets.table import open_table
from producers.sheets.template import template

MAPPING = mapping_of(
    """
mapping: m
columns:
  no: {from: 编号, must: true}
  at: {from: 受理时间, as: time, must: true}
  words: {from: 内容, as: lines}
  name: {from: 姓名, optional: true}
  phone: {from: 电话, optional: true}
  estate: {from: 项目, optional: true}
ticket: no
touchpoints:
  r:
    type: complaint.received
    time: at
    project_id: estate
    customer: {name: name, phone: phone}
    data: {description: words}
""",
    "m.yaml",
)
TIERS = mapping_of(
    """
mapping: tiers
header: 2
columns: {no: 编号, at: {from: 时间, as: time}, name: 客户/姓名, phone: 客户/电话, estate: 项目}
ticket: no
touchpoints:
  r:
    type: complaint.received
    time: at
    project_id: estate
    customer: {name: name, phone: phone}
    data: {description: no}
""",
    "t.yaml",
)
TEXT = "编号,受理时间,内容\nT1,2026-03-02 09:00,漏水\nT2,2026/3/3 10:00,𠮷先生说“好”\n"


def events(path: Path, mapping: Mapping = MAPPING, **more: str) -> tuple[list[dict[str, Any]], Import]:
    with open_table(path, [mapping], **more) as table:
        work = Import(table, hasher(b"k"))
        found = [made.event for batch in work.batches() for row in batch for made in row.made]
    return found, work


def written(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    path = written(tmp_path / "a.csv", TEXT, encoding)
    assert encoding_of(path) == found
    made, _ = events(path)
    assert [event["data"]["description"] for event in made] == ["漏水", "𠮷先生说“好”"]


def test_a_letter_cut_by_a_block_is_no_fault(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", TEXT + "T3,2026-03-02 09:00," + "漏" * 400_000 + "\n")
    assert encoding_of(path) == "utf-8"


def test_a_row_of_other_bytes_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = TEXT.encode().splitlines(keepends=True)
    path = written(
        tmp_path / "a.csv", b"".join([*lines, b"T3,2026-03-02 09:00,\xc2\xa9\xb5\xff\n", lines[1]])
    )
    made, work = events(path)
    assert [event["ticket"] for event in made] == ["T1", "T2", "T1"]
    assert [(one.line, one.faults[0].field) for one in work.report.rejected] == [(4, "")]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = written(tmp_path / "a.csv", TEXT.replace(",", separator))
    assert len(events(path)[0]) == 2
    assert separator_of(f'a{separator}"x,,,,;;;;||||"{separator}b') == separator


def test_lines_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    rows = (
        '\n投诉台账,,\n编号,受理时间,内容\n\n"T1",2026-03-02,"第一行\n第二行"\nT2,昨天,x\nT3,2026-03-02\n'
        "T4,2026-03-02,x,多\n"
    )
    made, work = events(written(tmp_path / "a.csv", rows))
    assert [(event["ticket"], event["data"].get("description")) for event in made] == [
        ("T1", "第一行\n第二行"),
        ("T3", None),
    ]
    assert [(one.line, one.faults[0].field) for one in work.report.rejected] == [(7, "受理时间"), (9, "")]
    assert work.report.rows == 4


def test_a_quotation_mark_that_is_never_closed_names_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", TEXT + 'T3,2026-03-02,"' + "漏\n" * 200_000)
    with pytest.raises(BadFile, match="line 4"):
        events(path)


@pytest.mark.parametrize(
    ("content", "told"), [("", "empty"), ("a,b\n1,2\n", "no header"), ("编号,内容\n", "受理时间")]
)
def test_a_file_that_is_not_meant_says_what_it_lacks(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        events(written(tmp_path / "a.csv", content))


def test_a_workbook_with_a_title_numbers_dates_and_merged_cells(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet["B2"] = "2026 年投诉台账"
    sheet.merge_cells("B2:G2")
    for at, name in enumerate(["编号 ", "受理\n时间*", "内容", "姓名", "电话", "项目"]):
        sheet.cell(3, 2 + at, name)
    sheet["A3"] = "序"
    rows: list[list[Any]] = [
        [1, 2301, datetime(2026, 3, 2, 9, 12), "漏水", "林", 13800138000, "云栖"],  # noqa: DTZ001
        [2, "T2", date(2026, 3, 3), "裂缝", "周", "139 0013 9000", None],
        [3, "T3", 46083.5, "=1+1", None, None, None],
        [4, "T4", "昨天", "x", None, None, "别处"],
    ]
    for row, cells in enumerate(rows, start=4):
        for at, value in enumerate(cells, start=1):
            sheet.cell(row, at, value)
    sheet.merge_cells("G4:G6")
    path = tmp_path / "a.xlsx"
    book.save(path)
    made, work = events(path)
    assert [(e["ticket"], e["time"], e["projectid"]) for e in made] == [
        ("2301", "2026-03-02T09:12:00+08:00", "云栖"),
        ("T2", "2026-03-03T00:00:00+08:00", "云栖"),
        ("T3", "2026-03-02T12:00:00+08:00", "云栖"),
    ]
    assert made[0]["data"]["customer"] == {"name": "林", "phone": "13800138000"}
    assert [(one.line, one.faults[0].field) for one in work.report.rejected] == [(7, "受理时间")]


def test_a_header_in_two_rows(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for place, value in {
        "A1": "编号",
        "B1": "时间",
        "C1": "客户",
        "E1": "项目",
        "C2": "姓名",
        "D2": "电话",
    }.items():
        sheet[place] = value
    for merged in ("A1:A2", "B1:B2", "C1:D1", "E1:E2"):
        sheet.merge_cells(merged)
    sheet.append(["T1", date(2026, 3, 2), "林", "13800138000", "云栖"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    saved = written(
        tmp_path / "a.csv",
        "编号,时间,客户,,项目\n,,姓名,电话,\nT1,2026-03-02,林,13800138000,云栖\n",
        "gb18030",
    )
    for form in (path, saved):
        made, _ = events(form, TIERS)
        assert made[0]["data"]["customer"] == {"name": "林", "phone": "13800138000"}
        assert (made[0]["ticket"], made[0]["projectid"]) == ("T1", "云栖")


def test_another_sheet_is_named_and_a_missing_one_told(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("二").append(["编号", "受理时间", "内容"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert events(path, sheet="二")[0] == []
    with pytest.raises(BadFile, match="二"):
        events(path, sheet="三")


@pytest.mark.parametrize("content", [b"PK\x03\x04nonsense", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)])
def test_what_only_looks_like_a_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadFile):
        events(written(tmp_path / "a.xlsx", content))


def test_a_workbook_that_unpacks_to_a_flood_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/a.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(401):
            part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(BadFile, match="too large"):
        events(path)


@pytest.mark.parametrize("name", ["complaints", "repairs", "followups"])
def test_an_empty_ledger_is_known_by_its_headings_and_holds_drop_downs(tmp_path: Path, name: str) -> None:
    import openpyxl

    path = written(tmp_path / "a.xlsx", template(ledger(name)))
    with open_table(path, ledgers()) as table:
        assert table.mapping.name == name
        assert list(table.rows()) == []
    book: Any = openpyxl.load_workbook(path)
    sheet, offered, bounds = book.worksheets[0], {}, {}
    for choice in sheet.data_validations.dataValidation:
        heading = sheet.cell(1, next(iter(choice.sqref.ranges)).min_col).value.rstrip("*")
        if choice.type == "whole":
            bounds[heading] = (int(choice.formula1), int(choice.formula2))
            continue
        where, _, cells = choice.formula1.partition("!")
        offered[heading] = [cell.value for (cell,) in book[where][cells.replace("$", "")]]
    coded: dict[str, list[str]] = {}
    for column in ledger(name).columns.values():
        if column.codes:
            coded.setdefault(column.froms[0], [word for word, _ in column.codes.words])
    assert offered == coded
    assert bounds == {c.froms[0]: c.between for c in ledger(name).columns.values() if c.between}
    assert bounds == ({"得分": (0, 100)} if name == "followups" else {})
    with open_table(path, ledgers(), sheet="填写示例 Examples") as table:
        work = Import(table, hasher(b"k"))
        assert [len(batch) for batch in work.batches()] == [len(ledger(name).examples)]
        assert work.report.bad == 0
