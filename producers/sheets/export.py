"""A ledger written (导出台账): the same columns that the import reads, then those by which a line is traced to its events."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from producers.mapping.backwards import cells_of
from producers.mapping.mapping import Mapping
from producers.sheets.styles import DATE, TEXT, TIME, clean, csv_cell, number_format
from producers.sheets.template import by_heading
from producers.sheets.workbook import TRACE
from schemas.event import Event


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the touchpoints that it shows, and those that it is traced to."""

    case_id: str
    state: str
    events: Sequence[Event]

    def cells(self, mapping: Mapping, headings: Sequence[str]) -> list[Any]:
        found = cells_of(mapping, self.events)
        sources = "、".join(dict.fromkeys(event.source for event in self.events))
        ids = "\n".join(event.event_id for event in self.events)
        return [*(found.get(heading, "") for heading in headings), self.case_id, self.state, sources, ids]


def write_csv(path: Path, mapping: Mapping, lines: Iterable[Line]) -> int:
    """UTF-8 with a mark, so that spreadsheets read it; how many lines."""
    headings, count = list(by_heading(mapping)), 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([*headings, *TRACE])
        for line in lines:
            out.writerow([csv_cell(clean(cell)) for cell in line.cells(mapping, headings)])
            count += 1
    return count


def write_workbook(path: Path, mapping: Mapping, lines: Iterable[Line]) -> int:
    """A workbook, written as a stream; how many lines."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(mapping.zh or mapping.name)
    columns = by_heading(mapping)
    headings, count = list(columns), 0
    formats = [*(number_format(column) for column in columns.values()), *[TEXT] * len(TRACE)]
    sheet.freeze_panes = "B2"
    for at in range(len(formats)):
        sheet.column_dimensions[_letter(at)].width = 20
    top = []
    for name in (*headings, *TRACE):
        cell = WriteOnlyCell(sheet, name)
        cell.font, cell.alignment = Font(bold=True), Alignment(horizontal="center")
        top.append(cell)
    sheet.append(top)
    for line in lines:
        row: list[Any] = []
        for value, form in zip(line.cells(mapping, headings), formats, strict=True):
            if value == "" or value is None:
                row.append(None)
                continue
            cell = WriteOnlyCell(sheet, clean(value))
            if isinstance(value, str):
                cell.data_type = "s"  # what begins with = is no formula
                cell.number_format = TEXT
            elif not isinstance(value, int):
                cell.number_format = TIME if isinstance(value, datetime) else DATE
            else:
                cell.number_format = form
            row.append(cell)
        sheet.append(row)
        count += 1
    book.save(path)
    return count


def _letter(at: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(at + 1)
