"""What a relay that starts makes of the end of its topics: its own, other people's inventions, another life."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import cycle, islice
from uuid import uuid4

import pytest

from ledger.brokers import Brokers
from ledger.chain import FACTS, Chain
from ledger.postgres import PostgresDatabase
from ledger.wire import Headers, NotARecord, Record, read, written
from producers.relay import Relay
from producers.relay_check import OtherLife
from producers.relay_lane import page
from schemas.instants import DAY
from tests.kit.copies import copied
from tests.kit.kafka import Kafka
from tests.kit.postgres import Cluster, Place, migrated
from tests.kit.relays import (
    at_head,
    complaints,
    cursors,
    figures,
    heads,
    held,
    put,
    raw_records,
    relaying,
    with_topics,
)  # fmt: skip
from tests.kit.world import START, World
from tests.touchline.commands import until

FORGED = 'touchline_relay_forged{lane="facts",tenant="1"}'


@pytest.fixture
def place(cluster: Cluster) -> Iterator[Place]:
    made = cluster.ledger()
    yield made
    cluster.drop(made)


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    made = World(place)
    yield made
    made.close()


@pytest.fixture
def brokers(kafka: Kafka) -> Brokers:
    return with_topics(kafka.access())


def rows(world: World, past: int = 0) -> list[Record]:
    """The facts, as they are published."""
    with world.database.read() as connection:
        return page(connection, 1, FACTS, past, world.database.ledger_id, world.database.ledger_id)


def linked(world: World, before: Record, place: int, body: bytes) -> Record:
    """A record that follows another as the chain has it."""
    chain = Chain(FACTS, 1, world.tenant.name.encode())
    hashed = chain.link(before.hash, place, before.recorded, body)
    return replace(before, place=place, body=body, hash=hashed)


def inventions(world: World) -> list[tuple[bytes | None, Headers]]:
    """Everything that is not the ledger's and tells no life: most with the headers of a good record, or nearly."""
    *_, before, last = rows(world)
    other = last.body.replace(b"leak", b"mold")
    assert other != last.body
    value, headers = written(last)
    return [
        (b"noise", []),
        (None, headers),
        (other, headers),
        (value, [(name, b"\xff" if name == "ce_place" else text) for name, text in headers]),
        (value, [(name, text) for name, text in headers if name != "ce_chainhash"]),
        (value, [*headers, ("ce_after", b"1")]),
        *(
            written(one)
            for one in (
                replace(last, place=last.place + 1),
                replace(last, place=last.place + 1, hash=bytes(32)),
                replace(last, place=0),
                replace(last, place=(1 << 63) - 1),
                replace(last, hash=bytes(32)),
                replace(last, recorded=last.recorded + 1),
                replace(last, ledger_id=str(uuid4())),
                replace(last, ledger_id="another"),
                linked(world, before, last.place, other),  # it chains where we know what stands in this topic
            )
        ),
        (b"", [*written(replace(last, place=last.place + 1))[1], ("ce_leftout", b"4000000")]),
    ]


def test_inventions_at_the_end_are_told_and_the_relay_goes_on(
    world: World, place: Place, brokers: Brokers, capsys: pytest.CaptureFixture[str]
) -> None:
    complaints(world, 0, 5)
    world.tick(START + 10 * DAY)
    with relaying(place, brokers) as relay:
        at_head(world)
        assert figures(relay)[FORGED] == 0
    kinds = inventions(world)
    put(brokers, kinds)
    doubles = [written(one) for one in rows(world)]
    put(brokers, doubles)  # an older relay that came back: they are the ledger's
    put(brokers, islice(cycle(kinds), 3 * len(kinds)))  # far more than is looked at first
    complaints(world, 5, 5)
    capsys.readouterr()
    with relaying(place, brokers) as relay:
        at_head(world)
        told = figures(relay)
        assert told[FORGED] == 4 * len(kinds)
        assert told[FORGED.replace("facts", "verdicts")] == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "forged" in line]
    assert len(said) == 1
    assert f"ours_until={heads(world)['facts'] - 5}" in said[0]
    assert world.tenant.name not in said[0]
    assert places(world, brokers) == list(range(1, heads(world)["facts"] + 1))


def places(world: World, brokers: Brokers) -> list[int]:
    """Of the ledger's own records in the topic, in order, each for the first time."""
    stored = {row.place: row for row in rows(world)}
    found = []
    for value, headers in raw_records(brokers):
        with suppress(NotARecord):
            record = read(1, value, headers)
            if record == stored.get(record.place):
                found.append(record.place)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("buried", [False, True])
def test_another_life_is_refused(
    buried: bool, world: World, place: Place, brokers: Brokers, cluster: Cluster
) -> None:
    """A copy of the ledger, on topics that the ledger itself goes on to fill; also where other records lie on top of that."""
    complaints(world, 0, 5)
    other = cluster.ledger()
    try:
        with copied(place.url, other, START) as copy:
            with relaying(place, brokers):
                at_head(world)
            with relaying(other, brokers):
                at_head(copy)  # as yet it is the same life
            complaints(world, 5, 5)
            with relaying(place, brokers):
                at_head(world)
            if buried:
                put(brokers, islice(cycle(inventions(world)), 40))
            first = rows(copy)[-1].place + 1
            refused(other, brokers, f"it has place {first}, the ledger does not")
            complaints(copy, 100, 3)
            refused(other, brokers, f"another event stands at place {first}")
            assert cursors(copy)["facts"] == first - 1
            assert held(copy) == set()
            with relaying(place, brokers) as relay:  # whose life it is goes on
                until(lambda: FORGED in figures(relay), "it has the lane")
                assert (figures(relay)[FORGED] > 0) is buried
    finally:
        cluster.drop(other)


def test_another_ledger_is_refused_where_nothing_is_ours(
    world: World, place: Place, brokers: Brokers, cluster: Cluster
) -> None:
    """It has a tenant of another name, so that its chain is not ours to follow."""
    with relaying(place, brokers):
        at_head(world)
    other = cluster.database()  # from no template: those have one ledger id
    try:
        migrated(other)
        house = World(other, tenant="another group", take_over=False)
        refused(other, brokers, f"it carries ledger {world.database.ledger_id}")
        house.close()
    finally:
        cluster.drop(other)


def refused(place: Place, brokers: Brokers, why: str) -> None:
    database = PostgresDatabase.at(place.url)
    relay = Relay(database, brokers)
    patience = threading.Timer(20, relay.stop)
    patience.start()
    try:
        with pytest.raises(OtherLife, match=why):
            relay.run()
    finally:
        patience.cancel()
        database.close()
