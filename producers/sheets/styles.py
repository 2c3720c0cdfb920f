"""How cells of our ledgers are written, so that no spreadsheet reads a formula or a date where there is text."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

from producers.mapping.columns import Column

TEXT: Final = "@"
DATE: Final = "yyyy-mm-dd"
TIME: Final = "yyyy-mm-dd hh:mm:ss"
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST: Final = 32_767
"""Characters that a cell of a workbook holds."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def clean(value: Any) -> Any:
    """What a workbook can hold."""
    return _NOT_XML.sub("\ufffd", value)[:LONGEST] if isinstance(value, str) else value


def csv_cell(value: Any) -> str:
    """As CSV: times to the second, and nothing that a spreadsheet would take for a formula."""
    if isinstance(value, datetime):
        return value.isoformat(" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    said = "" if value is None else str(value)
    return "'" + said if said.startswith(_FORMULA) and len(said) > 1 else said


def number_format(column: Column) -> str:
    """Of a column: text stays text, so that 3-1 is no date and a phone number no power of ten."""
    if column.kind in ("time", "due"):
        return TIME
    if column.kind == "day":
        return DATE
    return "General" if column.kind == "number" else TEXT
