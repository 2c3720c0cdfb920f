"""Where the key store lives (a port): a file of its own on SQLite, a schema or a database of its own on PostgreSQL."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, insert

from ledger.key_tables import secrets
from ledger.ports import Transaction


class KeyPlace(Protocol):
    """Its changes are committed before the record's, so that no sealed text is kept without its key."""

    where: str
    """For people: what to restore."""

    def transaction(self) -> Transaction: ...

    def changed(self) -> bool:
        """Whether anybody else may have written here since this was asked last. Asked in the thread
        of ``transaction``, outside of one."""
        ...

    def read(self) -> AbstractContextManager[Connection]: ...

    def scrub(self) -> bool:
        """Overwrite what destroyed keys left behind; False where a reader is in the way (it is tried again)."""
        ...

    def close(self, *, checkpoint: bool = True) -> None: ...


def make_secrets(connection: Connection, ledger_id: str) -> None:
    """What an empty key store begins with: 256 random bits each."""
    for name, value in (
        ("ledger_id", ledger_id.encode()),
        ("ledger", os.urandom(32)),
        ("index", os.urandom(32)),
    ):
        connection.execute(insert(secrets).values(name=name, value=value))
