"""Which promise an event is about: key values (键值) as canonical text, and the names of scopes made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from json.encoder import encode_basestring
from typing import Any

from processors.rules.promises.paths import Reader, reader
from processors.rules.protocol import PARTIAL
from schemas.catalogue import CATALOGUE
from schemas.event import Event

Texts = Callable[[Event], tuple[str, ...]]
"""Event -> key texts, one for each promise; none where a value is missing."""

_WITHIN = {"house_id": "project_id", "phase_id": "project_id"}
"""House and phase numbers repeat between projects: as a key, a house is project and house."""


OWN = "="
TENANT = "tenant"
"""The value of the key ``company_id`` where an event names no company: the whole tenant."""


def scope_of(policy: str, keys: str, *, partial: bool = False) -> str:
    """Name of a scope: key values and policy, so that all promises of one case lie together in the tables (ADR 37). A scope of
    fewer or other names than ``per`` is partial."""
    return f"{PARTIAL if partial else ''}{keys}|{policy}"


def split(scope: str) -> tuple[str, str]:
    """(policy key, key values as canonical JSON) of a scope's name."""
    keys, _, policy = scope.rpartition("|")
    return policy, keys.removeprefix(PARTIAL)


def one(value: Any) -> str:
    """A single key value as text; "" where it is missing, sealed or no single value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else ""


def spell(values: Mapping[str, str]) -> str:
    """Key values as canonical JSON: ``{"case":"…"}``."""
    return (
        "{" + ",".join(f"{encode_basestring(n)}:{encode_basestring(values[n])}" for n in sorted(values)) + "}"
    )


def key_paths(paths: Sequence[tuple[str, str]], event_type: str) -> list[tuple[str, str]]:
    """The same, with OWN before the path of what this event type opens: if it names none, its own id is the thing's."""
    entry = CATALOGUE.get(event_type)
    thing = entry.thing if entry else ""
    return [(name, OWN + path if path == thing else path) for name, path in paths]


def own_id(event: Event) -> str:
    """An event as a thing: the first of its chain of corrections, so that a correction stays the same thing."""
    return event.root or event.event_id


def key_reader(path: str) -> Reader:
    """Reads one key of an event; a list of them where the path, or the field, is a list."""
    if path == "event_id":
        return own_id
    if path == "company_id":
        return lambda event: event.company_id or TENANT
    if path.startswith(OWN):
        named = reader(path.removeprefix(OWN))
        return lambda event: named(event) or own_id(event)
    read, outer = reader(path), _WITHIN.get(path)
    if outer is None:
        return read
    around = reader(outer)

    def composite(event: Event) -> Any:
        inner, project = read(event), around(event)
        return f"{project}/{inner}" if inner and project else inner

    return composite


def texts(paths: Sequence[tuple[str, str]]) -> Texts:
    """(name, path) in order of names -> reader of key texts. A list value makes one text for each element (S14)."""
    names = [encode_basestring(name) for name, _ in paths]
    reads = [key_reader(path) for _, path in paths]
    if len(names) == 1:
        name, read = names[0], reads[0]

        def single(event: Event) -> tuple[str, ...]:
            value = read(event)
            if type(value) is str:
                return (f"{{{name}:{encode_basestring(value)}}}",) if value else ()
            return tuple(f"{{{name}:{encode_basestring(v)}}}" for v in _each(value))

        return single

    def several(event: Event) -> tuple[str, ...]:
        made = product(*(_each(read(event)) for read in reads))
        return tuple(
            "{" + ",".join(f"{n}:{encode_basestring(v)}" for n, v in zip(names, values, strict=True)) + "}"
            for values in made
        )

    return several


def _each(value: Any) -> tuple[str, ...]:
    found = (one(v) for v in value) if isinstance(value, list) else (one(value),)
    return tuple(dict.fromkeys(v for v in found if v))
