"""What a stored body says of itself, recomputed: the event id of a fact, the verdict id of a verdict.

A body is canonical JSON, so its top-level fields stand in one order and every quote inside a text is escaped: the few fields
that an id is computed from are found by searching for bytes (1 µs), and only what does not come out right, or a ``deep``
run, is parsed as JSON (15 µs and more).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha1
from typing import Any
from uuid import UUID

from schemas.canonical import canonical, canonical_bytes
from schemas.identity import NS_EVENT, event_id, verdict_id

_VERSION = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)
_FIVE = (5 << 76) | (1 << 63)
"""RFC 4122: version 5 and the variant, put over a SHA-1."""
_DASH = ord("-")


def parsed(body: bytes) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def uuid_bytes(value: Any) -> bytes | None:
    """16 bytes of a UUID's text; None for anything else."""
    try:
        return UUID(value).bytes
    except (ValueError, AttributeError, TypeError):
        return None


def fact_key(body: bytes, tenant: str) -> bytes | None:
    """The event id of a fact's body, where body and id hold together: the exact check."""
    fact = parsed(body)
    if not isinstance(fact, dict) or not isinstance(fact.get("data"), dict):
        return None
    source, own = fact.get("source"), fact.get("id")
    if not isinstance(source, str) or not isinstance(own, str):
        return None
    named = fact.get("event_id")
    return uuid_bytes(named) if named == event_id(tenant, source, own) else None


def is_canonical(body: bytes) -> bool:
    """Whether the body is exactly what its own content is stored as."""
    value = parsed(body)
    try:
        return value is not None and canonical_bytes(value) == body
    except (ValueError, RecursionError):
        return False


def quick_fact_key(tenant: str, correcting: list[bytes]) -> Callable[[bytes], int]:
    """A function body -> event id as an integer, or -1 where only the exact check can tell. Puts the body into
    ``correcting`` where it may correct another event."""
    opening = (NS_EVENT.bytes + canonical([tenant])[:-1].encode()).replace(b"%", b"%%") + b',"%b","%b"]'
    find, from_bytes = bytes.find, int.from_bytes

    def key(body: bytes) -> int:
        at = find(body, b'},"event_id":"')
        own = find(body, b',"id":"', at + 50)
        mac = find(body, b'","mac":"', own)
        source = find(body, b',"source":"', mac + 73)
        if at < 0 or own < 0 or mac < 0 or source < 0:
            return -1
        name = opening % (body[source + 11 : find(body, b'"', source + 11)], body[own + 7 : mac])
        found = from_bytes(sha1(name, usedforsecurity=False).digest()[:16], "big") & _VERSION | _FIVE
        named = body[at + 14 : at + 50]
        if not named[8] == named[13] == named[18] == named[23] == _DASH:
            return -1
        if named.replace(b"-", b"") != b"%032x" % found:
            return -1
        if find(body, b'"corrects":"', 0, at) >= 0:
            correcting.append(body)
        return found

    return key


def corrects(body: bytes) -> bytes:
    """The text of the event id that a fact corrects or withdraws; b"" for none (``corrects`` stands before ``data``)."""
    at = body.find(b'"corrects":"', 0, body.find(b'"data":{'))
    return b"" if at < 0 else body[at + 12 : body.find(b'"', at + 12)]


def is_verdict(body: bytes) -> bool:
    """Whether the body is a verdict whose id follows from its row, kind and generation."""
    found = parsed(body)
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return False
    row, kind, generation = found.get("row"), found.get("kind"), found.get("generation")
    if not isinstance(row, str) or not isinstance(kind, str) or type(generation) is not int:
        return False
    return bool(found.get("event_id") == verdict_id(row, kind, generation))
