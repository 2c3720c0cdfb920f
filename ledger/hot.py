"""Statements of the hot paths: written in SQLAlchemy Core, compiled once per dialect, run without Core's overhead."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql import ClauseElement


class Hot:
    """A Core statement with named ``bindparam``s, called with a connection and the values by name.

    Columns must be of the types of ``ledger.columns``, which need no conversion on the way in or out.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._known: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def __call__(self, connection: Connection, **values: Any) -> CursorResult[*tuple[Any, ...]]:
        known = self._known.get(connection.dialect.name)
        if known is None:
            compiled: Any = self._statement.compile(dialect=connection.dialect)
            order = tuple(compiled.positiontup) if compiled.positiontup else None
            fixed = {name: value for name, value in compiled.params.items() if name not in values}
            known = self._known[connection.dialect.name] = (str(compiled), order, fixed)
        sql, order, fixed = known
        if fixed:
            values = {**fixed, **values}
        if order is None:
            return connection.exec_driver_sql(sql, values)
        return connection.exec_driver_sql(sql, tuple([values[name] for name in order]))
