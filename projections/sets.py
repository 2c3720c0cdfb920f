"""The sets that stand in a database: a shadow is made, what is left over is taken away.

Nobody may wait for either. On SQLite a table is emptied in slices before it is dropped, since dropping it whole would keep
the writer for as long as the file takes to be read; readers keep their snapshot whatever is dropped. On PostgreSQL a table
is dropped at once, when no snapshot is left from which it can be read, for who comes later would find it gone.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from time import monotonic, perf_counter

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ledger.database import Database
from ledger.errors import NotKept
from ledger.writer import Writer
from projections.store import active_set
from projections.tables import SETS, SetTables

SLICE = 0.004
"""Seconds of the writer's time that a slice of emptying should take."""
FIRST, LEAST, MOST = 500, 50, 20_000
"""Rows of a slice: at first, at least, at most."""
PATIENCE = 30.0
"""Seconds that a drop waits for readers of an older snapshot (PostgreSQL) before it is left to the next rebuild or start."""

_SQLITE = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '*_[a-z]' ORDER BY name"
_POSTGRESQL = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'touchline_sets'"
    " AND tablename ~ '_[a-z]$' ORDER BY tablename"
)
_KEYS = "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk"
_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
_OLDER = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) > age(CAST(CAST(:barrier AS xid8) AS xid))"
)


class StillActive(RuntimeError):
    """The set is the one that is read: it is not dropped."""


class Sets:
    """See the module's docstring. One process at a time makes and drops (``ledger.leases.REBUILD``)."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def standing(self) -> dict[str, list[str]]:
        """Set -> its tables, also those of another version of the rules, or of a drop that was cut off."""
        with self._database.read() as conn:
            sqlite = conn.dialect.name == "sqlite"
            found: dict[str, list[str]] = defaultdict(list)
            for name in conn.exec_driver_sql(_SQLITE if sqlite else _POSTGRESQL).scalars():
                found[name[-1]].append(name)
            return dict(found)

    def free(self, active: str) -> str:
        """The next name of which no table stands."""
        at = SETS.index(active) + 1 if active else 0
        taken = self.standing().keys() | {active}
        return next(name for name in SETS[at:] + SETS[:at] if name not in taken)

    def make(self, tables: SetTables) -> None:
        """Empty tables. Those of a set that stands already are left as they are."""
        self._writer.call(lambda conn: self._database.make(conn, tables.metadata))

    def clear(self, patience: float = 0.0) -> list[str]:
        """Drop every set but the active one; those that are still read, which stay."""
        with self._database.read() as conn:
            active = active_set(conn)
        return [
            name
            for name in self.standing()
            if name != (active[0] if active else "") and not self.drop(name, patience)
        ]

    def drop(self, name: str, patience: float = PATIENCE) -> bool:
        """Take a set away; False where it is still read after ``patience`` seconds. Raises StillActive."""
        tables = self.standing().get(name, [])
        if not tables:
            return True
        if self._database.shared:
            return self._unread(patience) and all(self.take(name, table) for table in tables)
        return all(self.take(name, table) for table in tables)

    def take(self, name: str, table: str) -> bool:
        """One table of a set; False where somebody holds it."""
        if not self._database.shared:
            self._empty(name, table)
        return self._gone(name, table)

    # -- steps

    def _unread(self, patience: float) -> bool:
        """PostgreSQL: has every snapshot ended that is older than now? Who begins later sees another set active."""
        until, tick = monotonic() + patience, threading.Event()
        with self._database.read() as conn:
            barrier = str(conn.exec_driver_sql(_NEXT).scalar_one())
        while True:
            with self._database.read() as conn:
                if not conn.execute(_OLDER, {"barrier": barrier}).scalar_one():
                    return True
            if monotonic() >= until:
                return False
            tick.wait(0.1)

    def _empty(self, name: str, table: str) -> None:
        with self._database.read() as conn:
            keys = list(conn.exec_driver_sql(_KEYS, (table,)).scalars())
        first = f"SELECT {', '.join(keys)} FROM {table} LIMIT ?"
        # one by one: SQLite looks for a list of whole keys by reading the whole table
        away = f"DELETE FROM {table} WHERE {' AND '.join(f'{key} = ?' for key in keys)}"
        count = FIRST

        def some(conn: Connection) -> tuple[int, float]:
            self._check(conn, name)
            began = perf_counter()
            found = [tuple(line) for line in conn.exec_driver_sql(first, (count,))]
            if found:
                conn.exec_driver_sql(away, found)
            return len(found), perf_counter() - began

        while True:
            gone, spent = self._writer.call(some)
            if gone < count:
                return
            count = int(min(MOST, max(LEAST, count * min(2.0, SLICE / max(spent, 1e-6)))))

    def _gone(self, name: str, table: str) -> bool:
        def drop(conn: Connection) -> None:
            self._check(conn, name)
            if self._database.shared:  # nobody may queue behind it
                conn.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
            conn.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")

        try:
            self._writer.call(drop)
        except (NotKept, DBAPIError):
            if not self._database.shared:
                raise
            return False
        return True

    @staticmethod
    def _check(conn: Connection, name: str) -> None:
        active = active_set(conn)
        if active is not None and active[0] == name:
            raise StillActive(name)
