"""The relay: publishes both lanes of every tenant to Kafka, in order of place. Sent twice is allowed, left out never.

Where a lane stands is a cursor in the database, moved after the brokers have acknowledged; whatever falls in between
(a crash, an outage of either, a lost answer) makes it send again. kafka-python is held so (tests show the reasons):
``enable_idempotence=False``, for its idempotent producer stalls for good after an outage longer than its delivery
timeout; one request in flight, for order; a window of our own, for its ``send`` never waits; partition and key always given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ledger.brokers import Brokers
from ledger.errors import trouble
from ledger.postgres import PostgresDatabase
from ledger.timeline import refuse_a_backup
from producers.kafka_clients import opened as start
from producers.kafka_clients import why
from producers.relay_holding import POLL, Holding
from producers.relay_meters import RelayMeters
from producers.relay_place import RelayPlace
from producers.relay_windows import AGAIN, DELIVERY, REQUEST, Windows
from producers.topics import MESSAGE, topics_of

PRODUCER = {
    "acks": "all",
    "enable_idempotence": False,
    "max_in_flight_requests_per_connection": 1,
    "request_timeout_ms": REQUEST,
    "delivery_timeout_ms": DELIVERY,
    "max_block_ms": 3000,  # for ``send`` to learn of a topic
    "bootstrap_timeout_ms": 5000,
    "batch_size": 512 << 10,
    "max_request_size": MESSAGE,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
}


class Relay:
    """``run`` it in the thread that may wait. One process; as many processes as there are machines to spare."""

    def __init__(self, database: PostgresDatabase, brokers: Brokers) -> None:
        refuse_a_backup(database)
        self._database = database
        self._brokers = brokers
        self._place = RelayPlace(database)
        self.meters = RelayMeters(database)
        self._log = structlog.get_logger("relay")
        self._wake, self._rung = threading.Event(), threading.Event()
        self._stopping = False
        self.turned = monotonic()
        """When it last came round, on the clock of ``monotonic``."""

    def stop(self) -> None:
        """From a signal handler: ``run`` returns when what is under way was answered, or soon without."""
        self._stopping = True
        self._wake.set()

    def _heard(self) -> None:
        self._rung.set()
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
        holding = Holding(self._database, self._brokers, self._place, self.meters)
        windows = Windows(self._database, holding, self.meters, self._rung, self._wake)
        with ExitStack() as opened:
            topics = opened.enter_context(topics_of(self._brokers))
            producer = start(KafkaProducer, self._brokers, "relay", **PRODUCER)
            opened.callback(_closed, producer)
            opened.callback(holding.let_go)
            self._log.info("relaying", servers=list(self._brokers.servers), topics=self._brokers.topics)
            while not self._stopping:
                self.turned = monotonic()
                self._wake.clear()
                if holding.due and holding.renew(topics.seen()):
                    self._rung.set()
                moved = windows.settle()
                sent = windows.send(producer)
                left = holding.keep()
                if not (moved or sent):
                    self._wake.wait(0.02 if windows.half_answered() else min(POLL, left))
            windows.finish()


def _closed(producer: Any) -> None:
    """At once: what it still has is sent again. Its own ``close`` raises while something is under way, and its thread stays."""
    producer._sender.force_close()
    with suppress(KafkaError):
        producer.close(timeout=1)
