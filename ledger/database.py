"""The database as the rooms see it: the record and all that stands in one transaction with it, on SQLite or PostgreSQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData

from ledger.clock import Clock
from ledger.ports import Transaction

if TYPE_CHECKING:
    from ledger.bell import Bell
    from ledger.key_place import KeyPlace


class Database(ABC):
    """Reading from any thread, writing through the writer alone."""

    ledger_id: str
    """Names this ledger to its key store and to whoever reads it through Kafka."""
    clock: Clock
    """The clock of recorded time: the machine's on SQLite, the database's own on PostgreSQL."""
    where: str
    """For people: the folder, or the database without its password."""
    patience: int = 0
    """``Writer``'s: for how long a slice may go on where commits are slow."""
    shared: bool = False
    """Whether other processes may write here too."""
    before: int = 0
    """The revision that its tables were of, where opening brought them to this version's; else 0."""

    @staticmethod
    def open(folder: Path, *, create: bool = True, mine: bool = False) -> Database:
        """SQLite in a data folder; PostgreSQL is opened by ``ledger.postgres.PostgresDatabase.at``. ``mine``: the caller holds
        the folder's lock."""
        from ledger.sqlite import SqliteDatabase

        return SqliteDatabase.open(folder, create=create, mine=mine)

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """A reading connection on one snapshot, taken at its first statement. Any thread; keep it short."""

    def bare(self) -> AbstractContextManager[Connection]:
        """The same for who takes the driver's own errors (``errors.trouble`` reads them) and asks by ``ledger.hot`` alone:
        without what SQLAlchemy spends on each question."""
        return self.read()

    @abstractmethod
    def transaction(self) -> Transaction:
        """The writing connection, for the writer alone."""

    @abstractmethod
    def create(self, tables: MetaData) -> None:
        """Make the tables of another room where they are missing. Before the writer serves, not in one of its jobs."""

    @abstractmethod
    def make(self, connection: Connection, tables: MetaData) -> None:
        """The same within a job of the writer."""

    def enlarge(self, connection: Connection) -> None:  # noqa: B027 - a server has its own memory
        """Within a job of the writer: keep many pages in memory from here on. For a command that folds and ends; a server
        that runs for months does with few (ADR 37)."""

    def counted(self, tables: MetaData) -> None:  # noqa: B027 - SQLite's figures are said when a table is made
        """Have the database count what was filled into these tables, before anybody asks for their rows."""

    @abstractmethod
    def key_place(self) -> KeyPlace:
        """Where the keys of this ledger are kept: made where the ledger is empty. Raises KeyStoreLost, UnknownSchema."""

    def bell(self, heard: Callable[[], None]) -> Bell | None:
        """What wakes the other processes, and has ``heard`` called when they wake us; None where there are none."""
        return None

    @abstractmethod
    def close(self, *, checkpoint: bool = True) -> None:
        """Close every connection. SQLite: and empty the write-ahead log; without ``checkpoint`` where another process
        writes here, which would have to wait for that."""
