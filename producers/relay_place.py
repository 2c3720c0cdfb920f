"""Which relay publishes a tenant, and how far each of its lanes was acknowledged: rows in the ledger's own PostgreSQL.

The lease says who publishes. It is taken with a new epoch, and a cursor is written under that epoch only, so that a relay
which was stopped and goes on later moves nothing; what it still sends are doubles.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ledger.postgres import PostgresDatabase
from ledger.postgres_engine import RECORD, WRITING, postgres_engine

TTL = 6
"""Seconds after which a relay that has said nothing is taken for dead."""
NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
"""The database's clock, in microseconds."""
_HOLD = text(
    "INSERT INTO relays (tenant, epoch, owner, until)"
    f" SELECT tenant, 1, :owner, {NOW} + {TTL * 1_000_000}"
    " FROM unnest(CAST(:tenants AS bigint[])) AS wanted (tenant) ORDER BY tenant"
    " ON CONFLICT (tenant) DO UPDATE SET owner = excluded.owner, until = excluded.until,"
    " epoch = relays.epoch + CASE WHEN relays.owner = excluded.owner THEN 0 ELSE 1 END"
    f" WHERE relays.owner = excluded.owner OR relays.until < {NOW}"
    " RETURNING tenant, epoch"
)
_RELEASE = text("UPDATE relays SET owner = '', until = 0 WHERE owner = :owner")
_OURS = text(
    "SELECT tenant, epoch FROM relays WHERE owner = :owner AND tenant = ANY(CAST(:tenants AS bigint[]))"
    " ORDER BY tenant FOR UPDATE"
)
_UNWAITED = text("SET LOCAL synchronous_commit = off")
_KEEP = text(
    "INSERT INTO relay_cursors (tenant, lane, topic, topic_id, place)"
    " VALUES (:tenant, :lane, :topic, :topic_id, :place) ON CONFLICT (tenant, lane) DO UPDATE"
    " SET topic = excluded.topic, topic_id = excluded.topic_id, place = excluded.place"
)
_CURSORS = text(
    "SELECT tenant, lane, topic, topic_id, place FROM relay_cursors"
    " WHERE tenant = ANY(CAST(:tenants AS bigint[]))"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to ``place`` of a lane was acknowledged by the topic with this id. A topic that was deleted and made
    again has another id, and its lanes begin anew."""

    tenant: int
    lane: str
    """facts | verdicts"""
    topic: str
    topic_id: str
    place: int


class RelayPlace:
    """Of one process, whose name is new at each start. All methods raise sqlalchemy's DBAPIError while the database is away;
    then nothing is known of what was written, and ``hold`` tells what is ours."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._engine = postgres_engine(
            database.url,
            name="touchline relay writer",
            settings=WRITING,
            path=RECORD,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
        )

    def hold(self, tenants: Sequence[int]) -> dict[int, int]:
        """Those of the tenants that are ours now, each with its epoch: held ones renewed, free ones taken."""
        with self._engine.begin() as connection:
            given = {"owner": self.owner, "tenants": sorted(tenants)}
            return {row[0]: row[1] for row in connection.execute(_HOLD, given)}

    def cursors(self, tenants: Iterable[int]) -> dict[tuple[int, str], Cursor]:
        """By tenant and lane."""
        with self._engine.begin() as connection:
            rows = [Cursor(*row) for row in connection.execute(_CURSORS, {"tenants": sorted(tenants)})]
        return {(cursor.tenant, cursor.lane): cursor for cursor in rows}

    def keep(self, cursors: Sequence[Cursor], epochs: Mapping[int, int]) -> set[int]:
        """Write those whose tenant is still ours under its epoch; returns the tenants that are not. Nothing waits for the disk:
        a cursor that a crash of the database takes back has records sent again."""
        tenants = {cursor.tenant for cursor in cursors}
        with self._engine.begin() as connection:
            connection.execute(_UNWAITED)
            ours = self._ours(connection, tenants, epochs)
            kept = [cursor for cursor in cursors if cursor.tenant in ours]
            for cursor in sorted(kept, key=lambda one: (one.tenant, one.lane)):
                connection.execute(_KEEP, {name: getattr(cursor, name) for name in Cursor.__slots__})
        return tenants - ours

    def _ours(self, connection: Connection, tenants: set[int], epochs: Mapping[int, int]) -> set[int]:
        found = connection.execute(_OURS, {"owner": self.owner, "tenants": sorted(tenants)})
        return {tenant for tenant, epoch in found if epochs.get(tenant) == epoch}

    def release(self) -> None:
        """Let the others have them at once."""
        with self._engine.begin() as connection:
            connection.execute(_RELEASE, {"owner": self.owner})

    def close(self) -> None:
        self._engine.dispose()
