"""One record of Kafka: a row of a lane, as the relay publishes it and workers and other subscribers read it.

Topic ``<word>.facts`` or ``<word>.verdicts`` (``ledger.brokers``), partition = tenant number - 1, key = the tenant number in
decimal, value = the stored bytes verbatim, in which personal data is sealed. Headers are those of the CloudEvents 1.0 binding
for Kafka, binary mode; extension attributes are ours. All are UTF-8 text:

    ce_specversion  1.0
    ce_id           event id (UUID)
    ce_source       of a fact its source, of a verdict its rule; percent-encoded
    ce_type         complaint.received
    ce_time         when it happened: RFC 3339 with an offset
    content-type    application/json
    ce_place        position in its lane: 1, 2, 3 …
    ce_recorded     microseconds UTC since 1970, as the hash chain takes it
    ce_after        verdicts only: place of the fact that it follows
    ce_chainhash    hash of this row (``ledger.chain``), 64 hexadecimal digits
    ce_ledgerid     which ledger
    ce_timeline     which of its lives (``ledger.timeline``); the ledger's id in the first
    ce_traceparent  facts only, where it came under a trace: the context that the record has (``schemas.tracing``)
    traceparent     beside it: the context of its publishing, of the same trace
    ce_leftout      only where the body is larger than ``LARGEST``: its size; the value is empty then, and the body is read from
                    the ledger

A subscriber that is sent a record twice knows it by its place. Chaining ``ce_chainhash`` over places shows that nothing is
missing, altered or foreign; whatever is, stands in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from schemas.instants import Instant, format_instant

LARGEST = 3 << 20
"""Bytes of a body that is carried; the topics take messages of 4 MiB."""
Headers = list[tuple[str, bytes]]
_FIXED: Headers = [("ce_specversion", b"1.0"), ("content-type", b"application/json")]


class NotARecord(ValueError):
    """Something else stands in this topic: a header is missing or no number. The message never repeats what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a worker needs of it. ``body`` is empty where it was left out."""

    tenant: int
    place: int
    recorded: Instant
    after: int | None
    """None in the lane of facts."""
    hash: bytes
    ledger_id: str
    timeline: str
    body: bytes
    left_out: bool = False


def key_of(tenant: int) -> bytes:
    """Of every record of a tenant."""
    return b"%d" % tenant


def written(record: Record, trace: Callable[[str], str] = lambda context: context) -> tuple[bytes, Headers]:
    """(value, headers) of a row. ``trace``: the context that it came under -> that under which it is published."""
    body = json.loads(record.body)
    headers = [
        *_FIXED,
        ("ce_id", body["event_id"].encode()),
        ("ce_source", quote(body["rule"] if record.after is not None else body["source"]).encode()),
        ("ce_type", body["type"].encode()),
        ("ce_time", format_instant(body["time"]).encode()),
        ("ce_place", b"%d" % record.place),
        ("ce_recorded", b"%d" % record.recorded),
        ("ce_chainhash", record.hash.hex().encode()),
        ("ce_ledgerid", record.ledger_id.encode()),
        ("ce_timeline", record.timeline.encode()),
    ]
    if record.after is not None:
        headers.append(("ce_after", b"%d" % record.after))
    if context := body.get("traceparent", ""):
        headers += [("ce_traceparent", context.encode()), ("traceparent", trace(context).encode())]
    if len(record.body) > LARGEST:
        return b"", [*headers, ("ce_leftout", b"%d" % len(record.body))]
    return record.body, headers


def read(tenant: int, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Record:
    """A record back. Raises NotARecord."""
    found = dict(headers)
    try:
        after = found.get("ce_after")
        hashed = bytes.fromhex(found["ce_chainhash"].decode("ascii"))
        if len(hashed) != 32:
            raise ValueError
        return Record(
            tenant=tenant,
            place=_number(found["ce_place"]),
            recorded=Instant(_number(found["ce_recorded"])),
            after=None if after is None else _number(after),
            hash=hashed,
            ledger_id=found["ce_ledgerid"].decode("ascii"),
            timeline=found["ce_timeline"].decode("ascii"),
            body=value or b"",
            left_out="ce_leftout" in found,
        )
    except (
        KeyError,
        ValueError,
        AttributeError,
    ):  # UnicodeDecodeError is a ValueError; a header may have no value
        raise NotARecord(f"partition of tenant {tenant}") from None


def fact_of(ledger_id: bytes, headers: Iterable[tuple[str, bytes]]) -> tuple[int, Instant] | None:
    """(place, recorded) of a record that claims to be a fact of this ledger with its body, for who checks the claim by the
    ledger's own chain; None for any other."""
    found = dict(headers)
    if found.get("ce_ledgerid") != ledger_id or "ce_after" in found or "ce_leftout" in found:
        return None
    try:
        return _number(found["ce_place"]), Instant(_number(found["ce_recorded"]))
    except (KeyError, ValueError, AttributeError):
        return None


def _number(text: bytes) -> int:
    """Decimal digits and nothing else, as an int64 holds them."""
    if not text.isdigit() or (value := int(text[:20])) >= 1 << 63:
        raise ValueError
    return value
