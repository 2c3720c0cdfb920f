"""The agenda (日程): the rows whose next instant comes soon, kept in memory, so that a batch before the first of them asks
nothing.

The engine owns its tenant for as long as its compare-and-set succeeds (``warm.py``), so it knows every row that is written.
Up to a bound the agenda has exactly the rows that the store has. After anything but a commit it is forgotten, and asked for.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence

from processors.ports import DueRow, Effects, Pages
from processors.rows import DueKey, whole
from processors.rules.linear import AnyRule
from schemas.instants import HOUR, NEVER, Instant

AHEAD = HOUR
"""How far beyond the instant that is asked for the store is looked through."""
LOOK = 256
"""Rows that are taken from the store at once."""
MOST = 4096
"""Rows kept at most; of more the later half is left to the store."""
_NOTHING: DueKey = (-1, "", "")
_ALL = whole(NEVER)


def _order(due: DueRow) -> DueKey:
    return due.next, due.rule, due.row_id


class Agenda:
    """Of one tenant."""

    __slots__ = ("_at", "_owner", "_rows", "_upto")

    def __init__(self, rules: Sequence[AnyRule]) -> None:
        self._owner: Mapping[type, str] = {kind: rule.name for rule in rules for kind in rule.rows}
        self._rows: list[DueRow] = []
        self._at: dict[tuple[str, str], DueRow] = {}
        """By (rule, row id)."""
        self._upto = _NOTHING

    def forget(self) -> None:
        """Ask anew."""
        self._rows.clear()
        self._at.clear()
        self._upto = _NOTHING

    def due(self, pages: Pages, until: Instant, most: int) -> list[DueRow]:
        """The first rows with next <= until, ordered by (next, rule, row id)."""
        end = whole(until)
        if end > self._upto and len(self._rows) < most:
            self._look(pages, until, max(most, LOOK))
        return self._rows[: min(most, bisect_right(self._rows, end, key=_order))]

    def earliest(self) -> Instant | None:
        """The smallest next instant of any row, NEVER if there is none; None: that has to be looked for."""
        if self._rows:
            return self._rows[0].next
        return NEVER if self._upto == _ALL else None

    def look_for_earliest(self, pages: Pages) -> Instant:
        """The same from the store, with what comes soon after."""
        first = pages.earliest()
        self._look(pages, first, LOOK)
        return first

    def note(self, effects: Effects) -> None:
        """What was committed."""
        if effects.recalls:  # the store has set rows' next instant by itself
            self.forget()
            return
        for row in effects.gone:
            self._leave(self._owner[type(row)], row.id)
        for row, upcoming, _ in effects.rows:
            owner = self._owner[type(row)]
            self._leave(owner, row.id)
            if upcoming != NEVER and (upcoming, owner, row.id) <= self._upto:
                self._enter(DueRow(upcoming, owner, row.scope, row.id))
        if len(self._rows) > MOST:
            for late in self._rows[MOST // 2 :]:
                del self._at[(late.rule, late.row_id)]
            del self._rows[MOST // 2 :]
            self._upto = _order(self._rows[-1])

    def _look(self, pages: Pages, until: Instant, most: int) -> None:
        later = min(until + AHEAD, NEVER)
        self._rows = pages.due(later, most)
        self._at = {(due.rule, due.row_id): due for due in self._rows}
        self._upto = _order(self._rows[-1]) if len(self._rows) == most else whole(later)

    def _enter(self, due: DueRow) -> None:
        insort(self._rows, due, key=_order)
        self._at[(due.rule, due.row_id)] = due

    def _leave(self, rule: str, row_id: str) -> None:
        due = self._at.pop((rule, row_id), None)
        if due is not None:
            del self._rows[bisect_right(self._rows, _order(due), key=_order) - 1]
