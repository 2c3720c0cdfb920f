"""Statements of the fold, made of a table once: written in SQLAlchemy Core, run as ``ledger.hot`` runs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, literal_column, update
from sqlalchemy.sql import ClauseElement

from ledger.dialects import add_or_insert, upsert
from ledger.hot import Hot, Row


class Lines:
    """A statement run once for each of many lines of values; ``names`` say in which order a line has them."""

    __slots__ = ("_hot", "names")

    def __init__(self, statement: ClauseElement, names: Sequence[str]) -> None:
        self._hot = Hot(statement)
        self.names = tuple(names)

    def __call__(self, conn: Connection, lines: Sequence[Row]) -> None:
        self._hot.many(conn, self.names, lines)


@lru_cache(maxsize=512)
def columns(table: Table) -> tuple[str, ...]:
    """Names in the table's order."""
    return tuple(c.name for c in table.columns)


@lru_cache(maxsize=512)
def keys(table: Table) -> tuple[str, ...]:
    """Names of the primary key's columns, in its order."""
    return tuple(c.name for c in table.primary_key)


@lru_cache(maxsize=512)
def _putting(table: Table, dialect: str) -> Lines:
    return Lines(upsert(table, dialect), columns(table))


def putting(table: Table, conn: Connection) -> Lines:
    """All columns in the table's order; what stands under the same key is replaced."""
    return _putting(table, conn.dialect.name)


class Copied:
    """COPY into a table of PostgreSQL: a third of what an insert costs. What stands under the same key is an error."""

    __slots__ = ("_words",)

    def __init__(self, table: Table) -> None:
        names = ", ".join(f'"{name}"' for name in columns(table))
        self._words = f"COPY {table.name} ({names}) FROM STDIN"

    def __call__(self, conn: Connection, lines: Sequence[Row]) -> None:
        if not lines:
            return
        raw: Any = conn.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(self._words) as into:
            for line in lines:
                into.write_row(line)


@lru_cache(maxsize=512)
def _copying(table: Table) -> Copied:
    return Copied(table)


def filling(table: Table, conn: Connection) -> Lines | Copied:
    """All columns in the table's order, of lines of which none stands."""
    return _copying(table) if conn.dialect.name == "postgresql" else putting(table, conn)


@lru_cache(maxsize=64)
def _adding(table: Table, dialect: str) -> Lines:
    return Lines(add_or_insert(table, dialect), columns(table))


def adding(table: Table, conn: Connection) -> Lines:
    """All columns in the table's order; to what stands under the same key the other columns are added."""
    return _adding(table, conn.dialect.name)


@lru_cache(maxsize=64)
def emptying(table: Table) -> Lines:
    """By the key's columns, where all the others are 0."""
    zero: ColumnElement[int] = literal_column("0")
    empty = [c == zero for c in table.columns if not c.primary_key]
    return Lines(delete(table).where(*_by_key(table), *empty), keys(table))


@lru_cache(maxsize=1024)
def setting(table: Table, names: tuple[str, ...]) -> Lines:
    """These columns, then the key's: of rows that stand."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return Lines(update(table).where(*_by_key(table)).values(values), (*names, *keys(table)))


@lru_cache(maxsize=512)
def deleting(table: Table) -> Lines:
    """By the key's columns."""
    return Lines(delete(table).where(*_by_key(table)), keys(table))


def _by_key(table: Table) -> Iterable[Any]:
    return [table.c[name] == bindparam(name) for name in keys(table)]
