"""Reading the lanes in order: what the engine, replay, subscribers and the intake read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    LargeBinary,
    bindparam,
    func,
    literal,
    or_,
    select,
)

from ledger.body import fact_event, verdict_event
from ledger.chain import GENESIS
from ledger.errors import UnknownTenant
from ledger.hot import HEADS, Among, Hot
from ledger.tables import corrections, counters, fact_ids, facts, verdicts
from ledger.tenants import Tenant
from schemas.event import Event
from schemas.instants import Instant


@dataclass(frozen=True, slots=True)
class Head:
    """The last fact of a tenant: its place (0 = none), recorded time, chain hash."""

    place: int
    recorded: Instant
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict as stored: ``body`` with rule, rule_version, row, kind, generation, cause beside type, time and data."""

    place: int
    recorded: Instant
    after: int
    body: dict[str, Any]

    def event(self) -> Event:
        """As rules and readers see it."""
        return verdict_event(self.body, self.place, self.recorded, self.after)


_tenant: BindParameter[int] = bindparam("tenant")
_facts = Hot(
    select(facts.c.place, facts.c.recorded, facts.c.body)
    .where(facts.c.tenant == _tenant, facts.c.place > bindparam("after"))
    .order_by(facts.c.place)
    .limit(bindparam("most"))
)
_verdicts = Hot(
    select(verdicts.c.place, verdicts.c.recorded, verdicts.c.after, verdicts.c.body)
    .where(verdicts.c.tenant == _tenant, verdicts.c.place > bindparam("after"))
    .order_by(verdicts.c.place)
    .limit(bindparam("most"))
)
_place = Hot(
    select(fact_ids.c.place).where(fact_ids.c.tenant == _tenant, fact_ids.c.event_id == bindparam("event_id"))
)
_places = Among(
    lambda keys: select(fact_ids.c.event_id, fact_ids.c.place).where(
        fact_ids.c.tenant == _tenant, fact_ids.c.event_id.in_(keys)
    ),
    bytes,
)
_facts_at = Among(
    lambda places: select(facts.c.place, facts.c.recorded, facts.c.body).where(
        facts.c.tenant == _tenant, facts.c.place.in_(places)
    ),
    int,
)
_verdicts_at = Among(
    lambda places: select(verdicts.c.place, verdicts.c.recorded, verdicts.c.after, verdicts.c.body).where(
        verdicts.c.tenant == _tenant, verdicts.c.place.in_(places)
    ),
    int,
)
_hashes = Hot(
    select(facts.c.place, facts.c.hash).where(
        facts.c.tenant == _tenant, or_(facts.c.place == bindparam("one"), facts.c.place == bindparam("other"))
    )
)
_head = Hot(
    select(counters.c.place, counters.c.recorded, counters.c.hash).where(counters.c.tenant == _tenant)
)
_locked = Hot(
    select(counters.c.place, counters.c.recorded, counters.c.hash, counters.c.floor)
    .where(counters.c.tenant == _tenant)
    .with_for_update()
)
_corrected = Hot(
    select(corrections.c.event_id).where(
        corrections.c.tenant == _tenant, corrections.c.target == bindparam("target")
    )
)


_NO_HEADS: dict[int, tuple[Any, ...]] = {}


def _event(place: int, recorded: Instant, body: bytes) -> Event:
    return fact_event(json.loads(body), body, place, recorded)


def facts_after(connection: Connection, tenant: Tenant, after: int, limit: int) -> list[Event]:
    """Up to ``limit`` facts at places > ``after``, in order."""
    return [_event(*row) for row in _facts(connection, tenant=tenant.number, after=after, most=limit)]


def facts_with(
    connection: Connection, tenant: Tenant, after: int, upto: int, words: Sequence[bytes]
) -> list[Event]:
    """The facts at places > ``after`` and <= ``upto`` in whose stored body any of these stands, in order."""
    sqlite = connection.dialect.name == "sqlite"

    def holds(one: bytes) -> ColumnElement[bool]:
        sought = literal(one, LargeBinary)
        return (
            func.instr(facts.c.body, sought) if sqlite else func.position(sought.op("IN")(facts.c.body))
        ) > 0

    rows = connection.execute(
        select(facts.c.place, facts.c.recorded, facts.c.body)
        .where(
            facts.c.tenant == tenant.number,
            facts.c.place > after,
            facts.c.place <= upto,
            or_(*map(holds, words)),
        )
        .order_by(facts.c.place)
    )
    return [_event(*row) for row in rows]


