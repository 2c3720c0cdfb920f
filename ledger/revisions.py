"""Revisions of the tables: one history (``ledger/migrations``) for the record with the operational tables and for the key
store, on both databases. A SQLite file says its revision in ``user_version``, a PostgreSQL schema in ``alembic_version``.

A revision's ``sqlite(store)`` gives the statements for a file, which are run here; its ``upgrade()`` is for PostgreSQL and run
by Alembic (``ledger.migrating``). Loading Alembic takes a fifth of what a command may take to start.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from ledger.errors import UnknownSchema

REVISIONS = ("r0001_record", "r0002_letters", "r0003_rooms", "r0004_feed", "r0005_relays")
"""Modules of ``ledger/migrations/versions``, in order (a test holds this equal to Alembic's)."""
VERSION = len(REVISIONS)
"""The newest revision that this version knows, as SQLite's ``user_version``."""
HEAD = f"{VERSION:04d}"
"""The same as Alembic says it."""
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
    for statement in _statements(store, version):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")


def _statements(store: Store, version: int) -> Iterator[str]:
    """One at a time: in a script each ends with its line."""
    for name in REVISIONS[version:]:
        for script in import_module(f"ledger.migrations.versions.{name}").sqlite(store):
            yield from (one for one in script.split(";\n") if one.strip())
