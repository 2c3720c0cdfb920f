"""The ports through which the writer touches the world. Each has one real implementation per database;
a test may wrap one to cut a process between two of its calls."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection


class Transaction(Protocol):
    """The writing connection of the record, used by one thread. Calls come in the order

    ``begin (savepoint job (release | undo))* (commit | rollback)``, again and again, then ``close``.
    """

    @property
    def connection(self) -> Connection: ...

    def begin(self) -> None:
        """Take the write lock. Raises a database error where another process has it."""
        ...

    def savepoint(self) -> None: ...

    def release(self) -> None: ...

    def undo(self) -> None:
        """Back to the savepoint. Raises where the database has ended the whole transaction by itself."""
        ...

    def commit(self) -> None:
        """When this returns, all is on the disk. When it raises, nothing is."""
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
