"""A mapping read backwards: from the touchpoints of a case to the cells of its row, so that a ledger that was imported can
be written again. What a mapping computes (texts, expressions, hashes) cannot be read back, and stays empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from producers.mapping.columns import Column
from producers.mapping.mapping import Mapping
from producers.mapping.touchpoints import Shape
from producers.mapping.values import Value
from schemas.envelope import WIRE
from schemas.event import Event, Sealed
from schemas.instants import Instant, parse_instant, to_datetime

SEALED = "（已加密）"
"""Stands for personal data that was not asked for, or may not be seen."""
ERASED = "已删除"
"""Stands for personal data of an erased person."""


def cells_of(mapping: Mapping, events: Sequence[Event]) -> dict[str, Any]:
    """Heading -> cell: text, whole number, ``date`` or local ``datetime``. Of events of one kind the first counts that
    opens, else the last. ``data`` is unsealed, or holds Sealed values, which are shown as ``SEALED``."""
    found: dict[str, Any] = {}
    number = ticket_column(mapping)
    if number and events and events[0].ticket:
        found[number] = events[0].ticket
    for shape, event in _pairs(mapping, events):
        for name, value in _columns(shape, event):
            column = mapping.columns[name]
            heading = column.froms[0]
            if value is not None and found.get(heading) in (None, ""):
                found[heading] = _cell(column, value, mapping)
    return found


def _pairs(mapping: Mapping, events: Sequence[Event]) -> Iterator[tuple[Shape, Event]]:
    for at, shape in enumerate(mapping.shapes):
        fitting = [event for event in events if event.type in shape.types]
        if fitting:
            yield shape, fitting[0] if at == 0 else fitting[-1]


def _columns(shape: Shape, event: Event) -> Iterator[tuple[str, Any]]:
    """(short name, what the event says there)."""
    if shape.type.column:
        yield shape.type.column, event.type
    if shape.time.column:
        yield shape.time.column, event.time
    for wire, value in shape.attributes.items():
        if value.column:
            yield value.column, getattr(event, WIRE.get(wire, wire), "") or None
    customer = event.data.get("customer", {})
    for name, value in shape.customer.items():
        yield from _within(value, customer.get(name))
    for name, value in shape.data.items():
        yield from _within(value, event.data.get(name))


def _within(value: Value, said: Any) -> Iterator[tuple[str, Any]]:
    if said is None:
        return
    if value.column:
        yield value.column, said
    elif value.parts and isinstance(said, dict):
        for name, part in value.parts.items():
            yield from _within(part, said.get(name))
    elif value.items and isinstance(said, list):
        for item in value.items:
            fixed = {name: part.fixed for name, part in item.parts.items() if part.fixed is not None}
            for one in said:
                if isinstance(one, dict) and all(one.get(name) == want for name, want in fixed.items()):
                    yield from _within(item, one)
                    break


def _cell(column: Column, value: Any, mapping: Mapping) -> Any:
    if isinstance(value, Sealed):
        return SEALED
    if isinstance(value, dict) and value.get("erased") is True:
        return ERASED
    if column.codes is not None:
        word = column.codes.theirs(value)
        return word if word is not None else "" if column.codes.other == "empty" else str(value)
    if column.kind in ("time", "due", "day"):
        return _local(value, mapping)
    if column.kind == "yuan":
        return f"{value // 100}.{value % 100:02d}"
    return value


def _local(value: Instant | str, mapping: Mapping) -> date | datetime:
    """As the mapping's zone shows it, without an offset."""
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    instant = parse_instant(value) if isinstance(value, str) else value
    local = to_datetime(instant).astimezone(mapping.times.zone).replace(tzinfo=None)
    return local.date() if local.time() == time.max else local  # a due date that was given as a date


def ticket_column(mapping: Mapping) -> str:
    """The heading of the number of the case; "" where it is computed."""
    name = mapping.ticket.column if mapping.ticket is not None else ""
    return mapping.columns[name].froms[0] if name in mapping.columns else ""
