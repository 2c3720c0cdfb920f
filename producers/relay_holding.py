"""What a relay holds: tenants, each by a lease and its epoch, and their lanes, each from where its cursor stands."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ledger.brokers import Brokers, partition_of
from ledger.postgres import PostgresDatabase
from ledger.tenants import Tenant, listed
from ledger.timeline import timelines
from producers.relay_check import Tail, check
from producers.relay_lane import LANES, Lane
from producers.relay_meters import RelayMeters
from producers.relay_place import Cursor, RelayPlace
from producers.topics import TopicsLacking

RENEW = 1.5
"""Seconds between two looks at leases, new tenants and the topics."""
POLL = 1.0
"""Seconds without a bell after which the ledger is looked at all the same."""
KEEP = 0.25
"""Seconds for which what the brokers acknowledged may be known to this process alone. After a crash it is sent again."""


class Holding:
    """For as long as its clients of Kafka work; made anew with them, for what was under way may be in other topics."""

    def __init__(
        self, database: PostgresDatabase, brokers: Brokers, place: RelayPlace, meters: RelayMeters
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._place = place
        self._meters = meters
        self._log = structlog.get_logger("relay")
        self.lanes: dict[tuple[int, str], Lane] = {}
        """By tenant and name."""
        self.timeline = ""
        """Of the ledger, when the leases were renewed."""
        self._epochs: dict[int, int] = {}
        self._topics: dict[str, str] = {}
        """Ids by name."""
        self._looked = self._kept = float("-inf")
        """When the leases were renewed, when the cursors were written."""

    @property
    def due(self) -> bool:
        """``renew`` is to be called again."""
        return monotonic() - self._looked > RENEW

    def renew(self, topics: dict[str, tuple[str, int]]) -> bool:
        """Renew what is ours, take what is free, drop what others took; whether something was taken. ``topics``: ids and
        partitions by name. Raises TopicsLacking, also where they were made anew (then all begins anew), and what the
        clients raise."""
        if len(topics) != 2:
            raise TopicsLacking(f"run touchline kafka init: {self._brokers.facts}, {self._brokers.verdicts}")
        ids = {name: found for name, (found, _) in topics.items()}
        if self._topics and ids != self._topics:
            raise TopicsLacking("they were made anew")  # what is under way may be in the old ones
        self._topics = ids
        with self._database.read() as connection:
            named = {tenant.number: tenant for tenant in listed(connection)}
            self.timeline = timelines(connection, self._database.ledger_id).current
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
        self.show()
        return bool(taken)

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
        for key, (lane, tail) in lanes.items():
            lane.forged = tail.forged
            self.lanes[key] = lane
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
            del self.lanes[tenant, lane]

    def keep(self, *, now: bool = False) -> float:
        """Write the cursors, unless that was just done; seconds until it is to be done again."""
        moved = [lane for lane in self.lanes.values() if lane.cursor.place > lane.kept]
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

    def let_go(self) -> None:
        """Write what was acknowledged and let others have the tenants, where the database answers."""
        with suppress(DBAPIError, NoConnectionFree):
            self.keep(now=True)
            self._place.release()
        self._epochs, self.lanes = {}, {}
        self.show()

    def show(self) -> None:
        """Tell the meters."""
        places: dict[str, dict[int, int]] = {lane: {} for lane in LANES}
        for (tenant, name), lane in self.lanes.items():
            places[name][tenant] = lane.cursor.place
        self._meters.stands(places, {key: lane.forged for key, lane in self.lanes.items()})
