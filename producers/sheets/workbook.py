"""Workbooks (xlsx, xls, xlsb, ods) through calamine; cells that are merged bear what their first one says."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from producers.sheets.faults import BadFile

LARGEST: Final = 400 << 20
"""Bytes of a workbook unpacked; it is held in memory, so a larger one is asked for as CSV."""
TRACE: Final = ("系统事项号 case_id", "系统状态 state", "来源 source", "系统事件号 event_ids")
"""The last headings of what was exported, by which it is known: case, open or closed, the sources of its touchpoints,
and every touchpoint that the line follows from."""


class Workbook:
    """One file. ``sheets`` are those that people see."""

    def __init__(self, path: Path) -> None:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                if sum(part.file_size for part in packed.infolist()) > LARGEST:
                    raise BadFile(
                        "工作簿过大，请另存为 CSV 再导入", "the workbook is too large; save it as CSV"
                    )
        try:
            self._book = CalamineWorkbook.from_path(path)
        except PasswordError:
            raise BadFile("工作簿有密码保护", "the workbook is protected by a password") from None
        except (CalamineError, OSError) as error:
            raise BadFile(
                "不是可读的工作簿", f"is no workbook that can be read ({type(error).__name__})"
            ) from None
        metadata = self._book.sheets_metadata
        self.sheets = [one.name for one in metadata if one.visible == SheetVisibleEnum.Visible]

    def rows(self, sheet: str = "") -> SheetRows:
        """The rows of a sheet, of the first where none is named. Raises BadFile."""
        if not self.sheets or (sheet and sheet not in self._book.sheet_names):
            raise BadFile(
                f"没有工作表 {sheet}（有：{'、'.join(self.sheets)}）",
                f"no sheet {sheet}; there are {', '.join(self.sheets)}",
            )
        return SheetRows(self._book.get_sheet_by_name(sheet or self.sheets[0]))

    def close(self) -> None:
        self._book.close()


class SheetRows:
    """``(line, cells)``, lines as the spreadsheet counts them. Cells merged downwards bear their first one's value in every
    row; cells merged across, in the first thirty rows, where headings stand."""

    kind = "workbook"
    encoding = ""
    separator = ""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self.total: int = sheet.total_height or 0
        self.done = 0

    def __iter__(self) -> Iterator[tuple[int, list[object]]]:
        sheet = self._sheet
        left = sheet.start[1] if sheet.start else 0
        begins: dict[int, list[tuple[int, int, int]]] = {}
        for (top, first), (bottom, last) in sheet.merged_cell_ranges or ():
            begins.setdefault(top, []).append((first - left, last - left, bottom))
        open_below: list[tuple[int, int, int, object]] = []
        for index, cells in enumerate(sheet.iter_rows()):
            self.done = index + 1
            row: list[object] = list(cells)
            open_below = [one for one in open_below if one[2] >= index]
            for first, last, _, value in open_below:
                _fill(row, first, last, value, across=index < 30)
            for first, last, bottom in begins.get(index, ()):
                value = row[first] if 0 <= first < len(row) else ""
                _fill(row, first, last, value, across=index < 30)
                if bottom > index:
                    open_below.append((first, last, bottom, value))
            if any(cell != "" for cell in row):
                yield index + 1, row

    def close(self) -> None:
        pass


def _fill(row: list[object], first: int, last: int, value: object, *, across: bool) -> None:
    for at in range(first, (last if across else first) + 1):
        if 0 <= at < len(row) and row[at] == "":
            row[at] = value
