"""Cells and values as text: what a spreadsheet keeps as a number is shown as people typed it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from producers.mapping.problems import BadCell

_ROUNDED = re.compile(r"\d(\.\d+)?[Ee]\+\d{1,3}", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_YUAN = re.compile(r"(\d{1,13})(?:\.(\d{1,2}))?", re.ASCII)
_DAY = timedelta(days=1)
_ANY_DAY = date(2000, 1, 1)
_BIG = 10**15
"""Beyond this a spreadsheet has rounded a number: it keeps 15 digits."""


def text(cell: object) -> str:
    """A cell as text, white space around it taken off; "" for an empty one. Raises BadCell for what is no cell, and for a
    long number that a spreadsheet has rounded: nobody can tell what it was."""
    if isinstance(cell, str):
        stripped = cell.strip()
        if stripped[-1:].isdigit() and _ROUNDED.fullmatch(stripped):
            raise BadCell(
                "长数字已被表格软件改写成科学计数，请把该列设为文本后重新导出",
                "is a long number that a spreadsheet has rounded; make the column text and export again",
            )
        return stripped
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    raise BadCell("不是单个值", "is not a single value")


def _number(cell: int | float) -> str:
    if abs(cell) >= _BIG:
        raise BadCell(
            "数字超过 15 位，表格软件已把末位改为零，请把该列设为文本",
            "has more than 15 digits, of which a spreadsheet has lost the last; make the column text",
        )
    return str(int(cell)) if cell == int(cell) else repr(cell)


def one_line(words: str) -> str:
    """Runs of white space as one blank."""
    return words if words.isalnum() else " ".join(words.split())


def whole(cell: object) -> int:
    """A whole number. Raises BadCell."""
    words = text(cell).replace(",", "")
    if not _WHOLE.fullmatch(words):
        raise BadCell("不是整数", "is not a whole number")
    return int(words)


def fen(cell: object) -> int:
    """An amount in yuan, in fen. Raises BadCell."""
    words = text(cell).replace(",", "").replace("，", "").lstrip("¥￥").strip().removesuffix("元").strip()
    found = _YUAN.fullmatch(words)
    if found is None:
        raise BadCell(
            "不是以元为单位的金额（至多两位小数）", "is not an amount in yuan with at most two decimals"
        )
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def joined(cells: list[object]) -> object:
    """Several cells as one: a date and a clock time become a time, anything else one text."""
    kept = [cell for cell in cells if cell is not None and cell != ""]
    if len(kept) < 2:
        return kept[0] if kept else None
    day, clock = kept[0], kept[1]
    if isinstance(day, datetime):
        day = day.date()
    if isinstance(clock, timedelta):
        clock = (datetime.combine(_ANY_DAY, time()) + clock).time() if timedelta() <= clock < _DAY else clock
    if len(kept) == 2 and isinstance(day, date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    return " ".join(text(cell) for cell in kept)
