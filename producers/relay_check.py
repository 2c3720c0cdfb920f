"""Before a lane is published: where in its partition the ledger's own records end, and that nobody else's life goes on there.

A database that was restored to an earlier moment, or a copy that goes on by itself, lives another life
(``ledger.timeline``): it has, or will have, other events at places that the topic has already told to everybody. It is not
published there. What anybody else has put into the topic is told from that by the hash chain, which is over tenant, place,
instant and body: a record of another life follows the ledger's row, or a record, at the place before; one that was made up, or
has the headers of a good one, follows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError
from sqlalchemy import text

from ledger.brokers import Brokers, partition_of
from ledger.chain import FACTS, GENESIS, Chain
from ledger.postgres import PostgresDatabase
from ledger.rows import LANES
from ledger.tenants import Tenant
from ledger.wire import NotARecord, Record, read
from producers.kafka_clients import opened

LAST, WIDER, MOST = 16, 16, 1 << 16
"""Records of a partition that are looked at first; how many times more where none of them is the ledger's; the most."""
LIKELY = 4
"""Hashes told of one place that the next may follow."""
WAIT = 10.0
"""Seconds without a record after which it is given up."""


class OtherLife(Exception):
    """The topic tells another life of this ledger, or another ledger; it is not published there."""


class Row(NamedTuple):
    """What the ledger has at a place."""

    recorded: int
    after: int | None
    hash: bytes


_ROWS = {
    lane: text(
        f"SELECT place, recorded, {'NULL' if lane == FACTS else 'after'}, hash FROM {lane}"
        " WHERE tenant = :tenant AND place = ANY(CAST(:places AS bigint[]))"
    )
    for lane in LANES
}


@dataclass(slots=True)
class Tail:
    """The end of one partition. ``published``: up to where this ledger's relays are known to have filled this very topic: what
    differs there is no life, however well it chains."""

    tenant: Tenant
    lane: str
    topic: str
    published: int
    forged: int = 0
    """Records looked at that are not the ledger's."""
    last: int = 0
    """The last place of the ledger's own among them; 0: none."""
    _others: set[str] = field(default_factory=set)
    """Other ledgers that they name."""
    _told: dict[int, list[bytes]] = field(default_factory=dict)
    """Hashes that they bear, by place, as far as they are not the ledger's."""

    @property
    def found(self) -> bool:
        """Whether it is known where the ledger's own end."""
        return self.last > 0 and self.last >= self.published

    def again(self) -> None:
        """Before it is read once more, from further back."""
        self.forged, self.last = 0, 0
        self._others.clear()
        self._told.clear()

    def take(self, database: PostgresDatabase, records: Sequence[Any]) -> None:
        """The next records of it, as the client has them. Raises OtherLife."""
        known = []
        for one in records:
            with suppress(NotARecord):
                known.append(read(self.tenant.number, one.value, one.headers))
        self.forged += len(records) - len(known)
        places = {place for one in known for place in (one.place - 1, one.place)}
        with database.read() as connection:
            given = {"tenant": self.tenant.number, "places": sorted(places)}
            rows = {
                row[0]: Row(row[1], row[2], bytes(row[3]))
                for row in connection.execute(_ROWS[self.lane], given)
            }
        rows[0] = Row(0, None, GENESIS)
        chain = Chain(self.lane, self.tenant.number, self.tenant.name.encode())
        for one in known:
            self._judge(database.ledger_id, chain, rows, one)

    def _judge(self, ledger_id: str, chain: Chain, rows: dict[int, Row], one: Record) -> None:
        def follows(previous: bytes) -> bool:
            return chain.link(previous, one.place, one.recorded, one.body, one.after) == one.hash

        before, here = rows.get(one.place - 1), rows.get(one.place)
        same = here is not None and one.place > 0 and here == (one.recorded, one.after, one.hash)
        if same and one.ledger_id == ledger_id:
            left_out = one.left_out and not one.body  # then the headers are all there is, and they are right
            if left_out or (before is not None and follows(before.hash)):
                self.last = max(self.last, one.place)
                return
        self.forged += 1
        told = self._told.setdefault(one.place, [])
        may = [*self._told.get(one.place - 1, ()), *([before.hash] if before is not None else ())]
        if one.place > self.published and not same and any(map(follows, may)):
            what = (
                f"another event stands at place {one.place}"
                if here is not None
                else f"it has place {one.place}, the ledger does not"
            )
            raise OtherLife(f"{self.topic}, tenant {self.tenant.number}: {what}")
        if one.hash not in told:
            told[:] = [*told, one.hash][-LIKELY:]
        with suppress(ValueError):
            self._others |= {str(UUID(one.ledger_id))} - {ledger_id}

    def judged(self) -> None:
        """When all was taken. Another ledger's chain need not be ours to follow, for it has tenants of other names in it: it is
        believed where nothing of ours was ever there. Raises OtherLife."""
        if self._others and not (self.last or self.published):
            raise OtherLife(
                f"{self.topic}, tenant {self.tenant.number}: it carries ledger {min(self._others)}"
            )


def check(database: PostgresDatabase, brokers: Brokers, tails: Sequence[Tail]) -> None:
    """Fill them in. Raises OtherLife; KafkaError or DBAPIError where one of the two is away."""
    consumer = opened(
        KafkaConsumer, brokers, "relay-check", enable_auto_commit=False, isolation_level="read_committed",
        bootstrap_timeout_ms=5000, request_timeout_ms=5000, fetch_max_wait_ms=100,
    )  # fmt: skip
    with closing(consumer):
        parts = {TopicPartition(tail.topic, partition_of(tail.tenant.number)): tail for tail in tails}
        there = [
            part for part in parts if part.partition in (consumer.partitions_for_topic(part.topic) or ())
        ]
        ends, begins = consumer.end_offsets(there), consumer.beginning_offsets(there)
        looked, width = there, LAST
        while looked:
            starts = {part: max(begins[part], ends[part] - width) for part in looked}
            for part, records in _read(consumer, starts, ends):
                parts[part].take(database, records)
            width *= WIDER
            looked = [
                part
                for part in looked
                if not parts[part].found and starts[part] > begins[part] and width <= MOST
            ]
            for part in looked:
                parts[part].again()
    for tail in tails:
        tail.judged()


def _read(consumer: Any, starts: dict[Any, int], ends: dict[Any, int]) -> Iterator[tuple[Any, list[Any]]]:
    """What stands between these offsets."""
    waiting = {part for part, start in starts.items() if ends[part] > start}
    consumer.assign(sorted(waiting))
    for part in waiting:
        consumer.seek(part, starts[part])
    deadline = monotonic() + WAIT
    while waiting:
        for part, records in consumer.poll(timeout_ms=500).items():
            yield part, records
            deadline = monotonic() + WAIT
        waiting = {part for part in waiting if consumer.position(part) < ends[part]}
        if waiting and monotonic() > deadline:
            raise KafkaTimeoutError("the last records of the topics could not be read")
