"""What the intake hands to the ledger, and what it gets back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something was refused: HTTP status, stable code, field path ("" for the whole), reason in English and Chinese."""

    status: int
    code: str
    field: str
    reason: str
    reason_zh: str
    extra: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """E.g. {"latest": event id} for a 409 on a corrected event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A valid fact before it is sealed and placed."""

    type: str
    version: int
    time: Instant
    zone: str
    """Offset as sent, e.g. "+08:00"."""
    envelope: Mapping[str, str]
    """Routing fields by their domain names (schemas.event.ENVELOPE less event_id, case_id), without absent ones;
    plus "reported_source" where the body's own source differed from the key's."""
    data: Mapping[str, Any]
    """Plain JSON as stored, personal fields still in clear, ``customer`` left out."""
    personal: tuple[str, ...] = ()
    """Paths in ``data`` to seal ("description", "scores[2].comment")."""
    customer: Mapping[str, str] = field(default_factory=dict)
    """number, name, phone, address as given ("" or absent = not given)."""
    customer_ref: str = ""
    """Given by the sender instead of ``customer``; must be known."""
    subject: str = ""
    """The person that a record of data handling (个人信息处理记录) is about: known, or erased before."""
    retention: str = "service"
    case: str = "none"
    """opens | needs | none"""
    case_id: str = ""
    """As given by the sender."""
    ticket: str = ""
    corrects: str = ""
    """Our event id of the corrected or withdrawn event, or
    the source's own id where ``corrects_source_id`` is set instead."""
    corrects_source_id: str = ""
    traceparent: str = ""
    """Of the request by which it came; kept beside the content and no part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The event is to be kept only while ``place`` is that of the last fact of its case."""

    place: int
    newest: int
    """The last fact of the case among those up to ``after``, as a read model knows it; 0: none."""
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One event as sent. ``source`` and ``source_id`` are known even where ``draft`` is not: a duplicate is answered first."""

    source: str
    source_id: str
    content: bytes
    """Canonical content as sent, over which the keyed MAC is taken."""
    draft: Draft | None = None
    problem: Problem | None = None
    expected: Expected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The fact is kept, with full durability. ``duplicate``: it already was, and this is the first answer again."""

    event_id: str
    case_id: str
    place: int
    duplicate: bool = False


Outcome = Appended | Problem
