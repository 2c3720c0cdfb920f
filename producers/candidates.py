"""One event as a source sent it, made a candidate for the ledger.

Whether it is new is not decided here: a duplicate is answered by the ledger before any of the complaints that a candidate
carries, so that a retry gets its first answer even if its time or version would be refused today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ledger.candidate import Candidate, Draft, Problem
from schemas.canonical import Json, canonical_bytes
from schemas.fields import is_ref
from schemas.instants import Instant
from schemas.parse import Arrived, Refused, parse
from schemas.refusals import Refusal
from schemas.tracing import traceparent, untraced

UNREADABLE: Final = b""
"""Content of what has no canonical form; equal to no content that was ever kept."""


def candidate(
    raw: Json,
    source: str,
    now: Instant,
    admin: bool = False,
    system: bool = False,
    approver: bool = False,
    trace: str = "",
) -> Candidate:
    """What the ledger is offered for one value that ``read_json`` gave. ``source`` is the key's own: the body's is
    kept as ``reported_source`` where it differs. ``source_id`` is "" where the id cannot be read, and then there is
    only a problem. ``trace`` is the context under which it came, where it bears none of its own."""
    source_id = _source_id(raw)
    content = _content(untraced(raw)) if source_id else UNREADABLE
    try:
        draft = _draft(parse(raw, now, admin=admin, system=system, approver=approver), source, trace)
    except Refused as refused:
        return Candidate(
            source=source, source_id=source_id, content=content, problem=_problem(refused.refusals)
        )
    return Candidate(source=source, source_id=source_id, content=content, draft=draft)


def _source_id(raw: Json) -> str:
    found = raw.get("id") if isinstance(raw, dict) else None
    return found if isinstance(found, str) and is_ref(found) else ""


def _content(raw: Json) -> bytes:
    try:
        return canonical_bytes(raw)
    except (ValueError, RecursionError):  # flaws, lone surrogates, too deep
        return UNREADABLE


def _draft(arrived: Arrived, source: str, trace: str) -> Draft:
    said = arrived.attributes
    envelope = dict(arrived.envelope)
    if said.source and said.source != source:
        envelope["reported_source"] = said.source
    return Draft(
        type=arrived.kind.name,
        version=arrived.kind.version,
        time=arrived.time,
        zone=arrived.zone,
        envelope=envelope,
        data=arrived.data,
        personal=arrived.personal,
        customer=arrived.customer,
        customer_ref=said.customerref or "",
        subject=arrived.data.get("subject_ref", "") if arrived.kind.retention == "privacy" else "",
        retention=arrived.kind.retention,
        case=arrived.kind.case,
        case_id=said.caseid or "",
        ticket=said.ticket or "",
        corrects=said.correctsid or "",
        corrects_source_id=said.correctssourceid or "",
        traceparent=traceparent(said.traceparent) or trace,
    )


def _problem(refusals: Sequence[Refusal]) -> Problem:
    """The first refusal in full; the fields of the others beside it."""
    first, *rest = refusals
    also: Mapping[str, str] = {"also": ", ".join(r.field or "-" for r in rest[:20])} if rest else {}
    return Problem(
        status=422,
        code=first.code,
        field=first.field,
        reason=first.reason,
        reason_zh=first.reason_zh,
        extra=also,
    )


def not_yet(one: Candidate, by_the_wall: Candidate) -> Candidate:
    """While the wall clock is in doubt: what is refused (``one``), and would not be if that clock is right, is to be sent again
    when somebody knows."""
    if one.problem is None or by_the_wall.problem is not None:
        return one
    problem = Problem(
        status=503,
        code="clock_in_doubt",
        field=one.problem.field,
        reason="is ahead of now, or the clock here is: it is in doubt; send the same again in a minute",
        reason_zh="晚于现在，或本机时钟有误：时钟存疑，请一分钟后重发",
    )
    return replace(one, problem=problem)
