"""Statements of the hot paths: written in SQLAlchemy Core, compiled once per dialect, run without Core's overhead.

On SQLite, and on the writing connections of PostgreSQL (``DIRECT``), they go to the driver itself: Core takes 25 µs for what
SQLite does in 2, and on PostgreSQL as long as the driver. Elsewhere Core has to see by the errors whether a connection of
its pool is still one; the writer's own sees to that itself (``ledger.postgres_transaction``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    GenerativeSelect,
    LargeBinary,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
_ROW = re.compile(r"^INSERT OR FAIL INTO .* VALUES (\([?, ]+\))$")
_STEP = 64
"""Rows of one insert on SQLite; powers of two below it, so that few statements are known."""
DIRECT = "touchline.direct"
"""Stands in the ``info`` of a connection whose owner finds out by himself that it is lost."""
HEADS = "touchline.heads"
"""There stand, until somebody may have moved them, the counters that were locked: tenant -> (place, recorded, hash, floor)."""
_TYPES: dict[type, TypeEngine[Any]] = {str: Text(), bytes: LargeBinary(), int: BigInteger()}
LAST = "touchline.last"
"""There stands, in SQL, what a job has left to be said with whatever is said next over this connection: most often COMMIT."""


def driver(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


class Found(list[Row]):
    """The rows of one answer, all read."""

    __slots__ = ("rowcount",)
    rowcount: int
    """Rows that an UPDATE or DELETE touched; what the driver says for anything else."""

    def first(self) -> Row | None:
        """The first row; None where there is none."""
        return self[0] if self else None

    def scalar_one(self) -> Any:
        """The one column of the one row. Raises LookupError where there are more or less."""
        if len(self) != 1:
            raise LookupError(f"{len(self)} rows instead of one")
        return self[0][0]


class _Compiled:
    """A statement as one dialect says it; ``order`` where parameters go by position."""

    __slots__ = ("_many", "fixed", "order", "row", "sql")

    def __init__(self, statement: ClauseElement, connection: Connection, names: frozenset[str]) -> None:
        compiled: Any = statement.compile(dialect=connection.dialect)
        self.sql = str(compiled)
        self.order = tuple(compiled.positiontup) if compiled.positiontup else None
        self.fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self.row = _ROW.search(self.sql)
        self._many: dict[int, str] = {}

    def of(self, size: int) -> str:
        """The insert of so many rows; where it is one of ``row``."""
        sql = self._many.get(size)
        if sql is None:
            assert self.row is not None
            sql = self._many[size] = self.sql + f", {self.row[1]}" * (size - 1)
        return sql

    def rows(self, connection: Connection, values: dict[str, Any]) -> Iterator[Row]:
        if self.fixed:
            values = {**self.fixed, **values}
        if connection.dialect.name == "sqlite":
            raw: Any = connection.connection.driver_connection
            found: Iterator[Row] = raw.execute(self.sql, [values[name] for name in self.order or ()])
            return found
        given = values if self.order is None else tuple([values[name] for name in self.order])
        if DIRECT in connection.info:
            return iter(driver(connection).execute(self.sql, given))
        return map(tuple, connection.exec_driver_sql(self.sql, given))

    def run(self, connection: Connection, values: dict[str, Any]) -> Found:
        if self.fixed:
            values = {**self.fixed, **values}
        if connection.dialect.name == "sqlite":
            raw: Any = connection.connection.driver_connection
            cursor = raw.execute(self.sql, [values[name] for name in self.order or ()])
            found = Found(cursor)
            found.rowcount = cursor.rowcount
            return found
        given = values if self.order is None else tuple([values[name] for name in self.order])
        if DIRECT in connection.info:
            cursor = driver(connection).execute(self.sql, given)
            found = Found(cursor if cursor.description else ())
            found.rowcount = cursor.rowcount
            return found
        result = connection.exec_driver_sql(self.sql, given)
        found = Found(map(tuple, result) if result.returns_rows else ())
        found.rowcount = result.rowcount
        return found


class Hot:
    """A Core statement with named ``bindparam``s, called with a connection and the values by name; or what makes one for
    the name of a dialect, where the statement differs (``ledger.dialects``).

    The connection has begun its transaction. Columns must be of the types of ``ledger.columns``, which need no
    conversion on the way in or out. Errors are the driver's own on SQLite, Core's elsewhere (``errors.trouble`` reads both).
    """

    def __init__(self, statement: ClauseElement | Callable[[str], ClauseElement]) -> None:
        self._statement = statement
        self._known: dict[str, _Compiled] = {}

    def __call__(self, connection: Connection, **values: Any) -> Found:
        known = self._known.get(connection.dialect.name)
        if known is None:
            known = self._compiled(connection, frozenset(values))
        return known.run(connection, values)

    def rows(self, connection: Connection, **values: Any) -> Iterator[Row]:
        """The rows one by one as the driver reads them, for who looks at each once; before the transaction ends."""
        known = self._known.get(connection.dialect.name)
        if known is None:
            known = self._compiled(connection, frozenset(values))
        return known.rows(connection, values)

    def many(self, connection: Connection, names: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Run it once for each row, whose values stand in the order of ``names``."""
        if not rows:
            return
        known = self._known.get(connection.dialect.name)
        if known is None:
            known = self._compiled(connection, frozenset(names))
        if known.fixed:
            raise ValueError("a statement that is run for many rows has no values of its own")
        if known.order is None:
            named = [dict(zip(names, row, strict=True)) for row in rows]
            if DIRECT not in connection.info:
                connection.exec_driver_sql(known.sql, named)
            elif len(named) == 1:
                driver(connection).execute(known.sql, named[0])
            else:
                driver(connection).cursor().executemany(known.sql, named)
            return
        if known.order != names:
            at = [names.index(name) for name in known.order]
            rows = [tuple([row[index] for index in at]) for row in rows]
        if connection.dialect.name == "sqlite":
            self._lite(known, driver(connection), rows)
        else:
            connection.exec_driver_sql(known.sql, list(rows))

    @staticmethod
    def _lite(known: _Compiled, raw: Any, rows: Sequence[Row]) -> None:
        """Each step lets go of the interpreter, which another busy thread then keeps for up to 5 ms: so many rows are one step,
        where that has SQLite put nothing aside (OR FAIL)."""
        if known.row is None:
            raw.executemany(known.sql, rows)
            return
        at, left = 0, len(rows)
        while left:
            size = min(1 << left.bit_length() - 1, _STEP)
            raw.execute(known.of(size), list(chain.from_iterable(rows[at : at + size])))
            at, left = at + size, left - size

    def _compiled(self, connection: Connection, names: frozenset[str]) -> _Compiled:
        statement = self._statement
        if not isinstance(statement, ClauseElement):
            statement = statement(connection.dialect.name)
        made = self._known[connection.dialect.name] = _Compiled(statement, connection, names)
        return made


