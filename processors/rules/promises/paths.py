"""Paths and tests (字段与条件) as closures: what a ``where`` reads in an event, and whether it passes.

Exact throughout: figures are integers or fractions, a ratio ``a/b`` is a fraction, and nothing is ever a float.
What is unknown fails every test but ``ne`` and ``set: false`` (S20).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final

from schemas.canonical import Json, canonical
from schemas.event import ENVELOPE, Event, Sealed
from schemas.instants import Instant, end_of_day, parse_day, parse_instant
from schemas.policy import Test

Reader = Callable[[Event], Any]
Check = Callable[[Any], bool]

_FIGURE = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)


def reader(path: str) -> Reader:
    """``field`` | ``field[]`` (the list) | ``field#`` (its length) | ``a/b`` (exact ratio) -> what it reads; None = unknown."""
    if "/" in path:
        above, below = (reader(part) for part in path.split("/"))
        return lambda event: ratio(above(event), below(event))
    bare = path.rstrip("[]#")
    if bare in ENVELOPE:
        get = attrgetter(bare)
        return lambda event: get(event) or None
    if path.endswith("#"):
        return lambda event: length(event.data.get(bare))

    def field(event: Event) -> Any:
        found = event.data.get(bare)
        return None if found == "" else found

    return field


def fact_name(path: str) -> str:
    """``case.in_warranty`` of a path that reads a fact (scope.fact); "" for a path that reads the event itself."""
    return path.rstrip("[]#") if "." in path else ""


def length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def ratio(above: Any, below: Any) -> Fraction | None:
    """Exact; None where either is unknown or the lower is 0."""
    over, under = figure(above), figure(below)
    return Fraction(over) / Fraction(under) if over is not None and under else None


def figure(value: Any) -> int | Fraction | None:
    """A whole number, or a decimal written as text; None for anything else, true and false included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Fraction)):
        return value
    if isinstance(value, str) and _FIGURE.fullmatch(value):
        return Fraction(value)
    return None


def instant(value: Any) -> Instant | None:
    """A date means the end of that day (S8); None where it is neither a date nor a time with offset."""
    if not isinstance(value, str):
        return None
    try:
        return end_of_day(parse_day(value)) if len(value) == 10 else parse_instant(value)
    except ValueError:
        return None


def plain(value: Any) -> Json:
    """A value as evidence may keep it: text, whole number, true or false, lists of these; personal data never."""
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, list) and not any(isinstance(v, (Sealed, dict, list)) for v in value):
        return value
    return None


def check(test: Test) -> Check:
    """A test as one function of the value read."""
    checks = [_MAKERS[name](getattr(test, name)) for name in sorted(test.model_fields_set)]
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(one(value) for one in checks)


def passes(where: Mapping[str, Test]) -> Callable[[Event], bool] | None:
    """The tests of a ``where`` that read the event itself; None where there are none. Facts are read in judge."""
    tests = [(reader(path), check(test)) for path, test in sorted(where.items()) if not fact_name(path)]
    if not tests:
        return None
    if len(tests) == 1:
        ((read, ok),) = tests
        return lambda event: ok(read(event))
    return lambda event: all(ok(read(event)) for read, ok in tests)


def spelled(where: Mapping[str, Test]) -> Json:
    """The tests on the event itself, as JSON: part of a listener's signature."""
    return {
        path: test.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for path, test in where.items()
        if not fact_name(path)
    }


def _same(wanted: Any) -> Check:
    kind = type(wanted)  # 1 is not true
    return lambda value: type(value) is kind and bool(value == wanted)


def _other(wanted: Any) -> Check:
    same = _same(wanted)
    return lambda value: not same(value)


def _among(wanted: list[Any]) -> Check:
    known = frozenset((type(v), v) for v in wanted)
    return lambda value: isinstance(value, (str, int)) and (type(value), value) in known


def _known(wanted: bool) -> Check:
    return lambda value: (value is not None and value != "") is wanted


def _holds(wanted: list[Any]) -> Check:
    return lambda value: isinstance(value, list) and all(one in value for one in wanted)


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Any], Check]:
    def make(limit: Any) -> Check:
        bound = Fraction(limit)

        def ok(value: Any) -> bool:
            found = figure(value)
            return found is not None and holds(found, bound)

        return ok

    return make


_MAKERS: dict[str, Callable[[Any], Check]] = {
    "eq": _same,
    "ne": _other,
    "in_": _among,
    "gt": _compare(lambda a, b: a > b),
    "ge": _compare(lambda a, b: a >= b),
    "lt": _compare(lambda a, b: a < b),
    "le": _compare(lambda a, b: a <= b),
    "set": _known,
    "has": _holds,
}


text: Final[Callable[[Json], str]] = canonical
"""Canonical JSON of a small value, as evidence keeps it."""
