"""Where a ledger can live: a folder (SQLite) or a database (PostgreSQL). Contract suites run over both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.database import Database
from ledger.postgres import PostgresDatabase
from tests.kit.postgres import Place

Where = Path | Place
KINDS = ("sqlite", "postgresql")
ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
"""For tests of what only one of them has."""


def opened(where: Where) -> Database:
    """As the application opens it."""
    return Database.open(where) if isinstance(where, Path) else PostgresDatabase.at(where.url)


def stored(where: Where) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file that the ledger, or its database server, has on the disk."""
    if isinstance(where, Path):
        for file in where.iterdir():
            yield file.name, file.read_bytes()
    else:
        yield from where.stored()


def name_of(where: Where) -> str:
    """As a process of its own is told it on its command line (``named``)."""
    return str(where) if isinstance(where, Path) else where.url


def named(name: str) -> Where:
    """``name_of`` taken back, as far as opening it goes."""
    return Place(url=name, owner="", admin="", tcp="") if name.startswith("postgresql:") else Path(name)


@contextmanager
def raw(where: Where, keys: bool = False) -> Iterator[Any]:
    """A plain connection that commits each statement, as an attacker or an auditor with every right would open it: to the
    record, or to the keys. ``execute`` gives a cursor."""
    if isinstance(where, Path):
        import sqlite3

        connection: Any = sqlite3.connect(
            where / ("keys.db" if keys else "touchline.db"), isolation_level=None
        )
    else:
        connection = psycopg.connect(where.admin, autocommit=True)
        connection.execute(f"SET search_path = {'touchline_keys' if keys else 'touchline, touchline_sets'}")
    try:
        yield connection
    finally:
        connection.close()
