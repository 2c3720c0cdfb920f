"""touchline.db and keys.db on SQLite: WAL, synchronous=FULL, one writing connection, many reading ones on snapshots."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from ledger import key_tables
from ledger.clock import SystemClock
from ledger.database import Database
from ledger.errors import HalfCopy, KeyStoreLost, NoLedger, UnknownSchema
from ledger.folder import KEYS_FILE, RECORD_FILE, private_file
from ledger.key_place import make_secrets
from ledger.lock import FolderLock
from ledger.ports import Locks, Transaction
from ledger.revisions import VERSION, bring, known
from ledger.tables import about, counters

APPLICATION_ID = 0x544C4C44  # "TLLD"
HALF = 0x544C4843  # "TLHC": a copy or a restore that was cut off
_BY_HAND = "begun by hand"
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
        if _BY_HAND not in connection.info:
            connection.exec_driver_sql(begin)

    return engine


class SqliteTransaction:
    """The writing connection (``ledger.ports.Transaction``).

    What belongs to the transaction is said to the driver: by way of SQLAlchemy it took as long as an event. SQLAlchemy is left
    to believe in one transaction without end.

    The first job of a transaction needs no savepoint: there is nothing before it to go back to but the beginning. A savepoint
    has SQLite copy every page aside that is changed after it, a third of what an engine's batch cost.
    """

    def __init__(self, engine: Engine) -> None:
        self._first = self._bare = False
        """Nothing was done in this transaction yet; the job in hand goes without a savepoint."""
        self._connection = engine.connect()
        self._connection.info[_BY_HAND] = True
        self._connection.begin()
        del self._connection.info[_BY_HAND]
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


class SqliteDatabase(Database):
    """In a data folder."""

    def __init__(self, folder: Path, ledger_id: str, writing: Engine, reading: Engine) -> None:
        self.mine = False
        self.folder = folder
        self.where = str(folder)
        self.clock = SystemClock()
        self.ledger_id = ledger_id
        self._writing = writing
        self._reading = reading

    @classmethod
    def open(cls, folder: Path, *, create: bool = True, mine: bool = False) -> SqliteDatabase:
        """Open the data folder, making it where ``create`` allows. One of an older revision is brought to this one, for which
        nobody else may have it; ``mine``: the caller holds its lock.

        Raises NoLedger, FolderInUse, or UnknownSchema for a file of another kind or a later version.
        """
        path = folder / RECORD_FILE
        if not path.exists():
            if not create:
                raise NoLedger(str(folder))
            folder.mkdir(parents=True, exist_ok=True)
            private_file(path)  # its -wal and -shm take the same permissions
        pragmas = ("page_size=8192", "journal_mode=WAL", "cache_size=-32768")
        writing = sqlite_engine(path, writing=True, pragmas=pragmas)
        reading = sqlite_engine(path, writing=False)
        try:
            ledger_id, before = cls._prepare(writing, folder, create, mine)
        except BaseException:
            writing.dispose()
            reading.dispose()
            raise
        made = cls(folder, ledger_id, writing, reading)
        made.mine, made.before = mine, before
        return made

    @staticmethod
    def _prepare(writing: Engine, folder: Path, create: bool, mine: bool) -> tuple[str, int]:
        """(id of the ledger, the version that it was brought from, or 0)."""
        try:
            with writing.begin() as connection:
                kind = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
                version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                if kind == APPLICATION_ID:
                    if known(version, str(folder / RECORD_FILE)) != VERSION:
                        with _alone(folder, mine):
                            bring(connection, "record", version)
                    named = select(about.c.value).where(about.c.name == "ledger_id")
                    found = str(connection.execute(named).scalar_one())
                    return found, version if version != VERSION else 0
                tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
                if kind == HALF:
                    raise HalfCopy(str(folder))
                if kind or version or tables:
                    raise UnknownSchema(f"{folder / RECORD_FILE} has schema version {version}")
                if not create:
                    raise NoLedger(str(folder))
                bring(connection, "record", 0)
                ledger_id = str(uuid.uuid4())
                connection.execute(insert(about).values(name="ledger_id", value=ledger_id))
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
                return ledger_id, 0
        except DatabaseError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) == 26:
                raise UnknownSchema(f"{folder / RECORD_FILE} is no SQLite database") from None
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def transaction(self) -> Transaction:
        return SqliteTransaction(self._writing)

    def create(self, tables: MetaData) -> None:
        with self._writing.begin() as connection:
            self.make(connection, tables)

    def make(self, connection: Connection, tables: MetaData) -> None:
        tables.create_all(connection)

    def key_place(self) -> SqliteKeys:
        return SqliteKeys(self)

    def close(self, *, checkpoint: bool = True) -> None:
        self._reading.dispose()
        if checkpoint:
            emptied(self._writing)
        self._writing.dispose()


class SqliteKeys:
    """keys.db beside the record: 0600, overwritten on deletion (``ledger.key_place.KeyPlace``)."""

    def __init__(self, database: SqliteDatabase) -> None:
        path = database.folder / KEYS_FILE
        if not path.exists():
            with database.read() as connection:
                if connection.execute(select(func.count()).select_from(counters)).scalar_one():
                    raise KeyStoreLost(str(path))
        private_file(path)
        self.where = str(path)
        self._writing = sqlite_engine(path, writing=True, pragmas=("journal_mode=WAL", "secure_delete=ON"))
        self._reading = sqlite_engine(path, writing=False)
        self._opened: SqliteTransaction | None = None
        self._version = 0
        try:
            self._prepare(database)
        except BaseException:
            self.close(checkpoint=False)
            raise

    def _prepare(self, database: SqliteDatabase) -> None:
        with self._writing.begin() as connection:
            kind = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if kind == key_tables.APPLICATION_ID:
                if known(version, self.where) != VERSION:
                    with _alone(database.folder, database.mine):
                        bring(connection, "keys", version)
                return
            if kind or version:
                raise UnknownSchema(f"{self.where} has schema version {version}")
            bring(connection, "keys", 0)
            make_secrets(connection, database.ledger_id)
            connection.exec_driver_sql(f"PRAGMA application_id={key_tables.APPLICATION_ID}")

    def transaction(self) -> Transaction:
        self._opened = SqliteTransaction(self._writing)
        return self._opened

    def changed(self) -> bool:
        """Nobody else should: the folder is this process's. Keys that somebody deletes by hand must not be used for that."""
        was, self._version = self._version, self._opened.version() if self._opened else 0
        return was != self._version

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def scrub(self) -> bool:
        """Empty the write-ahead log, where destroyed keys still stand. A reader in the way is not waited for: the writer's
        thread does this, and everybody waits for the writer."""
        return emptied(self._writing, wait=False)

    def close(self, *, checkpoint: bool = True) -> None:
        self._reading.dispose()
        if checkpoint:
            emptied(self._writing)
        self._writing.dispose()


def _alone(folder: Path, mine: bool) -> AbstractContextManager[object]:
    """Nobody else works with tables that are being changed. Raises FolderInUse."""
    return nullcontext() if mine else FolderLock(folder)


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
