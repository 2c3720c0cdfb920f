"""The stored body of a fact: canonical JSON, in which source, source's id and MAC stand, and every personal value is sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.event import ENVELOPE, Event, Sealed
from schemas.instants import Instant

ROUTING = (*(name for name in ENVELOPE if name != "event_id"), "ticket", "corrects", "traceparent")
"""Body fields that an Event has under the same name."""
ORIGIN = ("rule", "rule_version", "row", "scope", "kind", "generation", "at")
"""Fields of a verdict's body that stand in ``Event.origin``."""
_MARK = '"sealed":'
_STEPS = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def sealed_json(blob: str, person: str, retention: str) -> dict[str, str]:
    """How a sealed value stands in a body."""
    return {"sealed": blob, "person": person, "class": retention}


_SHAPE = frozenset(("sealed", "person", "class"))


def looks_sealed(value: Any) -> bool:
    """Whether a JSON value has the shape of a sealed one."""
    return isinstance(value, dict) and value.keys() == _SHAPE


def has_sealed_shape(value: Any) -> bool:
    """Whether the shape of a sealed value stands anywhere in plain data: it is reserved."""
    if isinstance(value, dict):
        if len(value) == len(_SHAPE) and value.keys() == _SHAPE:
            return True
        value = value.values()
    elif not isinstance(value, list):
        return False
    for inner in value:  # noqa: SIM110 - ``any`` of a generator takes twice as long, for every event
        if isinstance(inner, (dict, list)) and has_sealed_shape(inner):
            return True
    return False


def opened(value: Any) -> Any:
    """JSON -> the same with ``Sealed`` objects in place of sealed values."""
    if isinstance(value, dict):
        if looks_sealed(value):
            return Sealed(person=value["person"], retention=value["class"], blob=value["sealed"])
        return {key: opened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [opened(inner) for inner in value]
    return value


def steps(path: str) -> list[str | int]:
    """``scores[2].comment`` -> ["scores", 2, "comment"]."""
    if "." not in path and "[" not in path:
        return [path]
    return [int(index) if index else name for name, index in _STEPS.findall(path)]


def at_path(data: Any, path: str) -> Any:
    """The value at a path; None where it leads nowhere."""
    for step in steps(path):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def replaced(data: Any, path: list[str | int], put: Any) -> Any:
    """A copy of ``data`` with ``put`` at the path; ``data`` itself where the path leads nowhere."""
    if not path:
        return put
    step, rest = path[0], path[1:]
    if isinstance(data, dict) and step in data:
        return {**data, step: replaced(data[step], rest, put)}
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return [*data[:step], replaced(data[step], rest, put), *data[step + 1 :]]
    return data


def sealed_places(data: Any, path: str = "") -> Iterator[tuple[str, Sealed]]:
    """Every sealed value of an event's data with its path."""
    if isinstance(data, Sealed):
        yield path, data
    elif isinstance(data, dict):
        for key, inner in data.items():
            yield from sealed_places(inner, f"{path}.{key}" if path else key)
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            yield from sealed_places(inner, f"{path}[{index}]")


def fact_event(body: dict[str, Any], text: bytes, place: int, recorded: Instant) -> Event:
    """A decoded fact body -> Event."""
    data = body["data"]
    given = {name: body[name] for name in ROUTING if name in body}
    return Event(
        type=body["type"],
        version=body["v"],
        event_id=body["event_id"],
        time=body["time"],
        recorded=recorded,
        place=place,
        after=place,
        source=body["source"],
        source_id=body["id"],
        root=body.get("root") or body["event_id"],
        data=opened(data) if _MARK.encode() in text else data,
        **given,
    )


def verdict_event(body: dict[str, Any], place: int, recorded: Instant, after: int) -> Event:
    """A decoded verdict body -> Event; its cause stands as ``causation_id``."""
    given = {name: body[name] for name in ROUTING if name in body}
    given.setdefault("causation_id", body.get("cause", ""))
    return Event(
        type=body["type"],
        version=body["v"],
        event_id=body["event_id"],
        time=body["time"],
        recorded=recorded,
        place=place,
        after=after,
        verdict=True,
        root=body["event_id"],
        data=body["data"],
        origin={name: body[name] for name in ORIGIN if name in body},
        **given,
    )
