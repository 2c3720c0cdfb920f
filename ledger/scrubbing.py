"""What destroyed keys leave behind on a PostgreSQL server's disk, taken away: by the operator, for no application role may.

A deleted row stands in its page until VACUUM, in the free space of that page and in the indexes after it, in the statistics of
whoever ran ANALYZE, and in the write-ahead log, whose old segments are kept under new names and written over one by one.
So the key store's tables are written anew, and the log is turned until each segment has been written over or removed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ledger.errors import NoLedger
from ledger.key_tables import blind_index, conflicts, person_keys, persons, secrets
from ledger.postgres_engine import KEYS, postgres_engine, shown

HELD = (person_keys, blind_index, persons, conflicts, secrets)
"""Tables from which something is deleted."""
TURNS = 2000
"""Segments after which it is given up."""
Progress = Callable[[str, int, int], None]

_SEGMENTS = text("SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' ORDER BY name")
_NOW = text("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
_FORGET = text(
    "DELETE FROM pg_catalog.pg_statistic USING pg_catalog.pg_class AS held"
    f" WHERE starelid = held.oid AND held.relnamespace = '{KEYS}'::regnamespace"
)
_KEPT = text(
    "SELECT current_setting('archive_mode') <> 'off',"
    " (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_stat_replication)"
)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """``segments``: of the write-ahead log that are older than the scrub and still kept; 0 where it is clean. What has left
    this server is counted by nobody here: ``archived`` says that segments are archived, ``slots`` and ``standbys`` how many
    replication slots and connected standbys there are."""

    segments: int
    archived: bool
    slots: int
    standbys: int


def scrub(url: str, progress: Progress = lambda *_: None) -> Scrubbed:
    """``url``: the database of the key store, as a superuser. Each table is locked while it is written anew; writers that
    wait for it too long are told to try again. May be cut and run again at any time. Raises NoLedger where there are no keys,
    ValueError for another role: VACUUM would pass over what is not its own with a warning."""
    engine = postgres_engine(url, name="touchline scrub").execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT current_setting('is_superuser')")) != "on":
                raise ValueError(
                    "this role is no superuser, and only one may write the log on and read what is kept of it"
                )
            if connection.scalar(text(f"SELECT to_regclass('{KEYS}.person_keys')")) is None:
                raise NoLedger(f"{shown(url)} holds no keys")
            for done, table in enumerate(HELD):
                progress("tables", done, len(HELD))
                connection.execute(text(f"VACUUM (FULL) {KEYS}.{table.name}"))
            connection.execute(_FORGET)
            connection.execute(text("VACUUM (FULL) pg_catalog.pg_statistic"))
            left = _turn(connection, progress)
            archived, slots, standbys = connection.execute(_KEPT).one()
            return Scrubbed(left, bool(archived), int(slots), int(standbys))
    finally:
        engine.dispose()


def _turn(connection: Connection, progress: Progress) -> int:
    """Write on until every segment that could be written over was. How many could not: somebody still wants to read them."""
    old = _order(connection.scalar(_NOW))
    _next(connection)
    connection.execute(text("CHECKPOINT"))
    there = [_order(name) for name in connection.scalars(_SEGMENTS)]
    kept = sum(name <= old for name in there)  # all others bear the names of segments to come
    ahead = sum(name > old for name in there)
    for turned in range(TURNS):
        if _order(connection.scalar(_NOW)) > max(there):
            connection.execute(text("CHECKPOINT"))
            return kept
        progress("log", turned, ahead)
        _next(connection)
    return kept + ahead


def _next(connection: Connection) -> None:
    connection.execute(text("SELECT pg_logical_emit_message(true, 'touchline', 'scrub')"))
    connection.execute(text("SELECT pg_switch_wal()"))


def _order(segment: object) -> str:
    """The place in the log, whatever the timeline."""
    return str(segment)[8:]