def stored_verdicts(connection: Connection, tenant: Tenant, after: int, limit: int) -> list[StoredVerdict]:
    """Up to ``limit`` verdicts at places (of their own lane) > ``after``, in order."""
    return [_stored(*row) for row in _verdicts(connection, tenant=tenant.number, after=after, most=limit)]


def verdicts_after(connection: Connection, tenant: Tenant, after: int, limit: int) -> list[Event]:
    """The same as events."""
    return [stored.event() for stored in stored_verdicts(connection, tenant, after, limit)]


def verdicts_at(connection: Connection, tenant: Tenant, places: Iterable[int]) -> dict[int, Event]:
    """The verdicts at these places of their lane; places that do not exist are left out."""
    rows = _verdicts_at(connection, list(set(places)), tenant=tenant.number)
    return {row[0]: _stored(*row).event() for row in rows}


def _stored(place: int, recorded: Instant, after: int, body: bytes) -> StoredVerdict:
    return StoredVerdict(place, recorded, after, json.loads(body))


def place_of(connection: Connection, tenant: Tenant, event_id: str) -> int | None:
    """Where a fact stands; None for an id that is unknown or no UUID."""
    try:
        key = UUID(event_id).bytes
    except ValueError:
        return None
    row = _place(connection, tenant=tenant.number, event_id=key).first()
    return None if row is None else int(row[0])


def places_of(connection: Connection, tenant: Tenant, keys: list[bytes]) -> dict[bytes, int]:
    """Where the facts with these ids (16 bytes each) stand; unknown ones are left out."""
    return {row[0]: row[1] for row in _places(connection, keys, tenant=tenant.number)}


def places_by_id(connection: Connection, tenant: int, event_ids: Iterable[str]) -> dict[str, int]:
    """Where the facts with these ids stand; ids that are unknown or no UUIDs are left out."""
    keys: dict[bytes, str] = {}
    for event_id in event_ids:
        with suppress(ValueError):
            keys[UUID(event_id).bytes] = event_id
    return {keys[row[0]]: row[1] for row in _places(connection, list(keys), tenant=tenant)}


def facts_at(connection: Connection, tenant: Tenant, places: Iterable[int]) -> dict[int, Event]:
    """The facts at these places; places that do not exist are left out."""
    rows = _facts_at(connection, sorted(set(places)), tenant=tenant.number)
    return {row[0]: _event(*row) for row in sorted(rows)}


def stored_fact(connection: Connection, tenant: Tenant, place: int) -> dict[str, Any]:
    """The body at a place, as JSON. Raises LookupError where there is none."""
    row = _facts_at(connection, [place], tenant=tenant.number).first()
    if row is None:
        raise LookupError(f"no fact at place {place}")
    body: dict[str, Any] = json.loads(row[2])
    return body


def fact_hashes(connection: Connection, tenant: Tenant, one: int, other: int) -> dict[int, bytes]:
    """The chain's hashes at two places, where a fact stands there; at 0 that which the chain begins with."""
    found: dict[int, bytes] = dict(_hashes(connection, tenant=tenant.number, one=one, other=other))
    return {0: GENESIS} | found


def fact(connection: Connection, tenant: Tenant, event_id: str) -> Event | None:
    """One fact by its event id."""
    place = place_of(connection, tenant, event_id)
    return None if place is None else facts_at(connection, tenant, [place]).get(place)


def head(connection: Connection, tenant: Tenant) -> Head:
    """The fact counter. Raises UnknownTenant."""
    row = _head(connection, tenant=tenant.number).first()
    if row is None:
        raise UnknownTenant(tenant.name)
    return Head(*row)


def locked_head(connection: Connection, tenant: Tenant) -> tuple[Head, Instant]:
    """In a job of the writer: the fact counter, which nobody else moves before its commit, and the instant of the last cut
    (``lanes.cut``), before which no later fact is recorded. Raises UnknownTenant."""
    row = connection.info.get(HEADS, _NO_HEADS).pop(
        tenant.number, None
    )  # told with the lock, to the first job of a slice
    if row is None:
        row = _locked(connection, tenant=tenant.number).first()
    if row is None:
        raise UnknownTenant(tenant.name)
    return Head(*row[:3]), Instant(row[3])


def corrected_by(connection: Connection, tenant: Tenant, event_id: str) -> str | None:
    """Event id of the fact that corrected or withdrew this one, if any."""
    row = _corrected(connection, tenant=tenant.number, target=UUID(event_id).bytes).first()
    return None if row is None else str(UUID(bytes=row[0]))


def latest(connection: Connection, tenant: Tenant, event_id: str) -> str:
    """The newest event of the chain of corrections that starts or goes on at this one."""
    while (newer := corrected_by(connection, tenant, event_id)) is not None:
        event_id = newer
    return event_id