class Among:
    """A question about many keys at once: ``build`` gets what stands for them and makes the statement
    (``… .where(table.c.key.in_(keys))``). ``of``: what the keys are, texts, bytes or
    64-bit integers; of keys that are pairs, both: ``build`` gets two lists then.

    On SQLite made for some numbers of keys (``SIZES``), each when it is first asked for; the last key fills up what is left.
    On PostgreSQL, from two keys on, made once, and asked of each key by itself (OFFSET 0 sees to that). Whoever plans that for
    tables of which nothing is known looks into the index, as for full ones; IN is planned there as a look at all that the
    tenant has, and a prepared question keeps its plan while the tables fill. One key is planned as one: its part of the table
    is found beforehand, which takes a fifth of the time."""

    SIZES = (1, 4, 16, 64, 96, 128)

    def __init__(
        self,
        build: Callable[..., GenerativeSelect],
        of: type[str | bytes | int] = str,
        *more: type[str | int],
    ) -> None:
        self._build = build
        self._of = (of, *more)
        self._hot: dict[int, Hot] = {}
        self._each: Hot | None = None
        self._names = [[f"key{n}_{at}" for n in range(self.SIZES[-1])] for at in range(len(self._of))]

    def __call__(self, connection: Connection, keys: Sequence[Any], **values: Any) -> Found:
        """The rows of all of them, in no order."""
        if connection.dialect.name == "postgresql" and len(keys) > 1:
            arrays = self._columns(list(dict.fromkeys(keys)))
            asked = {f"keys{at}": list(column) for at, column in enumerate(arrays)}
            return self._by_key()(connection, **values, **asked)
        found = Found()
        found.rowcount = -1
        for at in range(0, len(keys), self.SIZES[-1]):
            part = list(keys[at : at + self.SIZES[-1]])
            size = next(size for size in self.SIZES if len(part) <= size)
            part += [part[-1]] * (size - len(part))
            given = dict(values)
            for names, column in zip(self._names, self._columns(part), strict=True):
                given.update(zip(names, column, strict=False))
            found += self._among(size)(connection, **given)
        return found

    def _columns(self, keys: list[Any]) -> Iterable[Sequence[Any]]:
        return (keys,) if len(self._of) == 1 else zip(*keys, strict=True)

    def _among(self, size: int) -> Hot:
        hot = self._hot.get(size)
        if hot is None:
            # made when it is compiled and not kept: what stands for a key is a kilobyte
            hot = self._hot[size] = Hot(lambda _: self._build(*self._stand_ins(size)))
        return hot

    def _stand_ins(self, size: int) -> list[list[ColumnElement[Any]]]:
        return [[bindparam(name) for name in names[:size]] for names in self._names]

    def _by_key(self) -> Hot:
        if self._each is None:
            arrays = [bindparam(f"keys{at}", type_=ARRAY(_TYPES[of])) for at, of in enumerate(self._of)]
            names = [f"key{at}" for at in range(len(self._of))]
            asked = func.unnest(*arrays).table_valued(*names, name="asked").render_derived()
            found = (
                self._build(*([column] for column in asked.c)).offset(literal_column("0")).lateral("found")
            )
            self._each = Hot(select(*found.c).select_from(asked.join(found, true())))
        return self._each
