"""One lane of one tenant on its way to Kafka: what is read, what is under way, what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Connection, text

from ledger import tracing
from ledger.chain import FACTS, VERDICTS
from ledger.rows import BYTES as BYTES
from ledger.rows import LANES as LANES
from ledger.rows import MOST as MOST
from ledger.rows import Gap as Gap
from ledger.rows import page as page
from ledger.wire import Record, key_of, written
from producers.relay_place import Cursor

_HEADS = text("SELECT tenant, place, verdict_place FROM counters JOIN engines USING (tenant)")


def heads(connection: Connection) -> dict[tuple[int, str], int]:
    """How far every lane (tenant, name) goes."""
    found = {}
    for tenant, fact, verdict in connection.execute(_HEADS):
        found[tenant, FACTS], found[tenant, VERDICTS] = fact, verdict
    return found


def _published(record: Record, context: str) -> str:
    return tracing.past("publish", context, 0, "producer", tenant=record.tenant, place=record.place)


@dataclass(slots=True)
class Lane:
    """``cursor``: how far it was acknowledged. ``window``: what is under way, as the client's futures, in order."""

    cursor: Cursor
    window: list[tuple[int, Any]] = field(default_factory=list)
    since: float = 0.0
    """When the window was opened (monotonic clock)."""
    after: float = 0.0
    """Nothing more is tried before."""
    kept: int = 0
    """How far that stands in the database."""
    forged: int = 0
    """Records near the end of its partition that were not the ledger's when it was taken."""

    def send(
        self, producer: Any, partition: int, records: Sequence[Record], done: Callable[[Any], None]
    ) -> None:
        """Hand all to the client; ``done`` is called, in its thread, when the last of them is answered. Raises what the
        client raises at once, for a topic or partition that it does not know; some may be under way then."""
        self.since = monotonic()
        for record in records:
            value, headers = written(record, partial(_published, record))
            sent = producer.send(
                self.cursor.topic,
                value=value,
                key=key_of(record.tenant),
                headers=headers,
                partition=partition,
            )
            self.window.append((record.place, sent))
        self.window[-1][1].add_both(done)

    def settled(self) -> tuple[int, Exception | None] | None:
        """None while something is under way; else the last place before the first failure, and that failure. A send that
        failed may have been written all the same: it is sent again."""
        if not all(future.is_done for _, future in self.window):
            return None
        place, failure = self.cursor.place, None
        for at, future in self.window:
            if future.failed():
                failure = future.exception
                break
            place = at
        self.window = []
        return place, failure
