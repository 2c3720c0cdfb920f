"""Connections to a SQLite file: WAL, synchronous=FULL, one writing connection, many reading ones on snapshots."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

BY_HAND = "begun by hand"
"""Stands in the ``info`` of a connection that is in a transaction already."""
_WAIT = 5.0  # seconds that a statement waits for another process's lock


def sqlite_engine(path: Path, *, writing: bool, pragmas: tuple[str, ...] = ()) -> Engine:
    """An engine that begins transactions itself: BEGIN IMMEDIATE to write, a snapshot to read.

    Parameters never appear in its errors: they may be personal data.
    """
    engine = create_engine(
        f"sqlite:///{path}",
        hide_parameters=True,
        max_overflow=-1,
        connect_args={"check_same_thread": False, "timeout": _WAIT, "isolation_level": None},
    )
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in (*pragmas, "synchronous=FULL", "trusted_schema=OFF", "journal_size_limit=67108864"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if BY_HAND not in connection.info:
            connection.exec_driver_sql(begin)

    return engine


def emptied(writing: Engine, *, wait: bool = True) -> bool:
    """Bring the write-ahead log into the main file and empty it; False where a reader stands in the way."""
    with writing.connect() as connection:
        cursor = connection.connection.cursor()  # outside of any transaction, which would hold the lock
        if not wait:
            cursor.execute("PRAGMA busy_timeout=0")
        try:
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout={int(_WAIT * 1000)}")
            cursor.close()
        return not busy
