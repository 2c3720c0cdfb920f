"""touchline.db: the record and the operational tables in a data folder."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, insert, select
from sqlalchemy.exc import DatabaseError

from ledger.clock import SystemClock
from ledger.database import Database
from ledger.errors import HalfCopy, NoLedger, UnknownSchema
from ledger.folder import RECORD_FILE, private_file
from ledger.lock import alone
from ledger.ports import Transaction
from ledger.revisions import VERSION, bring, known
from ledger.sqlite_engine import emptied, sqlite_engine
from ledger.sqlite_keys import SqliteKeys
from ledger.sqlite_transaction import SqliteTransaction
from ledger.tables import about

APPLICATION_ID = 0x544C4C44  # "TLLD"
HALF = 0x544C4843  # "TLHC": a copy or a restore that was cut off

FEW, MANY = 4096, 32768
"""KiB of pages that the writing connection keeps."""


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
        pragmas = ("page_size=8192", "journal_mode=WAL", f"cache_size=-{FEW}")
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
                        with alone(folder, mine):
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

    def enlarge(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA cache_size=-{MANY}")

    def key_place(self) -> SqliteKeys:
        return SqliteKeys(self)

    def close(self, *, checkpoint: bool = True) -> None:
        self._reading.dispose()
        if checkpoint:
            emptied(self._writing)
        self._writing.dispose()
