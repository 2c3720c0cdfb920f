"""What the ledger refuses, each with a docstring that is its message. None ever carries personal data."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError


class LedgerError(Exception):
    """The ledger refused."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        first = (type(self).__doc__ or "").strip().splitlines()[0].rstrip(".")
        super().__init__(f"{first}: {detail}" if detail else first)

    def __str__(self) -> str:  # KeyError would show the repr
        return str(self.args[0])


class NotKept(LedgerError):
    """The write was not kept; it may be sent again."""


class Busy(LedgerError):
    """Too many writes are waiting; send again in a moment."""


class Stopped(LedgerError):
    """The ledger takes no more writes because it is closing."""


class Fenced(LedgerError):
    """Another engine has this tenant now; drop the batch and let go."""


class UnknownTenant(LedgerError, KeyError):
    """No such tenant is registered."""


class TenantExists(LedgerError):
    """A tenant of this name is registered already."""


class PublicationsRefused(LedgerError):
    """The tenant was not registered because one of its first publications was refused."""


class KeyMissing(LedgerError):
    """The key store has neither the key nor a tombstone for it; restore keys.db."""


class PersonErased(LedgerError):
    """This person's data was erased; nothing more may be sealed for them."""


class Unsealable(LedgerError):
    """The sealed value is in a format this version does not know, or was altered."""


class NoLedger(LedgerError):
    """There is no ledger in this folder."""


class UnknownSchema(LedgerError):
    """The data folder was written by a version of Touchline that this one does not know."""


class KeyStoreLost(LedgerError):
    """The ledger holds records but keys.db is not there; restore it, or sealed text stays closed for good."""


class KeyStoreForeign(LedgerError):
    """keys.db belongs to another ledger."""


class FolderInUse(LedgerError):
    """Another process has this data folder."""

    def __init__(self, pid: int, since: str) -> None:
        self.pid = pid
        self.since = since
        super().__init__(f"process {pid}, since {since}" if pid else "")


_PLAIN = {
    5: "the database is locked by another process",
    6: "the database is locked by another process",
    8: "the database may not be written",
    10: "the disk does not answer as it should",
    11: "the database file is damaged; run touchline verify",
    13: "the disk is full",
    14: "the database file cannot be opened",
    26: "the file is not a database",
}


def trouble(error: BaseException) -> str:
    """Plain words for a fault of the storage itself (disk full, locked, damaged); "" for any other error."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _PLAIN.get((getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF, "")
    return ""
