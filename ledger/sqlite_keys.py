"""keys.db: the key store's place beside the record of a data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from ledger import key_tables
from ledger.errors import KeyStoreLost, UnknownSchema
from ledger.folder import KEYS_FILE, private_file
from ledger.key_place import make_secrets
from ledger.lock import alone
from ledger.ports import Transaction
from ledger.revisions import VERSION, bring, known
from ledger.sqlite_engine import emptied, sqlite_engine
from ledger.sqlite_transaction import SqliteTransaction
from ledger.tables import counters

if TYPE_CHECKING:
    from ledger.sqlite import SqliteDatabase


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
                    with alone(database.folder, database.mine):
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
