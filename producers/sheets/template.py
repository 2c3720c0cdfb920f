"""An empty ledger (空白台账) as a workbook: headings, drop-downs, examples on a second sheet. The import knows it by its
headings."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from producers.mapping.columns import Column
from producers.mapping.mapping import Mapping
from producers.sheets.styles import number_format

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

EXAMPLES: Final = "填写示例 Examples"
NOTES: Final = "填写说明 Notes"
CHOICES: Final = "touchline"
"""The hidden sheet of what the drop-downs offer."""
LAST_ROW: Final = 5000
"""Down to which the drop-downs reach."""
_KINDS: Final = {
    "text": "文本 text", "lines": "文本，可换行 text", "number": "整数 whole number", "yuan": "金额（元） yuan",
    "time": "时间 time，2026-03-02 09:12", "day": "日期 date", "due": "日期或时间 date or time",
}  # fmt: skip


def template(mapping: Mapping) -> bytes:
    """The workbook. The columns, their drop-downs and the examples are the mapping's own."""
    from openpyxl import Workbook

    book = Workbook()
    sheet: Worksheet = book.worksheets[0]
    sheet.title = mapping.zh or mapping.name
    columns = by_heading(mapping)
    _head(sheet, columns)
    hidden = book.create_sheet(CHOICES)
    hidden.sheet_state = "hidden"
    _drop_downs(sheet, hidden, columns)
    _examples(book.create_sheet(EXAMPLES, 1), mapping, columns)
    _explain(book.create_sheet(NOTES, 2), columns)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def by_heading(mapping: Mapping) -> dict[str, Column]:
    """Heading -> the column that reads it first."""
    found: dict[str, Column] = {}
    for column in mapping.columns.values():
        found.setdefault(column.froms[0], column)
    return found


def _head(sheet: Worksheet, columns: dict[str, Column]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for at, (heading, column) in enumerate(columns.items(), start=1):
        cell = sheet.cell(1, at, heading + ("*" if column.must else ""))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFE9C7" if column.must else "E8EEF4")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if column.help:
            cell.comment = Comment(column.help, "Touchline")
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = (
            36 if column.kind == "lines" else 20 if column.kind == "time" else 16
        )
        sheet.column_dimensions[letter].number_format = number_format(column)
    sheet.row_dimensions[1].height = 30
    sheet.freeze_panes = "B2"


def _drop_downs(sheet: Worksheet, hidden: Worksheet, columns: dict[str, Column]) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    listed = 1
    for at, column in enumerate(columns.values(), start=1):
        place = get_column_letter(at)
        if column.between is not None:
            least, most = column.between
            whole = DataValidation(
                type="whole", operator="between", formula1=str(least), formula2=str(most), allow_blank=True
            )
            whole.showErrorMessage = True
            whole.errorTitle, whole.error = "请填整数", f"{column.froms[0]} 须在 {least} 到 {most} 之间"
            sheet.add_data_validation(whole)
            whole.add(f"{place}2:{place}{LAST_ROW}")
        if column.codes is None:
            continue
        letter, words = get_column_letter(listed), [word for word, _ in column.codes.words]
        for row, word in enumerate(words, start=1):
            hidden[f"{letter}{row}"] = word
        choice = DataValidation(
            "list", formula1=f"{CHOICES}!${letter}$1:${letter}${len(words)}", allow_blank=True
        )
        choice.showErrorMessage = True
        choice.errorTitle, choice.error = "请从列表中选择", f"{column.froms[0]} 只能取列表中的值"
        sheet.add_data_validation(choice)
        choice.add(f"{place}2:{place}{LAST_ROW}")
        listed += 1


def _examples(sheet: Worksheet, mapping: Mapping, columns: dict[str, Column]) -> None:
    from openpyxl.styles import Font

    grey = Font(color="7F7F7F")
    sheet.append(list(columns))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for example in mapping.examples:
        sheet.append([_shown(example.get(heading)) for heading in columns])
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.font = grey
    for letter in sheet.column_dimensions:
        sheet.column_dimensions[letter].width = 16


def _explain(sheet: Worksheet, columns: dict[str, Column]) -> None:
    from openpyxl.styles import Font

    sheet.append(["列 column", "必填 must", "写法 form", "可选值 choices", "说明 note"])
    for heading, column in columns.items():
        choices = "、".join(word for word, _ in column.codes.words) if column.codes else ""
        sheet.append([heading, "是 yes" if column.must else "", _KINDS[column.kind], choices, column.help])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDE", (16, 10, 30, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
