"""Revisions of the tables: one history (``ledger/migrations``) for the record with the operational tables and for the key
store, on both databases. A SQLite file says its revision in ``user_version``, a PostgreSQL schema in ``alembic_version``.

Alembic is loaded only where something is to be done: a place that is up to date opens without it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection

from ledger.errors import UnknownSchema

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

HEAD = "0005"
"""The newest revision that this version knows."""
VERSION = int(HEAD)
"""The same as SQLite's ``user_version``."""
SCRIPTS = Path(__file__).parent / "migrations"
Store = Literal["record", "keys"]


def known(version: int, where: str) -> int:
    """A ``user_version`` that this Touchline knows how to bring up to date. Raises UnknownSchema."""
    if not 0 < version <= VERSION:
        raise UnknownSchema(f"{where} has schema version {version}, this Touchline knows 1 to {VERSION}")
    return version


def bring(connection: Connection, store: Store, version: int) -> None:
    """Within the caller's transaction: every revision after ``version`` (0: from empty) of a SQLite file. The version is part
    of the same transaction, so that whatever cuts it leaves the file as it was."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    behind = f"{version:04d}" if version else "base"
    steps = reversed(list(_scripts().iterate_revisions(HEAD, behind)))
    options: dict[str, Any] = {"store": store}
    with Operations.context(MigrationContext.configure(connection, opts=options)):
        for step in steps:
            step.module.upgrade()
    connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")


@lru_cache(maxsize=1)
def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(SCRIPTS))
