"""The writing connection on PostgreSQL: locks first, savepoints where a job needs one, a new connection after a fault."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from ledger.errors import OutcomeUnknown
from ledger.hot import DIRECT, HEADS, LAST
from ledger.ports import Locks

CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_GONE = ("08", "57P")
"""SQLSTATEs after which nobody can say whether a COMMIT was done: the connection, or the server, went away."""

Sync = Callable[[int], None]
"""Told the database's time (µs), each time a slice has its locks."""


class PostgresTransaction:
    """``ledger.ports.Transaction``. One round trip begins a slice, with all its locks; each job but the first costs one more.
    The first needs no savepoint: there is nothing before it to go back to but the beginning.

    What belongs to the transaction is said over libpq directly: psycopg and SQLAlchemy see a connection in autocommit.
    """

    def __init__(self, engine: Engine, sync: Sync | None = None, before: str = "") -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._sync = sync
        self._before = before
        self._looked = 0.0
        self._opened: Connection | None = None
        self._begun = False
        self._pending = self._standing = False
        self._first = self._bare = False
        """Nothing was done in this transaction yet; the job in hand goes without a savepoint."""
        self._touched = False
        """That job has asked for the connection."""
        self._held: Locks | None = None
        self._beginning = ""

    @property
    def connection(self) -> Connection:
        self._stands()
        if self._bare:
            self._touched = True
        elif self._pending:
            self._say("RELEASE SAVEPOINT job; SAVEPOINT job" if self._standing else "SAVEPOINT job")
            self._pending, self._standing = False, True
        return self._there()

    @property
    def reading(self) -> Connection:
        if self._begun:
            return self.connection
        self._tend()
        return self._there()

    def begin(
        self, first: Locks | None = None, waiting: Callable[[], Sequence[Locks | None]] | None = None
    ) -> None:
        self._tend()
        self._held = first
        words = ["BEGIN"]
        if first is not None:
            together = [first]
            for locks in waiting() if waiting is not None else ():
                if locks is None:
                    break
                together.append(locks)
            engines = frozenset().union(*(locks.engines for locks in together))
            counters = frozenset().union(*(locks.counters for locks in together))
            self._held = Locks(engines, counters)
            words += _locking("engines", engines) + _locking("counters", counters)
        if self._sync is not None:
            words.append(_told(self._held))
        self._beginning = "; ".join(words)
        self._begin("")

    def _begin(self, before: str) -> None:
        self._begun = True
        self._first, self._bare, self._touched = True, False, False
        told = self._say(before + self._beginning)
        if self._sync is not None:
            self._sync(int(told.get_value(0, 0)))
            self._there().info[HEADS] = {
                int(told.get_value(row, 1)): (
                    int(told.get_value(row, 2)),
                    int(told.get_value(row, 3)),
                    bytes.fromhex(told.get_value(row, 4)[2:].decode()),
                    int(told.get_value(row, 5)),
                )
                for row in range(told.ntuples)
                if told.get_value(row, 1) is not None
            }

    def admits(self, locks: Locks | None) -> bool:
        held = self._held
        if held is None or locks is None:
            return False
        return locks.engines <= held.engines and locks.counters <= held.counters

    def savepoint(self) -> None:
        self._bare = self._first
        self._pending = not self._bare  # made when the job first asks for the connection

    def release(self) -> None:
        if self._first and self._opened is not None:
            self._opened.info.pop(HEADS, None)  # they may have moved
        self._first = self._bare = self._pending = False

    def undo(self) -> None:
        self._stands()
        if not self._pending:  # else it is of a job before this one
            self._there().info.pop(LAST, None)
        if self._bare:
            if self._touched:
                self._begin("ROLLBACK; ")
        elif not self._pending:
            self._say("ROLLBACK TO SAVEPOINT job")
        self._pending = False

    def commit(self) -> None:
        self._stands()
        self._pending = self._standing = False
        try:
            done = self._say("COMMIT")
        except Exception as error:
            state = getattr(error, "sqlstate", None)
            self._drop()
            if state is None or state.startswith(_GONE):
                raise OutcomeUnknown from error
            raise
        self._begun = False
        if done.command_status != b"COMMIT":
            raise RuntimeError("the database had ended the transaction by itself")

    def rollback(self) -> None:
        self._pending = self._standing = False
        if self._begun:
            self._begun = False
            try:
                self._there().info.pop(LAST, None)  # raises where the connection is known to be gone
                self._say("ROLLBACK")
            except Exception:
                self._drop()
                raise

    def close(self) -> None:
        with contextlib.suppress(Exception):  # gone or not, it is not needed any more
            self.rollback()
        self._drop()

    def _stands(self) -> None:
        """A connection that broke takes its transaction with it: nothing may go on upon another one."""
        if not self._begun:
            raise self._lost()

    @staticmethod
    def _lost() -> Exception:
        from psycopg import OperationalError

        return OperationalError("the connection is lost")

    def _there(self) -> Connection:
        if self._opened is None:
            self._opened = self._engine.connect()
            self._opened.info[DIRECT] = True
        return self._opened

    def _say(self, words: str) -> Any:
        from psycopg import OperationalError
        from psycopg.errors import error_from_result
        from psycopg.pq import ExecStatus

        wire: Any = self._there().connection.driver_connection
        words = self._there().info.pop(LAST, "") + words
        try:
            with wire.waiting():
                done = wire.pgconn.exec_(words.encode())
        except OperationalError:
            self._drop()
            raise
        if done.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            error = error_from_result(done)
            if error.sqlstate is None:  # libpq's own word, not the server's
                self._drop()
                raise self._lost() from error
            raise error
        return done

    def _tend(self) -> None:
        """Now and then, between transactions, what must stand ready; nothing waits for it."""
        if self._opened is not None and (
            self._opened.invalidated or getattr(self._opened.connection.driver_connection, "closed", False)
        ):
            self._drop()
        if self._before and time.monotonic() - self._looked > 10:
            self._there()  # who cannot connect says so
            self._looked = time.monotonic()
            with contextlib.suppress(Exception):  # a reader stands in the way: next time
                self._say(self._before)

    def _drop(self) -> None:
        """The next transaction gets a new connection."""
        opened, self._opened, self._begun = self._opened, None, False
        self._pending = self._standing = False
        if opened is not None:
            with contextlib.suppress(Exception):
                opened.invalidate()
            with contextlib.suppress(Exception):
                opened.close()


def _locking(table: str, tenants: Iterable[int]) -> list[str]:
    numbers = ", ".join(str(int(number)) for number in sorted(tenants))
    if not numbers:
        return []
    return [f"SELECT 1 FROM {table} WHERE tenant IN ({numbers}) ORDER BY tenant FOR UPDATE"]


def _told(held: Locks | None) -> str:
    """The database's time, and the counters that are locked by then, as they are now: the snapshot is newer than the locks."""
    numbers = ", ".join(str(int(number)) for number in sorted(held.counters)) if held else ""
    if not numbers:
        return f"SELECT ({CLOCK}), NULL"
    return (
        f"SELECT ({CLOCK}), tenant, place, recorded, hash, floor "
        f"FROM (SELECT 1) AS one LEFT JOIN counters ON tenant IN ({numbers})"
    )
