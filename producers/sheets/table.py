"""A file as a table: its headings found below titles and above data, then its rows one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from producers.mapping.cells import text
from producers.mapping.mapping import Mapping
from producers.mapping.problems import BadCell
from producers.mapping.words import heading
from producers.sheets.csvfile import CsvRows
from producers.sheets.faults import BadFile
from producers.sheets.workbook import TRACE, SheetRows, Workbook

LOOKED_AT: Final = 30
"""Rows among which the header is looked for."""


@dataclass(slots=True)
class Table:
    """``rows`` gives (line, cells) of the data."""

    headings: tuple[str, ...]
    header_line: int
    source: CsvRows | SheetRows
    mapping: Mapping
    _first: list[tuple[int, list[object]]]
    _rest: Iterator[tuple[int, list[object]]]

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        yield from self._first
        yield from self._rest


@contextmanager
def open_table(
    path: Path, mappings: Sequence[Mapping], *, encoding: str = "", sheet: str = ""
) -> Iterator[Table]:
    """The table of the file, read by the first of the mappings whose headings it has. Raises OSError and BadFile."""
    source: CsvRows | SheetRows
    if is_workbook(path):
        book = Workbook(path)
        try:
            yield _table(book.rows(sheet), mappings)
        finally:
            book.close()
        return
    source = CsvRows(path, encoding)
    try:
        yield _table(source, mappings)
    finally:
        source.close()


def is_workbook(path: Path) -> bool:
    """By its first bytes: a zip, or an old binary workbook."""
    with path.open("rb") as file:
        start = file.read(8)
    return start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def _table(source: CsvRows | SheetRows, mappings: Sequence[Mapping]) -> Table:
    rows = iter(source)
    peeked: list[tuple[int, list[object]]] = []
    for row in rows:
        peeked.append(row)
        if len(peeked) == LOOKED_AT:
            break
    if not peeked:
        raise BadFile("文件是空的", "the file is empty")
    closest: tuple[int, int, list[str]] = (0, 0, [])
    for mapping in mappings:
        needed = {heading(n) for c in mapping.columns.values() if not c.optional for n in c.froms}
        for start in range(len(peeked) - mapping.header_rows + 1):
            tiers = [cells for _, cells in peeked[start : start + mapping.header_rows]]
            names = _names(_spread(tiers) if source.kind == "csv" else tiers)
            have = {heading(name) for name in names} | {heading(name.rpartition("/")[2]) for name in names}
            missing = [n for n in mapping.headings if heading(n) in needed - have]
            line = peeked[start][0]
            if not missing:
                if {*TRACE} <= {*names}:
                    raise BadFile(
                        "这是导出的台账，其内容已在系统中；请导入原始台账",
                        "this ledger was exported, so what it holds is kept already; import the original",
                    )
                first = peeked[start + mapping.header_rows :]
                return Table(tuple(names), line, source, mapping, first, rows)
            if len(needed) - len(missing) > closest[0]:
                closest = (len(needed) - len(missing), line, missing)
    raise _no_header(closest, mappings)


def _no_header(closest: tuple[int, int, list[str]], mappings: Sequence[Mapping]) -> BadFile:
    found, line, missing = closest
    if not found:
        names = "、".join(mapping.zh or mapping.name for mapping in mappings)
        return BadFile(
            f"前 {LOOKED_AT} 行中没有 {names} 的表头；请用 --mapping 指明映射，或用 --sheet 指明工作表",
            "no header of the mapping was found; name a mapping with --mapping, or a sheet with --sheet",
        )
    return BadFile(
        f"第 {line} 行表头缺少列：{'、'.join(missing)}（可缺的列在映射中写 optional: true）",
        f"the header in line {line} lacks {', '.join(missing)} (a column that may be missing is optional: true)",
    )


def _spread(tiers: list[list[object]]) -> list[list[object]]:
    """In a CSV what was merged across stands over its first column alone: the others of its group, with a heading of their
    own below, bear it too."""
    *upper, last = [[*map(_shown, tier)] for tier in tiers]
    for tier in upper:
        for at in range(1, min(len(tier), len(last))):
            if not tier[at] and last[at] and last[at - 1]:
                tier[at] = tier[at - 1]
    return [[*tier] for tier in (*upper, last)]


def _names(tiers: Sequence[Sequence[object]]) -> list[str]:
    """Headings; those of several rows are joined by "/", each part once."""
    width = max(len(tier) for tier in tiers)
    return [
        "/".join(dict.fromkeys(part for tier in tiers if at < len(tier) and (part := _shown(tier[at]))))
        for at in range(width)
    ]


def _shown(cell: object) -> str:
    try:
        return " ".join(text(cell).split())
    except BadCell:
        return ""
