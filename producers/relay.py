"""The relay: publishes both lanes of every tenant to Kafka, in order of place. Sent twice is allowed, left out never.

Where a lane stands is a cursor in the database, moved after the brokers have acknowledged; whatever falls in between
(a crash, an outage of either, a lost answer) makes it send again. kafka-python is held so (tests show the reasons):
``enable_idempotence=False``, for its idempotent producer stalls for good after an outage longer than its delivery
timeout; one request in flight, for order; a window of our own, for its ``send`` never waits; partition and key always given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from time import monotonic
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ledger.brokers import Brokers, partition_of
from ledger.errors import trouble
from ledger.postgres import PostgresDatabase
from ledger.tenants import Tenant, listed
from ledger.timeline import refuse_a_backup, timelines
from producers.kafka_clients import opened as start
from producers.kafka_clients import why
from producers.relay_check import Tail, check
from producers.relay_lane import LANES, Lane, heads, page
from producers.relay_meters import RelayMeters
from producers.relay_place import Cursor, RelayPlace
from producers.topics import MESSAGE, topics_of

RENEW = 1.5
"""Seconds between two looks at leases, new tenants and the topics."""
POLL = 1.0
"""Seconds without a bell after which the ledger is looked at all the same."""
AGAIN = 0.5
"""Seconds before Kafka or the database is tried again."""
REQUEST, DELIVERY, BLOCK = 3000, 8000, 3000
"""Milliseconds: for an answer of a broker, for a record with all its retries, for ``send`` to learn of a topic."""
KEEP = 0.25
"""Seconds for which what the brokers acknowledged may be known to this process alone. After a crash it is sent again."""
TOGETHER = 32
"""Lanes that are read in one go: at most so many MiB in memory."""
FAILURES = 3
"""Failed windows in a row after which everything is let go and opened anew, by us or by a relay that has a better line."""
PRODUCER = {
    "acks": "all",
    "enable_idempotence": False,
    "max_in_flight_requests_per_connection": 1,
    "request_timeout_ms": REQUEST,
    "delivery_timeout_ms": DELIVERY,
    "max_block_ms": BLOCK,
    "bootstrap_timeout_ms": 5000,
    "batch_size": 512 << 10,
    "max_request_size": MESSAGE,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
}


class TopicsLacking(KafkaError):  # type: ignore[misc]  # the library has no types
    """The topics are not there; run touchline kafka init."""


class Relay:
    """``run`` it in the thread that may wait. One process; as many processes as there are machines to spare."""

    def __init__(self, database: PostgresDatabase, brokers: Brokers) -> None:
        refuse_a_backup(database)
        self._database = database
        self._brokers = brokers
        self._place = RelayPlace(database)
        self.meters = RelayMeters(database)
        self._log = structlog.get_logger("relay")
        self._wake = threading.Event()
        self._stopping = False
        self._failures = 0
        self._epochs: dict[int, int] = {}
        self._lanes: dict[tuple[int, str], Lane] = {}
        self._heads: dict[tuple[int, str], int] = {}
        """How far the ledger's lanes went when it was last read."""
        self._rung = True
        """Since then somebody appended, for all that we know."""
        self._read = self._kept = float("-inf")
        """When the heads were read, when the cursors were written."""
        self._topics: dict[str, str] = {}
        """Ids by name."""
        self._looked = float("-inf")
        self.turned = monotonic()
        """When it last came round, on the clock of ``monotonic``."""
        self._timeline = ""

    def stop(self) -> None:
        """From a signal handler: ``run`` returns when what is under way was answered, or soon without."""
        self._stopping = True
        self._wake.set()

    def _heard(self) -> None:
        self._rung = True
        self._wake.set()

    def run(self) -> None:
        """Until ``stop``. Raises OtherLife, Gap; any other trouble is waited out."""
        bell = self._database.bell(self._heard)
        try:
            while not self._stopping:
                self.turned = monotonic()
                self._guarded(self._open)
        finally:
            if bell is not None:
                bell.stop()
            self._place.close()

    def _guarded(self, what: Callable[[], None]) -> None:
        """Whatever of both is away comes back, and then we go on; nobody need start us again."""
        try:
            what()
        except (KafkaError, OSError) as error:
            self.meters.errors.labels("kafka").inc()
            self._log.warning("kafka_away", error=type(error).__name__, why=why(error))
        except (DBAPIError, NoConnectionFree) as error:
            self.meters.errors.labels("database").inc()
            self._log.warning("database_away", detail=trouble(error) or type(error).__name__)
        else:
            return
        threading.Event().wait(0 if self._stopping else AGAIN)

    def _open(self) -> None:
        """Clients of Kafka, then the leases; all is let go when one of them fails."""
        with ExitStack() as opened:
            topics = opened.enter_context(topics_of(self._brokers))
            producer = start(KafkaProducer, self._brokers, "relay", **PRODUCER)
            opened.callback(_closed, producer)
            opened.callback(self._let_go)
            self._log.info("relaying", servers=list(self._brokers.servers), topics=self._brokers.topics)
            while not self._stopping:
                self.turned = monotonic()
                self._wake.clear()
                if monotonic() - self._looked > RENEW:
                    self._hold(topics.seen())
                moved = self._settle()
                sent = self._send(producer)
                left = self._keep()
                if not (moved or sent):
                    self._wake.wait(0.02 if self._half_answered() else min(POLL, left))
            self._finish()

    def _let_go(self) -> None:
        with suppress(DBAPIError, NoConnectionFree):
            self._keep(now=True)
            self._place.release()
        self._epochs, self._lanes, self._topics = {}, {}, {}
        self._looked, self._failures, self._rung = float("-inf"), 0, True
        self._show()

    def _hold(self, topics: dict[str, tuple[str, int]]) -> None:
        """Renew what is ours, take what is free, drop what others took; begin anew on topics that were made anew."""
        if len(topics) != 2:
            raise TopicsLacking(f"run touchline kafka init: {self._brokers.facts}, {self._brokers.verdicts}")
        ids = {name: found for name, (found, _) in topics.items()}
        if self._topics and ids != self._topics:
            raise TopicsLacking("they were made anew")  # what is under way may be in the old ones
        self._topics = ids
        with self._database.read() as connection:
            named = {tenant.number: tenant for tenant in listed(connection)}
            self._timeline = timelines(connection, self._database.ledger_id).current
        room = min(partitions for _, partitions in topics.values())
        if max(named, default=0) > room:
            self._log.error(
                "partitions_lacking", tenants=len(named), partitions=room, do="touchline kafka init"
            )
        epochs = self._place.hold([tenant for tenant in named if partition_of(tenant) < room])
        for tenant in [known for known, epoch in self._epochs.items() if epochs.get(known) != epoch]:
            self._drop(tenant)
        if taken := sorted(epochs.keys() - self._epochs.keys()):
            self._take([named[number] for number in taken])
            self._epochs |= {number: epochs[number] for number in taken}
            self._log.info("took", tenants=taken)
        self._looked = monotonic()
        self._show()

    def _take(self, tenants: Sequence[Tenant]) -> None:
        """Their lanes, each from where its cursor stands; what others have put behind is told."""
        cursors = self._place.cursors([tenant.number for tenant in tenants])
        lanes: dict[tuple[int, str], tuple[Lane, Tail]] = {}
        for tenant in tenants:
            for name, topic in zip(LANES, (self._brokers.facts, self._brokers.verdicts), strict=True):
                fresh = Cursor(tenant.number, name, topic, self._topics[topic], 0)
                known = cursors.get((tenant.number, name), fresh)
                same = (known.topic, known.topic_id) == (fresh.topic, fresh.topic_id)
                cursor = known if same else fresh
                lanes[tenant.number, name] = (
                    Lane(cursor, kept=cursor.place),
                    Tail(tenant, name, topic, cursor.place),
                )
        check(self._database, self._brokers, [tail for _, tail in lanes.values()])
        self._rung = True
        for key, (lane, tail) in lanes.items():
            lane.forged = tail.forged
            self._lanes[key] = lane
            if tail.forged:
                self._log.error(
                    "forged",
                    tenant=tail.tenant.number,
                    lane=tail.lane,
                    records=tail.forged,
                    ours_until=tail.last,
                    do="let nobody but the relay write to the topics",
                )

    def _drop(self, tenant: int) -> None:
        self._log.info("lost", tenant=tenant)
        del self._epochs[tenant]
        for lane in LANES:
            del self._lanes[tenant, lane]

    def _settle(self) -> bool:
        """How far the windows go that were answered."""
        moved, failed = False, []
        for lane in self._lanes.values():
            if not lane.window:
                continue
            answered = lane.settled()
            if answered is None:
                if monotonic() - lane.since > 3 * DELIVERY / 1000:
                    raise KafkaTimeoutError("the client does not answer for what it was given")
                continue
            place, failure = answered
            if failure is None:
                self._failures = 0
            else:
                failed.append((lane, failure))
            if place > lane.cursor.place:
                self.meters.published.labels(lane.cursor.lane).inc(place - lane.cursor.place)
                lane.cursor = replace(lane.cursor, place=place)
                moved = True
        if moved:
            self._show()
        for lane, failure in failed:
            self._failed(lane, failure)
        return moved

    def _keep(self, *, now: bool = False) -> float:
        """Write the cursors, unless that was just done; seconds until it is to be done again."""
        moved = [lane for lane in self._lanes.values() if lane.cursor.place > lane.kept]
        if not moved:
            return POLL
        if (left := self._kept + KEEP - monotonic()) > 0 and not now:
            return left
        lost = self._place.keep([lane.cursor for lane in moved], self._epochs)
        for lane in moved:
            lane.kept = lane.cursor.place
        self._kept = monotonic()
        for tenant in lost:
            self._drop(tenant)
        return POLL

    def _failed(self, lane: Lane, failure: Exception) -> None:
        lane.after = monotonic() + AGAIN
        self.meters.errors.labels("send").inc()
        self._log.warning(
            "not_sent", tenant=lane.cursor.tenant, lane=lane.cursor.lane, error=type(failure).__name__
        )
        self._failures += 1
        if self._failures >= FAILURES:
            raise KafkaTimeoutError(f"{FAILURES} windows failed, the last with {type(failure).__name__}")

    def _send(self, producer: Any) -> bool:
        """A window for every lane that has none and is behind. The heads are read when somebody has appended."""
        now = monotonic()
        fresh = self._rung or now - self._read > POLL
        if not (fresh or self._behind(now)):
            return False
        with self._database.read() as connection:
            if fresh:
                self._rung, self._read = False, now  # before it is read: who rings meanwhile is heard
                self._heads = heads(connection)
            pages = {
                (tenant, name): page(
                    connection, tenant, name, self._lanes[tenant, name].cursor.place,
                    self._database.ledger_id, self._timeline,
                )
                for tenant, name in self._behind(now)[:TOGETHER]
            }  # fmt: skip
        for (tenant, name), records in pages.items():
            lane = self._lanes[tenant, name]
            try:
                lane.send(producer, partition_of(tenant), records, self._answered)
            except (KafkaError, ValueError) as error:  # ValueError: its list of partitions is old
                self._failed(lane, error)
        return bool(pages)

    def _behind(self, now: float) -> list[tuple[int, str]]:
        return [
            key
            for key, lane in self._lanes.items()
            if not lane.window and lane.after <= now and self._heads.get(key, 0) > lane.cursor.place
        ]

    def _answered(self, _: Any) -> None:
        self._wake.set()

    def _half_answered(self) -> bool:
        """The last of a window was answered before the others: nobody wakes us for those."""
        return any(lane.window and lane.window[-1][1].is_done for lane in self._lanes.values())

    def _finish(self) -> None:
        """What is under way, for as long as a broker may take to answer."""
        end = monotonic() + REQUEST / 1000
        while any(lane.window for lane in self._lanes.values()) and monotonic() < end:
            self._wake.clear()
            if not self._settle():
                self._wake.wait(0.05)
        self._keep(now=True)

    def _show(self) -> None:
        places: dict[str, dict[int, int]] = {lane: {} for lane in LANES}
        for (tenant, name), lane in self._lanes.items():
            places[name][tenant] = lane.cursor.place
        self.meters.stands(places, {key: lane.forged for key, lane in self._lanes.items()})


def _closed(producer: Any) -> None:
    """At once: what it still has is sent again. Its own ``close`` raises while something is under way, and its thread stays."""
    producer._sender.force_close()
    with suppress(KafkaError):
        producer.close(timeout=1)
