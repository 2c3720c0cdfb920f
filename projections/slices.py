"""Writing much in slices, so that whoever else waits for the writer need not wait long."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from sqlalchemy import Connection

from ledger.writer import Writer
from processors.pace import SLICE, UNWAITED
from processors.ports import Effects
from projections.store import SqlStore

LEAST, FIRST, MOST = 100, 400, 4000
"""Lines of one transaction."""


class Slices:
    """Of one tenant, into a set that nobody reads before it is whole."""

    def __init__(self, store: SqlStore, writer: Writer, tenant: int) -> None:
        self.store = store
        self.writer = writer
        self.tenant = tenant
        self._lines = FIRST

    def write(self, effects: Effects) -> None:
        """All of it, in one transaction a slice."""
        empty = Effects(expect=effects.expect, decided=0, advanced=0)
        for name in ("evidence", "rows", "sums", "announced", "said"):
            lines = getattr(effects, name)
            start = 0
            while start < len(lines):
                part = lines[start : start + self._lines]
                start += len(part)
                self._slice(replace(empty, **{name: part}), len(part))
        self._slice(
            replace(
                empty, parked=effects.parked, publications=effects.publications, unneeded=effects.unneeded
            ),
            0,
        )

    def _slice(self, part: Effects, lines: int) -> None:
        """One transaction, and from the time that it took how many lines the next may have: fewer where somebody waits."""

        def write(conn: Connection) -> float:
            began = perf_counter()
            self.store.fill(conn, self.tenant, part)
            return (perf_counter() - began) / (SLICE if self.writer.waiting() else UNWAITED * SLICE)

        if self.writer.call(write) > 1:
            self._lines = max(LEAST, self._lines * 3 // 4)
        elif lines == self._lines:
            self._lines = min(MOST, self._lines * 5 // 4)
