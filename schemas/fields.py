"""The field types that event contents are made of.

Strict: no text for a number, no float anywhere. Ratios are two integers, money is whole fen (分).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.instants import parse_day, parse_instant
from schemas.telltale import looks_personal


class Mark:
    """Marks a field type, for ``personal_paths`` and ``past_fields``."""

    def __init__(self, name: str) -> None:
        self.name = name


PERSONAL = Mark("personal")
PAST = Mark("past")


NAME_FORM = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"
CODE_FORM = r"^[a-z][a-z0-9_]*$"
KEY_FORM = r"^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)+(/[a-z0-9_]+)?$"
ID_FORM = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
VERSION_FORM = r"^[1-9][0-9]*$"
CLOCK_FORM = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
MONTH_FORM = r"^\d{4}-(0[1-9]|1[0-2])$"
YEAR_FORM = r"^[WH]{365,366}$"


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_ref(text: str) -> bool:
    """Whether a text may be kept in clear as an identifier: what ``Ref`` demands."""
    if not 1 <= len(text) <= 200 or _SURROGATE.search(text):
        return False
    try:
        _ref(text)
    except PydanticCustomError:
        return False
    return True


def _ref(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("control_character", "holds a control character")
    if looks_personal(text):
        raise PydanticCustomError("personal_in_id", "looks like a mobile phone or identity card number")
    return text


def _instant(text: str) -> str:
    try:
        parse_instant(text)
    except ValueError:
        raise PydanticCustomError("bad_time", "not an RFC 3339 time with an offset") from None
    return text


def _day(text: str) -> str:
    try:
        parse_day(text)
    except ValueError:
        raise PydanticCustomError("bad_date", "not a date") from None
    return text


def _instant_or_day(text: str) -> str:
    return _day(text) if len(text) == 10 else _instant(text)


def _exact(value: Any) -> Any:
    """Floats would make two machines differ; an opaque document may not smuggle them in."""
    if isinstance(value, float):
        raise PydanticCustomError("float", "a number with a fraction; write it as text")
    if isinstance(value, dict):
        for inner in value.values():
            _exact(inner)
    elif isinstance(value, list):
        for inner in value:
            _exact(inner)
    return value


Ref = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_ref)]
"""An identifier or a short term of the trade: kept in clear, at most 200 characters, no person's number."""
Code = Annotated[str, StringConstraints(max_length=64, pattern=CODE_FORM)]
"""A code that a company may extend by data: roles, departments, rules."""
Key = Annotated[str, StringConstraints(max_length=200, pattern=KEY_FORM)]
"""A policy key: ``complaint.close_return_visit``, ``repair.owner_confirmed/start``."""
Id = Annotated[str, StringConstraints(pattern=ID_FORM)]
"""An id that Touchline gave: a UUID in lower case."""
Personal = Annotated[str, StringConstraints(max_length=10_000), PERSONAL]
"""Names and free text about people: sealed before it is stored."""
Said = Annotated[str, StringConstraints(min_length=1, max_length=10_000), PERSONAL]
"""Personal text that may not be empty."""
Past = Annotated[str, AfterValidator(_instant), PAST]
"""When something happened: RFC 3339 with an offset, not ahead of now."""
Moment = Annotated[str, AfterValidator(_instant)]
"""RFC 3339 with an offset, past or future."""
Day = Annotated[str, AfterValidator(_day)]
"""``2026-11-22``."""
Due = Annotated[str, AfterValidator(_instant_or_day)]
"""RFC 3339, or a date that means its end of day."""
Count = Annotated[int, Field(ge=0, le=2**53)]
Fen = Annotated[int, Field(ge=0, le=2**53)]
"""Money in fen."""
Opaque = Annotated[dict[str, Any], AfterValidator(_exact)]
"""A JSON object that another model reads; without floats."""


_YUAN = re.compile(r"(\d{1,13})(?:\.(\d{1,2}))?", re.ASCII)


def fen_of(text: str) -> int:
    """Money as people write it, in yuan, as whole fen: ``300`` and ``300.5``. Raises ValueError for anything else."""
    found = _YUAN.fullmatch(text.strip().removesuffix("元").rstrip())
    if found is None:
        raise ValueError("not a sum in yuan")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def yuan(fen: int) -> str:
    """Money for people: ``200.00 元``. Whole fen in, nothing rounded."""
    return f"{fen // 100}.{fen % 100:02} 元"
