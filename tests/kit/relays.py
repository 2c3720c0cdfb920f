"""Relays to be watched and broken: in a thread, or as the process that an operator starts; and what they published."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from prometheus_client import generate_latest
from sqlalchemy import text

from ledger.brokers import Brokers, partition_of
from ledger.postgres import PostgresDatabase
from ledger.wire import Headers, Record, key_of, read
from producers.kafka_clients import opened
from producers.relay import Relay
from producers.relay_lane import LANES
from producers.topics import topics_of
from tests.kit.kafka import IN_ORDER
from tests.kit.postgres import Place
from tests.kit.world import START, World, event
from tests.touchline.commands import ROOT, until

DATA = {"subject": "engineering", "category": "leak", "description": "渗水"}


@contextmanager
def relaying(place: Place, brokers: Brokers) -> Iterator[Relay]:
    """A relay in a thread; its end, and whatever ended it before, is the test's."""
    database = PostgresDatabase.at(place.url)
    relay = Relay(database, brokers)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            relay.run()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="relay")
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(60)
        database.close()
        if errors:  # rather than what the test misses of it
            raise errors[0]
    assert not thread.is_alive()


class RelayProcess:
    """``touchline relay``. ``log`` is what it said, a JSON object a line."""

    def __init__(self, place: Place, brokers: Brokers, folder: Path, port: int = 0) -> None:
        folder.mkdir()
        self._log = folder / "log"
        words = ["relay", "--database", place.url, "--metrics-port", str(port), "--data", str(folder)]
        given = {
            "TOUCHLINE_KAFKA": ",".join(brokers.servers),
            "TOUCHLINE_KAFKA_TOPICS": brokers.topics,
            "TOUCHLINE_LOG_FORMAT": "json",
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "touchline", *words], cwd=ROOT, env={**os.environ, **given}, stderr=log
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)


def complaints(world: World, first: int, count: int) -> None:
    """So many facts, in pieces that the ledger takes."""
    for at in range(first, first + count, 200):
        world.append(
            *(
                event("complaint.received", f"c{n}", START, ticket=f"C{n}", data=DATA)
                for n in range(at, min(at + 200, first + count))
            )
        )


def heads(world: World) -> dict[str, int]:
    """How far both lanes of the world's tenant go."""
    with world.database.read() as connection:
        return {
            lane: connection.scalar(text(f"SELECT coalesce(max(place), 0) FROM {lane}")) or 0
            for lane in LANES
        }


def cursors(world: World) -> dict[str, int]:
    """How far both lanes were acknowledged."""
    with world.database.read() as connection:
        rows = connection.execute(text("SELECT lane, place FROM relay_cursors")).all()
    return dict.fromkeys(LANES, 0) | {row[0]: row[1] for row in rows}


def at_head(world: World) -> None:
    until(lambda: cursors(world) == heads(world), "all was acknowledged", 60.0)


def held(world: World) -> set[int]:
    """The tenants that some relay publishes."""
    with world.database.read() as connection:
        return set(connection.execute(text("SELECT tenant FROM relays WHERE owner <> ''")).scalars())


def figures(relay: Relay) -> dict[str, float]:
    """What it tells Prometheus."""
    lines = generate_latest(relay.meters.registry).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}


def with_topics(brokers: Brokers) -> Brokers:
    """Both are made."""
    with topics_of(brokers) as topics:
        topics.init(1)
    return brokers


def put(brokers: Brokers, records: Iterable[tuple[bytes | None, Headers]]) -> None:
    """Somebody else's records in the facts of tenant 1."""
    with closing(opened(KafkaProducer, brokers, "test", acks="all", **IN_ORDER)) as producer:
        for value, headers in records:
            producer.send(
                brokers.facts, value=value, key=key_of(1), headers=headers, partition=partition_of(1)
            )
        producer.flush(20)


def raw_records(brokers: Brokers, tenant: int = 1, lane: str = "facts") -> list[tuple[bytes | None, Headers]]:
    """(value, headers) of all that stands in the topic of a lane."""
    part = TopicPartition(brokers.verdicts if lane == "verdicts" else brokers.facts, partition_of(tenant))
    consumer = opened(KafkaConsumer, brokers, "test", enable_auto_commit=False, auto_offset_reset="earliest")
    found: list[tuple[bytes | None, Headers]] = []
    with closing(consumer):
        consumer.assign([part])
        end = consumer.end_offsets([part])[part]
        while consumer.position(part) < end:
            for records in consumer.poll(timeout_ms=200).values():
                assert {record.key for record in records} == {b"%d" % tenant}
                found += [(record.value, record.headers) for record in records]
    return found


def published(brokers: Brokers, tenant: int, lane: str) -> list[Record]:
    """Every record of a lane, doubles too, as they stand in the topic."""
    return [read(tenant, value, headers) for value, headers in raw_records(brokers, tenant, lane)]


def whole(world: World, brokers: Brokers, *, in_order: bool = True) -> dict[str, int]:
    """Both lanes stand in the topics verbatim; ``in_order``: each place for the first time after the one before it. Returns how
    many records of each lane are doubles."""
    doubles = {}
    for lane in LANES:
        found = published(brokers, world.tenant.number, lane)
        first = {record.place: record for record in reversed(found)}
        seen = list(dict.fromkeys(record.place for record in found))
        with world.database.read() as connection:
            after = "after" if lane == "verdicts" else "NULL::bigint"
            rows = connection.execute(
                text(f"SELECT place, recorded, {after}, hash, body FROM {lane} ORDER BY place")
            ).all()
        assert (seen if in_order else sorted(seen)) == [row[0] for row in rows]
        for place, recorded, follows, hashed, body in rows:
            record = first[place]
            assert (record.recorded, record.after, record.hash, record.body) == (
                recorded,
                follows,
                hashed,
                body,
            )
            assert record.ledger_id == record.timeline == world.database.ledger_id
        doubles[lane] = len(found) - len(rows)
    return doubles
