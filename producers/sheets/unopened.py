"""Rows whose touchpoints are of a case that the file does not open (无受理记录): a return visit under a mistyped number.

They are kept, whatever else is true: the ledger that opens the case may come later. Only after the last row can be said which
are left, so they wait in a database without a name, which SQLite spills to disk: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from producers.mapping.mapping import Made
from producers.sheets.scratch import scratch
from schemas.catalogue import event_type

PAGE: Final = 500
CACHE_KIB: Final = 4 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """What a touchpoint calls its case: the source's number, or our id."""

    ticket: str
    case_id: str


class Unopened:
    """``row`` for each row; once all are told ``left``, then ``pages`` of cases, ``opened`` for those that stand elsewhere, and
    ``rows``, those that stand nowhere. Used as a context, from one thread."""

    def __init__(self) -> None:
        self._db = scratch(CACHE_KIB)
        case = "ticket TEXT, case_id TEXT"
        self._db.execute(f"CREATE TABLE opens ({case}, PRIMARY KEY (ticket, case_id)) STRICT, WITHOUT ROWID")
        self._db.execute(
            f"CREATE TABLE needs ({case}, line INTEGER, shape TEXT, PRIMARY KEY (ticket, case_id, line)) "
            "STRICT, WITHOUT ROWID"
        )

    def __enter__(self) -> Unopened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def row(self, line: int, kept: Sequence[Made]) -> None:
        """Touchpoints of a row that were kept, now or before."""
        cases: dict[Key, Made | None] = {}
        for made in kept:
            key = Key(str(made.event.get("ticket", "")), str(made.event.get("caseid", "")))
            does = event_type(made.event["type"]).case
            if does == "opens":
                cases[key] = None
            elif does == "needs":
                cases.setdefault(key, made)
        for key, lacking in cases.items():
            if lacking is None:
                self._db.execute("INSERT OR IGNORE INTO opens VALUES (?, ?)", (key.ticket, key.case_id))
            else:
                row = (key.ticket, key.case_id, line, lacking.shape.name)
                self._db.execute("INSERT INTO needs VALUES (?, ?, ?, ?)", row)

    def left(self) -> int:
        """Rows of which neither the file nor what was struck off opens the case."""
        self._db.execute("DELETE FROM needs WHERE (ticket, case_id) IN (SELECT ticket, case_id FROM opens)")
        return int(self._db.execute("SELECT count(*) FROM needs").fetchone()[0])

    def pages(self) -> Iterator[list[Key]]:
        """The cases of those, at most ``PAGE`` at a time. Those of a page may be struck off before the next."""
        after = ("", "")
        while True:
            query = "SELECT DISTINCT ticket, case_id FROM needs WHERE (ticket, case_id) > (?, ?) ORDER BY 1, 2 LIMIT ?"
            page = [Key(*found) for found in self._db.execute(query, (*after, PAGE)).fetchall()]
            if not page:
                return
            yield page
            after = page[-1].ticket, page[-1].case_id

    def opened(self, key: Key) -> None:
        """Something opens it elsewhere."""
        self._db.execute("DELETE FROM needs WHERE ticket = ? AND case_id = ?", (key.ticket, key.case_id))

    def rows(self, most: int) -> list[tuple[int, str, Key]]:
        """(line, name of the touchpoint, case) of the first rows that are left."""
        query = "SELECT line, shape, ticket, case_id FROM needs ORDER BY line, ticket, case_id LIMIT ?"
        return [(line, shape, Key(*key)) for line, shape, *key in self._db.execute(query, (most,))]
