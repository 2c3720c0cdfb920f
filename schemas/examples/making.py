"""One realistic event of each type that may be written from outside: to post, to read, to test with."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from schemas.examples.estate import Examples
from schemas.instants import HOUR, Instant, format_instant, iso_day, parse_instant
from schemas.instants import day_of as day
from schemas.kinds import EventType

MOMENT: Final = parse_instant("2026-03-02T16:00:00+08:00")


def make(entry: EventType, at: Instant | None, event: str | None) -> dict[str, Any]:
    """The CloudEvent, of the table that bears the name of the type's stage. Without ``event`` its id follows from type and
    time, so that the same example is a duplicate of itself and another moment makes another event."""
    moment = MOMENT if at is None else at
    name = entry.name
    table: Examples = import_module(f"schemas.examples.{entry.stage.rpartition('.')[2]}").EXAMPLES
    attributes, data = table[name]
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": event or _id(name, moment),
        "source": "example",
        "type": name,
        "time": format_instant(moment),
        "datacontenttype": "application/json",
    }
    for key, value in attributes.items():
        made[key] = _id(value[1:], moment) if value.startswith("@") else value
    made["data"] = _filled(data, moment)
    return made


def _id(name: str, at: Instant) -> str:
    return f"example-{name}" if at == MOMENT else f"example-{name}-{at // 1000}"


def _filled(value: Any, at: Instant) -> Any:
    """With instants in place of the relative ones."""
    if isinstance(value, tuple):
        kind, n = value
        if kind == "day":
            return iso_day(day(at) + n)
        return format_instant(at + (n if kind == "ahead" else -n) * HOUR)
    if isinstance(value, dict):
        return {key: _filled(inner, at) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, at) for inner in value]
    return value
