"""The ports through which the writer touches the world. Each has one real implementation per database;
a test may wrap one to cut a process between two of its calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Locks:
    """Tenants whose engine rows and whose fact counters a job needs. Where several processes write, a slice locks those of
    all its jobs first, engine rows before counters, each ascending, so that no two processes wait for each other."""

    engines: frozenset[int] = frozenset()
    counters: frozenset[int] = frozenset()

    @classmethod
    def engine(cls, tenant: int) -> Locks:
        return cls(engines=frozenset((tenant,)))

    @classmethod
    def counter(cls, tenant: int) -> Locks:
        return cls(counters=frozenset((tenant,)))


class Joint(ABC):
    """A job of the writer that can do the work of its neighbours in the queue with its own: one savepoint, one look-up, one
    write for all. Where the whole fails, each is done by itself."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How much work it is, in the unit of ``joins``."""

    @abstractmethod
    def joins(self, job: object, size: int) -> bool:
        """Whether this job may be done with work of ``size`` that begins with ``job``."""

    @abstractmethod
    def together(self, connection: Connection, jobs: Sequence[Any]) -> list[Any]:
        """The results of the jobs (itself the first of them), in order."""

    def __call__(self, connection: Connection) -> Any:
        """By itself."""
        return self.together(connection, [self])[0]


class Transaction(Protocol):
    """The writing connection of the record, used by one thread. Calls come in the order

    ``begin (savepoint job (release | undo))* (commit | rollback)``, again and again, then ``close``. After an error in
    ``begin`` or ``commit`` the next ``begin`` starts afresh, on a new connection where the old one is gone.
    """

    @property
    def connection(self) -> Connection: ...

    @property
    def reading(self) -> Connection:
        """The same connection, for ``Hot`` questions; before ``begin`` too, when each sees what is committed by then."""
        ...

    def begin(
        self, first: Locks | None = None, waiting: Callable[[], Sequence[Locks | None]] | None = None
    ) -> None:
        """Take the locks that the first job needs, and those of jobs that wait behind it. None: a job of which nothing is
        known has the slice for itself where processes share the database. Raises a database error where another process
        keeps a lock for too long."""
        ...

    def admits(self, locks: Locks | None) -> bool:
        """Whether a job with these locks may run in the slice that was begun."""
        ...

    def savepoint(self) -> None: ...

    def release(self) -> None: ...

    def undo(self) -> None:
        """Back to the savepoint. Raises where the database has ended the whole transaction by itself."""
        ...

    def commit(self) -> None:
        """When this returns, all is on the disk. When it raises, nothing is; but for OutcomeUnknown, after which all or
        nothing is."""
        ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


class KeyTransaction(Protocol):
    """The key store's side of the same slice. It begins by itself when a job first needs it."""

    def savepoint(self) -> None: ...

    def release(self) -> None: ...

    def undo(self) -> None: ...

    def commit(self) -> None:
        """Full durability; called before the record's commit, so that no sealed text is kept without its key."""
        ...

    def rollback(self) -> None: ...


class Writable(Protocol):
    """A database as the writer sees it."""

    def transaction(self) -> Transaction:
        """Open the writing connection (once, in the writer's thread)."""
        ...
