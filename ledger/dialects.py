"""What SQLite and PostgreSQL say in different words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Insert, Table, bindparam, insert


def upsert(table: Table, dialect: str) -> Insert:
    """Insert, or replace what stands under the same key."""
    statement = _insert(table, dialect)
    rest = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    if not rest:
        return _typed(statement.on_conflict_do_nothing())
    return _typed(
        statement.on_conflict_do_update(index_elements=[c.name for c in table.primary_key], set_=rest)
    )


def add_or_insert(table: Table, dialect: str) -> Insert:
    """Insert, or add the columns beside the key to those of what stands under the same key."""
    statement = _insert(table, dialect)
    added = {c.name: c + statement.excluded[c.name] for c in table.columns if not c.primary_key}
    return _typed(
        statement.on_conflict_do_update(index_elements=[c.name for c in table.primary_key], set_=added)
    )


def insert_one(table: Table, names: Sequence[str]) -> Insert:
    """Insert a row of these columns, for ``Hot.many``. OR FAIL on SQLite: with ABORT, its default, it copies every page aside
    that a statement is about to change, which costs more than the insert. A row fails as a whole either way."""
    statement = insert(table).values({name: bindparam(name) for name in names})
    return statement.prefix_with("OR FAIL", dialect="sqlite")


def insert_where_new(table: Table, **values: Any) -> Callable[[str], Insert]:
    """Insert, or leave what stands under the same key; by name of the dialect (``ledger.hot.Hot``)."""
    return lambda dialect: _typed(_insert(table, dialect).values(**values).on_conflict_do_nothing())


def _insert(table: Table, dialect: str) -> Any:
    if dialect == "postgresql":  # loading it takes longer than a short command may
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def _typed(statement: Any) -> Insert:
    made: Insert = statement
    return made
