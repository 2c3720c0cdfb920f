"""The writing connection to a SQLite file and its transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from ledger.ports import Locks
from ledger.sqlite_engine import BY_HAND


class SqliteTransaction:
    """``ledger.ports.Transaction``.

    What belongs to the transaction is said to the driver: by way of SQLAlchemy it took as long as an event. SQLAlchemy is left
    to believe in one transaction without end.

    The first job of a transaction needs no savepoint: there is nothing before it to go back to but the beginning. A savepoint
    has SQLite copy every page aside that is changed after it, a third of what an engine's batch cost.
    """

    def __init__(self, engine: Engine) -> None:
        self._first = self._bare = False
        """Nothing was done in this transaction yet; the job in hand goes without a savepoint."""
        self._connection = engine.connect()
        self._connection.info[BY_HAND] = True
        self._connection.begin()
        del self._connection.info[BY_HAND]
        self._raw: Any = self._connection.connection.driver_connection

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def reading(self) -> Connection:
        return self._connection

    def begin(
        self, first: Locks | None = None, waiting: Callable[[], Sequence[Locks | None]] | None = None
    ) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        self._first, self._bare = True, False

    def admits(self, locks: Locks | None) -> bool:
        return True  # the one lock there is, is held

    def savepoint(self) -> None:
        self._bare = self._first
        if not self._bare:
            self._raw.execute("SAVEPOINT job")

    def release(self) -> None:
        self._first = False
        if not self._bare:
            self._raw.execute("RELEASE job")

    def undo(self) -> None:
        if self._bare:
            self._raw.execute("ROLLBACK")
            self._raw.execute("BEGIN IMMEDIATE")
        else:
            self._raw.execute("ROLLBACK TO job")
            self._raw.execute("RELEASE job")

    def commit(self) -> None:
        self._raw.execute("COMMIT")

    def rollback(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def version(self) -> int:
        """Another number than last time where another connection has written."""
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        if not self._connection.closed:
            self.rollback()
            self._connection.close()
