"""Sixteen tenants' histories, told late, twice and out of order; what a topic can do to them; and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from benchmarks.load import touches
from ledger.candidate import Outcome
from ledger.chain import GENESIS
from ledger.lanes import standings
from ledger.tenants import Tenant
from ledger.wire import Record
from producers.candidates import candidate
from producers.simulator.estate import CALL_CENTRE, PROPERTY
from producers.simulator.touch import Touch
from schemas.instants import DAY, HOUR, MINUTE, Instant
from tests.kit.topic import Topic, lane
from tests.kit.world import START, TENANT, World, event
from touchline.defaults import publications

TENANTS = (TENANT, *(f"集团{n}" for n in range(2, 17)))
CASES = 3
END: Instant = START + 40 * DAY
DELAYS = (4 * MINUTE, 7 * MINUTE, 3 * HOUR, 26 * HOUR, 4 * DAY)
"""By which a source is late."""
LOT = 10 * MINUTE
"""What is sent within it is recorded at one instant."""


class Sent(NamedTuple):
    """At an instant, by the source of a tenant."""

    at: Instant
    tenant: str
    touch: Touch


class Came(NamedTuple):
    """Of one tenant: the verdict lane without its own recorded times, and the canonical dump."""

    lane: list[tuple[int, str, int, dict[str, Any]]]
    tables: list[str]


def history(dice: Random) -> list[list[Sent]]:
    """What all sources send, in order, in lots of one instant."""
    made = []
    for tenant in TENANTS:
        for touch in touches(CASES, seed=dice.randrange(1 << 30), tenant=tenant):
            at = touch.sent + (dice.choice(DELAYS) if dice.random() < 0.15 else 0)
            made.append(Sent(at, tenant, touch))
            if dice.random() < 0.05:
                made.append(Sent(at + dice.choice(DELAYS), tenant, touch))
    lots: dict[Instant, list[Sent]] = {}
    for one in sorted(made, key=lambda one: (one.at, one.tenant, one.touch.source_id)):
        lots.setdefault(one.at - one.at % LOT + LOT, []).append(one)
    return [[one._replace(at=at) for one in lot] for at, lot in lots.items()]


def peopled(world: World) -> None:
    """The tenants; of every third one two sources say how late they may be, so that promises wait for them."""
    for name in TENANTS[1:]:
        world.ledger.add_tenant(name, publications(START))
    for tenant in world.ledger.tenants()[::3]:
        for source, hours in ((CALL_CENTRE, "26h"), (PROPERTY, "3h")):
            data = {"source": source, "reports_within": hours, "by": "admin"}
            raw = event("source.declared", f"declares {source}", START, data=data)
            world.ledger.append(tenant, [candidate(raw, "admin", START, True)]).result(60)


def tell(world: World, lots: Sequence[Sequence[Sent]]) -> list[Outcome]:
    """Keep them, each lot at its instant."""
    tenants = {tenant.name: tenant for tenant in world.ledger.tenants()}
    outcomes: list[Outcome] = []
    for lot in lots:
        world.clock.set(lot[0].at)
        waiting = []
        for name in dict.fromkeys(one.tenant for one in lot):
            offered = [
                candidate(one.touch.cloudevent(), one.touch.source, one.at)
                for one in lot
                if one.tenant == name
            ]
            waiting.append(world.ledger.append(tenants[name], offered))
        for one in waiting:
            outcomes += one.result(60)
    return outcomes


def bent(dice: Random, records: list[Record]) -> list[Record]:
    """What becomes of one tenant's records on their way."""
    match dice.randrange(8):
        case 0:
            return records + records
        case 1:
            return [one for one in records if dice.random() < 0.7]
        case 2:
            return dice.sample(records, len(records))
        case 3:
            return [_forged(dice, one) if dice.random() < 0.2 else one for one in records]
        case 4:
            return []
        case 5:
            return [*(_forged(dice, one) for one in records), *records]
        case _:
            return records


def _forged(dice: Random, record: Record) -> Record:
    match dice.randrange(4):
        case 0:
            return replace(record, recorded=record.recorded - HOUR)
        case 1:
            return replace(record, body=record.body.replace(b"complaint", b"repair"))
        case 2:
            return replace(record, hash=GENESIS, body=record.body.replace(b"repair", b"complaint"))
        case _:
            return replace(record, place=record.place + dice.randint(1, 9))


class Carrier:
    """Publishes what was appended since the last time, bent."""

    def __init__(self, world: World, topic: Topic, dice: Random) -> None:
        self.world, self.topic, self.dice = world, topic, dice
        self.sent: dict[int, int] = {}

    def carry(self) -> None:
        found: list[Record] = []
        for tenant in self.world.ledger.tenants():
            records = lane(self.world, tenant, self.sent.get(tenant.number, 0))
            if records:
                self.sent[tenant.number] = records[-1].place
                found += bent(self.dice, records)
        self.topic.send(found)


def settled(world: World) -> bool:
    """Whether everything is decided, and said that is due now."""
    with world.database.read() as conn:
        standing = {one.tenant: one for one in standings(conn)}
        now = world.clock.now()
        return all(
            one.head == one.decided and world.store.pages(conn, number).earliest() > now
            for number, one in standing.items()
        )


def came(world: World) -> dict[str, Came]:
    return {tenant.name: _came(world, tenant) for tenant in world.ledger.tenants()}


def _came(world: World, tenant: Tenant) -> Came:
    world.tenant = tenant
    return Came(world.lane(), world.tables())
