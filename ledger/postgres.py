"""The record on PostgreSQL: read on snapshots from a pool, written through one connection a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, func, select, text

from ledger.bell import Bell
from ledger.clock import SystemClock
from ledger.database import Database
from ledger.errors import KeyStoreLost, NotMigrated, OwnerWrites, UnknownSchema, unreachable
from ledger.hot import DIRECT
from ledger.key_place import make_secrets
from ledger.migrating import owner_of_keys, revision, upgrade, upgrade_keys
from ledger.ports import Transaction
from ledger.postgres_engine import KEYS, READING, RECORD, SETS, WRITING, postgres_engine, shown
from ledger.postgres_transaction import CLOCK, PostgresTransaction
from ledger.revisions import HEAD
from ledger.tables import about, counters
from schemas.instants import Instant

POOL = {"pool_size": 4, "max_overflow": 28, "pool_timeout": 10, "pool_pre_ping": True}


class DatabaseClock:
    """The database's clock. Each slice of the writer reads it under its locks; from one slice to the next it is carried on
    by this machine's boot clock, and never runs ahead of what the database said."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self._at = (self._machine.now(), self._machine.boot())

    def sync(self, told: Instant) -> None:
        """The database's time, which was just read."""
        self._at = (told, self._machine.boot())

    def now(self) -> Instant:
        told, boot = self._at
        return told + self._machine.boot() - boot

    def boot(self) -> int:
        return self._machine.boot()


class PostgresDatabase(Database):
    """``url`` is the application role's; ``keys_url`` that of the key store, the same where it is ""."""

    shared = True
    patience = 25_000_000
    """Commits wait for a disk that others use too: what comes meanwhile shares the next one."""

    def __init__(self, url: str, keys_url: str, ledger_id: str, reading: Engine, now: Instant) -> None:
        self.url = url
        self.where = shown(url)
        self.ledger_id = ledger_id
        self._clock = DatabaseClock()
        self._clock.sync(now)
        self.clock = self._clock
        self._keys_url = keys_url or url
        self._reading = reading
        self._writing = postgres_engine(
            url, name="touchline writer", settings=WRITING, path=f"{RECORD}, {SETS}"
        )

    @classmethod
    def at(cls, url: str, keys_url: str = "", *, writing: bool = True) -> PostgresDatabase:
        """Open it. Raises BadUrl, NoDriver, Unreachable, NoLedger, UnknownSchema; OwnerWrites where ``writing`` as a role
        that could change the record."""
        reading = postgres_engine(
            url, name="touchline reader", settings=READING, path=f"{RECORD}, {SETS}", **POOL
        )
        try:
            with unreachable(shown(url)), reading.connect() as connection:
                found = revision(connection)
                if not found:
                    raise NotMigrated(shown(url))
                if found != HEAD:
                    raise UnknownSchema(
                        f"its tables are of revision {found}, this version needs {HEAD}: touchline database migrate"
                    )
                if writing:
                    query = f"SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = '{RECORD}.facts'::regclass"
                    if connection.scalar(text(query)):
                        raise OwnerWrites
                mine = select(about.c.value).where(about.c.name == "ledger_id")
                ledger_id = str(connection.execute(mine).scalar_one())
                now = int(connection.exec_driver_sql(CLOCK).scalar_one())
        except BaseException:
            reading.dispose()
            raise
        return cls(url, keys_url, ledger_id, reading, now)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def bare(self) -> Iterator[Connection]:
        with self.read() as connection:
            info = connection.info
            info[DIRECT] = True
            try:
                yield connection
            finally:
                info.pop(DIRECT, None)

    def transaction(self) -> Transaction:
        return PostgresTransaction(
            self._writing, self._clock.sync, before=f"SELECT {RECORD}.provide_ranges()"
        )

    def create(self, tables: MetaData) -> None:
        with self._writing.begin() as connection:
            # two processes may be started at once
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('touchline.create', 0))"))
            self.make(connection, tables)

    def make(self, connection: Connection, tables: MetaData) -> None:
        """What stands in the record's schema is there already; what is missing belongs to the rebuildable sets."""
        from sqlalchemy import inspect

        there = set(inspect(connection).get_table_names(RECORD)) | set(
            inspect(connection).get_table_names(SETS)
        )
        missing = [table for table in tables.sorted_tables if table.name not in there]
        if missing:
            connection.execute(text(f"SET LOCAL search_path = {SETS}, {RECORD}"))
            tables.create_all(connection, tables=missing, checkfirst=False)
            connection.execute(text(f"SET LOCAL search_path = {RECORD}, {SETS}"))

    def counted(self, tables: MetaData) -> None:
        with self._writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables.sorted_tables:
                connection.exec_driver_sql(f"ANALYZE {SETS}.{table.name}")

    def key_place(self) -> PostgresKeys:
        return PostgresKeys(self, self._keys_url)

    def bell(self, heard: Callable[[], None]) -> Bell:
        return Bell(postgres_engine(self.url, name="touchline bell"), heard)

    def close(self, *, checkpoint: bool = True) -> None:
        self._reading.dispose()
        self._writing.dispose()


class PostgresKeys:
    """The key store in a schema of its own, in the record's database or another (``ledger.key_place.KeyPlace``). Its role
    owns its tables, for nothing here is kept for ever."""

    def __init__(self, database: PostgresDatabase, url: str) -> None:
        self.where = f"{shown(url)}, schema {KEYS}"
        self._writing = postgres_engine(url, name="touchline keys writer", settings=WRITING, path=KEYS)
        self._reading = postgres_engine(
            url, name="touchline keys reader", settings=READING, path=KEYS, **POOL
        )
        try:
            with unreachable(self.where):
                self._prepare(database)
        except BaseException:
            self.close()
            raise

    def _prepare(self, database: PostgresDatabase) -> None:
        with self._writing.begin() as connection:
            if revision(connection, "keys") == HEAD:
                return
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('touchline.keys', 0))"))
            if (found := revision(connection, "keys")) == HEAD:
                return  # another process made it while we waited
            owner = owner_of_keys(connection)
            if owner is False:  # a copy was made here, by the owner of the record
                raise UnknownSchema(
                    f"the keys' tables are of revision {found or '0001'}, this version needs {HEAD}: touchline database migrate"
                )
            if owner:
                upgrade_keys(connection)
                return
            with database.read() as record:
                if record.execute(select(func.count()).select_from(counters)).scalar_one():
                    raise KeyStoreLost(self.where)
            if connection.scalar(text(f"SELECT to_regnamespace('{KEYS}')")) is None:
                connection.execute(text(f"CREATE SCHEMA {KEYS}"))
            upgrade(connection, "keys")
            make_secrets(connection, database.ledger_id)

    def transaction(self) -> Transaction:
        return PostgresTransaction(self._writing)

    def changed(self) -> bool:
        return True  # other processes write here too

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def scrub(self) -> bool:
        """Rows that were deleted go with the next VACUUM, the server's own or the operator's."""
        return True

    def close(self, *, checkpoint: bool = True) -> None:
        self._reading.dispose()
        self._writing.dispose()
