"""The windows of a relay: one under way for every lane that is behind, settled when the brokers have answered."""

from __future__ import annotations

import threading
from dataclasses import replace
from time import monotonic
from typing import Any

import structlog
from kafka.errors import KafkaError, KafkaTimeoutError

from ledger.brokers import partition_of
from ledger.postgres import PostgresDatabase
from producers.relay_holding import POLL, Holding
from producers.relay_lane import Lane, heads, page
from producers.relay_meters import RelayMeters

AGAIN = 0.5
"""Seconds before Kafka or the database is tried again."""
REQUEST, DELIVERY = 3000, 8000
"""Milliseconds: for an answer of a broker, for a record with all its retries."""
TOGETHER = 32
"""Lanes that are read in one go: at most so many MiB in memory."""
FAILURES = 3
"""Failed windows in a row after which everything is let go and opened anew, by us or by a relay that has a better line."""


class Windows:
    """Of what is held. ``rung``: somebody has appended since the ledger was read, for all that we know; ``wake``: set, from
    the client's thread, when a window was answered."""

    def __init__(
        self,
        database: PostgresDatabase,
        holding: Holding,
        meters: RelayMeters,
        rung: threading.Event,
        wake: threading.Event,
    ) -> None:
        self._database = database
        self._holding = holding
        self._meters = meters
        self._rung = rung
        self._wake = wake
        self._log = structlog.get_logger("relay")
        self._failures = 0
        self._heads: dict[tuple[int, str], int] = {}
        """How far the ledger's lanes went when it was last read."""
        self._read = float("-inf")
        """When that was."""

    def settle(self) -> bool:
        """Move the cursors of lanes whose window was answered; whether one moved. Raises KafkaTimeoutError when the client
        answers for nothing any more, or window after window fails."""
        moved, failed = False, []
        for lane in self._holding.lanes.values():
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
                self._meters.published.labels(lane.cursor.lane).inc(place - lane.cursor.place)
                lane.cursor = replace(lane.cursor, place=place)
                moved = True
        if moved:
            self._holding.show()
        for lane, failure in failed:
            self._failed(lane, failure)
        return moved

    def _failed(self, lane: Lane, failure: Exception) -> None:
        lane.after = monotonic() + AGAIN
        self._meters.errors.labels("send").inc()
        self._log.warning(
            "not_sent", tenant=lane.cursor.tenant, lane=lane.cursor.lane, error=type(failure).__name__
        )
        self._failures += 1
        if self._failures >= FAILURES:
            raise KafkaTimeoutError(f"{FAILURES} windows failed, the last with {type(failure).__name__}")

    def send(self, producer: Any) -> bool:
        """Open a window for every lane that has none and is behind; whether there was one. The heads are read when somebody has
        appended."""
        now = monotonic()
        fresh = self._rung.is_set() or now - self._read > POLL
        if not (fresh or self._behind(now)):
            return False
        with self._database.read() as connection:
            if fresh:
                self._rung.clear()  # before it is read: who rings meanwhile is heard
                self._read = now
                self._heads = heads(connection)
            pages = {
                (tenant, name): page(
                    connection, tenant, name, self._holding.lanes[tenant, name].cursor.place,
                    self._database.ledger_id, self._holding.timeline,
                )
                for tenant, name in self._behind(now)[:TOGETHER]
            }  # fmt: skip
        for (tenant, name), records in pages.items():
            lane = self._holding.lanes[tenant, name]
            try:
                lane.send(producer, partition_of(tenant), records, self._answered)
            except (KafkaError, ValueError) as error:  # ValueError: its list of partitions is old
                self._failed(lane, error)
        return bool(pages)

    def _behind(self, now: float) -> list[tuple[int, str]]:
        return [
            key
            for key, lane in self._holding.lanes.items()
            if not lane.window and lane.after <= now and self._heads.get(key, 0) > lane.cursor.place
        ]

    def _answered(self, _: Any) -> None:
        self._wake.set()

    def half_answered(self) -> bool:
        """The last of a window was answered before the others: nobody wakes us for those."""
        return any(lane.window and lane.window[-1][1].is_done for lane in self._holding.lanes.values())

    def finish(self) -> None:
        """Wait for what is under way, as long as a broker may take to answer."""
        end = monotonic() + REQUEST / 1000
        while any(lane.window for lane in self._holding.lanes.values()) and monotonic() < end:
            self._wake.clear()
            if not self.settle():
                self._wake.wait(0.05)
