"""What the ledger refuses, each with a docstring that is its message. None ever carries personal data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree


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


class OutcomeUnknown(NotKept):
    """The connection broke while it was kept, so nobody knows whether it was; sending it again is safe."""


class Busy(LedgerError):
    """Too many writes are waiting; send again in a moment."""


class Stopped(LedgerError):
    """The ledger takes no more writes because it is closing."""


class Fenced(LedgerError):
    """Another engine has this tenant now; drop the batch and let go."""


class OtherFeed(Fenced):
    """The engines of this database are fed otherwise (touchline feed show)."""


class HeldElsewhere(LedgerError):
    """Another process runs engines on this database; stop it first, or let it do this."""


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


class NotMigrated(NoLedger):
    """This database has no tables of ours yet; its owner makes them with touchline database migrate."""


class UnknownSchema(LedgerError):
    """The data folder was written by a version of Touchline that this one does not know."""


class KeyStoreLost(LedgerError):
    """The ledger holds records but keys.db is not there; restore it, or sealed text stays closed for good."""


class KeyStoreForeign(LedgerError):
    """keys.db belongs to another ledger."""


class BadUrl(LedgerError):
    """This is no PostgreSQL URL; write postgresql://role@host/database."""


class NoDriver(LedgerError):
    """PostgreSQL needs psycopg, which is not installed; install touchline[scale]."""


class Unreachable(LedgerError):
    """The database cannot be reached."""


class OwnerWrites(LedgerError):
    """This role could change the record, for it owns the tables or may act as who does; take the application's role."""


class NotOwner(LedgerError):
    """Only the owner of a database's tables may copy or restore a ledger into it: name it with the owner's role."""


class HalfCopy(LedgerError):
    """A copy or a restore into this place was cut off; run it again."""


class TargetTaken(LedgerError):
    """A copy goes where nothing stands, and something does."""


class CopyDiffers(LedgerError):
    """What was copied does not verify, so it was taken away again; run touchline verify on the source."""


class CursorAhead(LedgerError):
    """Alerts have read more than the ledger holds: its tables are not of one backup; run touchline restore."""


class IsBackup(LedgerError):
    """This is a backup, which nobody writes to; run touchline restore."""


class FolderInUse(LedgerError):
    """Another process has this data folder."""

    def __init__(self, pid: int, since: str) -> None:
        self.pid = pid
        self.since = since
        super().__init__(f"process {pid}, since {since}" if pid else "")


DAMAGED = "the database is damaged; touchline verify tells how far it can be read, touchline restore brings a backup back"
NO_DATABASE = "the file is not a database"
_PLAIN = {
    5: "the database is locked by another process",
    6: "the database is locked by another process",
    8: "the database may not be written",
    10: "the disk does not answer as it should",
    11: DAMAGED,
    13: "the disk is full",
    14: "the database file cannot be opened",
    26: NO_DATABASE,
}


GONE = "the database does not answer"
_PLAIN_STATES = {
    "08": GONE,
    "25006": "the database may not be written",
    "25P03": "the database ended the transaction, which had waited for too long",
    "40001": "another process got in the way",
    "40P01": "another process got in the way",
    "53100": "the disk is full",
    "53": "the database has no room for it",
    "55P03": "the database is locked by another process",
    "57014": "the database took too long",
    "57P": GONE,
    "58": "the disk does not answer as it should",
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
"""By SQLSTATE, or its beginning."""


def trouble(error: BaseException) -> str:
    """Plain words for a fault of the storage itself (disk full, locked, damaged); "" for any other error."""
    if isinstance(error, NoConnectionFree):  # all of them wait, or too many want one
        return GONE
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _PLAIN.get((getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF, "")
    if type(cause).__module__.startswith("psycopg"):
        state = getattr(cause, "sqlstate", None)
        if state is None:  # no word from the server
            gone = any(
                kind.__name__ == "OperationalError" for kind in type(cause).__mro__
            )  # a timeout is one too
            return GONE if gone or type(cause).__name__ == "DatabaseError" else ""
        return next((_PLAIN_STATES[key] for key in (state, state[:3], state[:2]) if key in _PLAIN_STATES), "")
    return ""


@contextmanager
def unreachable(where: str) -> Iterator[None]:
    """Raises Unreachable, without what the driver says of the URL, where no connection comes about."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            state = getattr(error.orig, "sqlstate", None)
            raise Unreachable(f"{where} ({trouble(error) or state or 'no connection'})") from None
        raise
