"""The smallest words of a policy: durations, names, paths, tests. All of it is exact; there are no floats."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from schemas.instants import Instant, format_instant, parse_day, parse_instant
from schemas.texts import Wrong, quoted


class Strict(BaseModel):
    """Base of all policy models: unknown fields are refused, nothing can be changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


Unit = Literal["min", "h", "sh", "d", "wd", "mo", "y"]
_MOST = {"min": 99_999, "h": 99_999, "sh": 9_999, "d": 36_500, "wd": 9_999, "mo": 1_200, "y": 100}


class Dur(NamedTuple):
    """A length: minutes, hours (through holidays), service hours, days, working days, months, years."""

    n: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.n}{self.unit}"


_DUR = re.compile(rf"(\d{{1,5}})({'|'.join(get_args(Unit))})", re.ASCII)


def duration(value: object) -> Dur:
    """``24h`` -> Dur(24, "h"). Raises Wrong for anything else."""
    if isinstance(value, Dur):
        return value
    found = _DUR.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Wrong("duration", value=quoted(value))
    made = Dur(int(found[1]), found[2])  # type: ignore[arg-type]  # the pattern allows only units
    if made.n > _MOST[made.unit]:
        raise Wrong("duration.long", value=quoted(value), most=f"{_MOST[made.unit]}{made.unit}")
    return made


def _elapsed(value: object) -> Dur:
    made = duration(value)
    if made.unit not in ("min", "h", "d"):
        raise Wrong("duration.elapsed", value=quoted(value))
    return made


def _or_word(word: str) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        return word if value == word else duration(value)

    return read


def _true_or_false(value: object) -> object:
    if not isinstance(value, bool):
        raise Wrong("flag", value=quoted(value))
    return value


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("whole", value=quoted(value))
    return value


def _scalar(value: object) -> object:
    if isinstance(value, (bool, int, str)):
        return value
    raise Wrong("scalar", value=quoted(value))


_FIGURE = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)


def _figure(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or _FIGURE.fullmatch(value) is None:
        raise Wrong("threshold", value=quoted(value))
    return Decimal(value)


def _civil(value: object) -> object:
    if isinstance(value, str):
        try:
            parse_day(value)
        except ValueError:
            raise Wrong("day", value=quoted(value)) from None
    return value


def _clock(value: object) -> object:
    if not isinstance(value, str) or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", value, re.ASCII) is None:
        raise Wrong("clock", value=quoted(value))
    return value


def _instant(value: object) -> object:
    if not isinstance(value, str):
        return _whole(value)
    try:
        return parse_instant(value)
    except ValueError:
        raise Wrong("instant", value=quoted(value)) from None


Duration = Annotated[Dur, BeforeValidator(duration), PlainSerializer(str)]
Elapsed = Annotated[Dur, BeforeValidator(_elapsed), PlainSerializer(str)]
DurationOrEver = Annotated[Dur | Literal["ever"], BeforeValidator(_or_word("ever")), PlainSerializer(str)]
DurationOrNone = Annotated[Dur | Literal["none"], BeforeValidator(_or_word("none")), PlainSerializer(str)]
DurationOrAny = Annotated[Dur | Literal["any"], BeforeValidator(_or_word("any")), PlainSerializer(str)]
Flag = Annotated[bool, BeforeValidator(_true_or_false)]
Whole = Annotated[int, BeforeValidator(_whole)]
Scalar = Annotated[bool | int | str, BeforeValidator(_scalar)]
Figure = Annotated[Decimal, BeforeValidator(_figure), PlainSerializer(lambda v: format(v, "f"))]
CivilDate = Annotated[str, BeforeValidator(_civil)]
"""A day as ``2026-04-01``."""
ClockTime = Annotated[str, BeforeValidator(_clock)]
"""A time of day as ``09:00``; ``24:00`` is the end of the day."""
Effective = Annotated[Instant, BeforeValidator(_instant), PlainSerializer(format_instant)]
"""An instant, RFC 3339 where it is text."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)+(/[a-z0-9_]+)?$")]
"""``complaint.handle_in_standard`` or ``repair.joint_team/keep``: obligation key [/part]."""
Type = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+|\*)$")]
"""An event type; ``*`` is any fact (never a verdict)."""
Path = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?((\[\]|#)|/[a-z][a-z0-9_]*)?$", max_length=120)
]
"""``field`` | ``field[]`` (each element) | ``field#`` (length) | ``a/b`` (exact ratio) | ``scope.fact``."""
