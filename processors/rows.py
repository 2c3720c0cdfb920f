"""The rows of a batch (行): what was put and dropped, to be written, and which of them comes due next."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import TypeVar

from processors.ports import DueRow, Effects, Written
from processors.rules.protocol import Row
from processors.scopes import Scopes
from schemas.instants import NEVER, Instant

DueKey = tuple[Instant, str, str]
"""(instant, rule, row id): the order in which rows fall due; as the end of a slice, every row up to and with this one."""

Kept = tuple[Row, Instant] | None
"""A row with its next instant."""

RowT = TypeVar("RowT", bound=Row)

_LAST = chr(0x10FFFF)


def whole(until: Instant) -> DueKey:
    """All rows up to an instant."""
    return (until, _LAST, _LAST)


class Rows:
    """Of one batch. They stand in their scopes; here is what became of them."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._held = scopes.held
        self._noted: dict[tuple[type[Row], str], tuple[Kept, Kept, Row | None]] = {}
        """What was put or dropped: (as it is, as it was before this batch, the row if it is no more)."""
        self._due: list[tuple[Instant, str, str, str]] = []

    def put(self, rule: str, row: Row, upcoming: Instant) -> None:
        """Keep a row."""
        row_id, name = row.id, row.scope
        scope = self._held.get((rule, name)) or self._scopes.get(rule, name)
        held = scope.rows.get(row_id)
        if held is not None and held[0] is row and held[1] == upcoming:
            return  # nothing new: it is written, or will be
        key, put = (type(row), row_id), (row, upcoming)
        noted = self._noted.get(key)
        self._noted[key] = put, held if noted is None else noted[1], None
        scope.rows[row_id] = put
        if upcoming != NEVER:
            heapq.heappush(self._due, (upcoming, rule, row_id, name))

    def drop(self, rule: str, row: Row) -> None:
        """A row that is no more."""
        key, scope = (type(row), row.id), self._scopes.get(rule, row.scope)
        held, noted = scope.rows.pop(row.id, None), self._noted.get(key)
        self._noted[key] = None, held if noted is None else noted[1], row

    def schedule(self, due: Iterable[DueRow]) -> None:
        """Rows of the store whose next instant comes within this batch."""
        scopes: dict[str, list[str]] = {}
        for row in due:
            scopes.setdefault(row.rule, []).append(row.scope)
            heapq.heappush(self._due, (row.next, row.rule, row.row_id, row.scope))
        for rule, wanted in scopes.items():
            self._scopes.warm(rule, wanted)

    def next_due(self, bound: DueKey) -> tuple[Instant, str, Row] | None:
        """Pop the first row, in order of (next instant, rule, row id), up to ``bound``: (instant, rule, row)."""
        while self._due and self._due[0][0] <= bound[0] and self._due[0][:3] <= bound:
            at, rule, row_id, scope = heapq.heappop(self._due)
            held = self._scopes.get(rule, scope).rows.get(row_id)
            if held is not None and held[1] == at:
                return at, rule, held[0]
        return None

    def find(self, rule: str, scope: str, row_id: str) -> Row | None:
        """The row as it is now, if it still is."""
        held = self._scopes.get(rule, scope).rows.get(row_id)
        return held[0] if held else None

    def every(self, kind: type[RowT]) -> list[RowT]:
        """The rows of a type that this shelf has put and not dropped."""
        held = [put for (table, _), (put, _, _) in self._noted.items() if table is kind and put is not None]
        return [row for row, _ in held if isinstance(row, kind)]

    def collect(self, effects: Effects) -> None:
        """In order of table and row id."""
        for kind, row_id in sorted(self._noted, key=lambda k: (k[0].TABLE, k[1])):
            put, before, gone = self._noted[(kind, row_id)]
            if gone is not None:
                effects.gone.append(gone)
            elif put is not None and put != before:
                effects.rows.append(Written(*put, before))
