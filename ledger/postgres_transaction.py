"""The writing connection on PostgreSQL: locks first, savepoints where a job needs one, a new connection after a fault."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from ledger.errors import OutcomeUnknown
from ledger.ports import Locks

CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_GONE = ("08", "57P")
"""SQLSTATEs after which nobody can say whether a COMMIT was done: the connection, or the server, went away."""

Sync = Callable[[int], None]
"""Told the database's time (µs), each time a slice has its locks."""


class PostgresTransaction:
    """``ledger.ports.Transaction``. One round trip begins a slice, with all its locks; each job costs one more.

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
        self._held: Locks | None = None

    @property
    def connection(self) -> Connection:
        self._stands()
        if self._pending:
            self._say("RELEASE SAVEPOINT job; SAVEPOINT job" if self._standing else "SAVEPOINT job")
            self._pending, self._standing = False, True
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
        self._begun = True
        if self._sync is not None:
            told = self._say("; ".join([*words, CLOCK]))
            self._sync(int(told.get_value(0, 0)))
        else:
            self._say("; ".join(words))

    def admits(self, locks: Locks | None) -> bool:
        held = self._held
        if held is None or locks is None:
            return False
        return locks.engines <= held.engines and locks.counters <= held.counters

    def savepoint(self) -> None:
        self._pending = True  # made when the job first asks for the connection

    def release(self) -> None:
        self._pending = False

    def undo(self) -> None:
        self._stands()
        if not self._pending:
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
        return self._opened

    def _say(self, words: str) -> Any:
        from psycopg import OperationalError
        from psycopg.errors import error_from_result
        from psycopg.pq import ExecStatus

        wire: Any = self._there().connection.driver_connection
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
        if self._opened is not None and getattr(self._opened.connection.driver_connection, "closed", False):
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
