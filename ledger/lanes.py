"""The verdict lane and its engine row: one engine per tenant, fenced by a compare-and-set (effects exactly once)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select, update

from ledger.chain import VERDICTS, Chain
from ledger.clock import Clock
from ledger.dialects import insert_one
from ledger.errors import Fenced, OtherFeed, UnknownTenant
from ledger.feeding import EMBEDDED, FEED
from ledger.hot import Hot
from ledger.tables import counters, engines, tenants, verdicts
from schemas.canonical import canonical_bytes
from schemas.instants import Instant

if TYPE_CHECKING:
    from ledger.tenants import Tenant

FIRST_SET = "a"
"""Name of the projection set that a new tenant starts with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """The engine row of a tenant: how far it has decided, and the head of its verdict lane."""

    tenant: int
    decided: int
    """Fact place up to which all is filed and concluded."""
    advanced: Instant
    """Recorded time up to which all due instants are concluded."""
    verdict_place: int
    verdict_recorded: Instant
    verdict_hash: bytes
    epoch: int
    owner: str
    set_name: str
    """The active projection set."""
    fold_version: str
    feed: str = EMBEDDED
    """What feeds the engines (``ledger.feeding``); not a column of the row, and compared with it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a tenant has come: head of the facts, decided place, head of the verdicts; and whose its engine is. ``feed`` is
    what feeds the engines of all."""

    tenant: int
    head: int
    decided: int
    verdict_place: int
    epoch: int
    feed: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A place on the line of recorded time: every fact up to ``place`` was recorded by ``at``, every later one after."""

    place: int
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictDraft:
    """A conclusion to append: ``after`` is the fact place it follows; ``body`` plain JSON with event_id, type, v,
    time, rule, rule_version, row, kind, generation, cause, routing fields, data."""

    event_id: str
    after: int
    body: Mapping[str, Any]


_FIELDS = tuple(name for name in EngineState.__dataclass_fields__ if name != "feed")
_state = Hot(
    select(*(engines.c[name] for name in _FIELDS), FEED).where(engines.c.tenant == bindparam("tenant"))
)
_standing = Hot(
    select(
        counters.c.tenant,
        counters.c.place,
        engines.c.decided,
        engines.c.verdict_place,
        engines.c.epoch,
        FEED,
    )
    .join(engines, engines.c.tenant == counters.c.tenant)
    .order_by(counters.c.tenant)
)
_name = Hot(select(tenants.c.name).where(tenants.c.number == bindparam("tenant")))
_counter = Hot(
    select(counters.c.place, counters.c.recorded, counters.c.floor)
    .where(counters.c.tenant == bindparam("tenant"))
    .with_for_update()
)
_COMPARED = ("tenant", "decided", "verdict_place", "epoch", "set_name", "feed")
_SET = tuple(name for name in _FIELDS if name != "tenant")
_setting = Hot(
    update(engines)
    .where(
        *(engines.c[name] == bindparam(f"was_{name}") for name in _COMPARED if name != "feed"),
        bindparam("was_feed") == FEED,
    )
    .values({name: bindparam(f"now_{name}") for name in _SET})
)
VERDICT = ("tenant", "place", "recorded", "after", "body", "hash")
_insert = Hot(insert_one(verdicts, VERDICT))


def engine_state(connection: Connection, tenant: Tenant) -> EngineState:
    """The engine row as it is. Raises UnknownTenant."""
    row = _state(connection, tenant=tenant.number).first()
    if row is None:
        raise UnknownTenant(tenant.name)
    return EngineState(**dict(zip((*_FIELDS, "feed"), row, strict=True)))


def standings(connection: Connection) -> list[Standing]:
    """How far every tenant has come, by number: one question for whoever follows the engines of others."""
    return [Standing(*row) for row in _standing(connection)]


def take_over(
    connection: Connection, tenant: Tenant, owner: str, feed: str = EMBEDDED, epoch: int | None = None
) -> EngineState:
    """Become the tenant's engine: raises the epoch, so that whoever was it before is fenced. ``epoch``: go on as the engine
    that had raised it to this, and raise nothing. Raises OtherFeed where the engines are fed by another than ``feed``,
    Fenced where somebody has raised the epoch since."""
    now = engine_state(connection, tenant)
    if now.feed != feed:
        raise OtherFeed(f"by {now.feed}")
    if epoch is None:
        return _swap(connection, now, replace(now, epoch=now.epoch + 1, owner=owner))
    if now.epoch != epoch:
        raise Fenced(f"tenant {tenant.number}, epoch {epoch}")
    return now


def cut(connection: Connection, clock: Clock, tenant: Tenant) -> Cut:
    """The head of the fact lane first, then the clock, in one job of the writer: what is due before that instant may be
    concluded once all up to that place is folded. Keeps the instant, so that no later fact is recorded before it even if
    the clock is set back."""
    row = _counter(connection, tenant=tenant.number).first()
    if row is None:
        raise UnknownTenant(tenant.name)
    place, recorded, floor = row
    at = max(recorded, floor, clock.now())
    connection.execute(update(counters).where(counters.c.tenant == tenant.number).values(floor=at))
    return Cut(place, at)


def switch_set(
    connection: Connection, expect: EngineState, *, set_name: str, fold_version: str
) -> EngineState:
    """Make another projection set the active one. Raises Fenced where the row is not as expected."""
    return _swap(connection, expect, replace(expect, set_name=set_name, fold_version=fold_version))


def decide(
    connection: Connection,
    clock: Clock,
    expect: EngineState,
    *,
    decided: int,
    advanced: Instant,
    verdicts: Sequence[VerdictDraft],
) -> EngineState:
    """Compare and set the engine row, then append the verdicts. First thing in the engine's transaction.

    Raises Fenced, with nothing written, where decided position, verdict head, epoch, active set or feed are not as
    expected.
    Raises ValueError for a step back, or an ``after`` that goes back or beyond ``decided``. Time may go back with a further
    fact alone, whose own instant is not over yet.
    """
    if (decided, advanced) < (expect.decided, expect.advanced):
        raise ValueError("an engine never goes back")
    became = replace(expect, decided=decided, advanced=advanced)
    rows = _linked(connection, clock, expect, decided, verdicts) if verdicts else []
    if rows:
        _, place, recorded, _, _, hashed = rows[-1]
        became = replace(became, verdict_place=place, verdict_recorded=recorded, verdict_hash=hashed)
    _swap(connection, expect, became)
    _insert.many(connection, VERDICT, rows)
    return became


def _linked(
    connection: Connection, clock: Clock, expect: EngineState, decided: int, verdicts: Sequence[VerdictDraft]
) -> list[tuple[int, int, Instant, int, bytes, bytes]]:
    """The lane's next rows, as ``VERDICT`` names them."""
    name = _name(connection, tenant=expect.tenant).scalar_one()
    chain = Chain(VERDICTS, expect.tenant, name.encode())
    place, recorded, hashed = expect.verdict_place, expect.verdict_recorded, expect.verdict_hash
    after = 0
    rows = []
    for draft in verdicts:
        if not after <= draft.after <= decided or draft.body.get("event_id") != draft.event_id:
            raise ValueError(f"verdict {draft.event_id} stands out of order or under another id")
        after = draft.after
        place, recorded = place + 1, max(recorded, clock.now())
        body = canonical_bytes(draft.body)
        hashed = chain.link(hashed, place, recorded, body, after)
        rows.append((expect.tenant, place, recorded, after, body, hashed))
    return rows


def _swap(connection: Connection, expect: EngineState, became: EngineState) -> EngineState:
    was = {f"was_{name}": getattr(expect, name) for name in _COMPARED}
    found = _setting(connection, **was, **{f"now_{name}": getattr(became, name) for name in _SET})
    if found.rowcount != 1:
        raise Fenced(f"tenant {expect.tenant}, epoch {expect.epoch}")
    return became
