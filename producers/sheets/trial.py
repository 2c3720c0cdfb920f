"""A trial of an import (试导入): every touchpoint answered as a ledger that holds nothing else would answer it, in order.

What was seen is remembered as keyed digests in a database without a name, which SQLite spills to disk: the memory of a trial
does not grow with its file, and what lies on the disk tells nobody anything.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from ledger.candidate import Candidate, Problem
from ledger.unfit import conflict, unfit
from producers.candidates import candidate
from producers.mapping.mapping import Made, Mapping
from producers.sheets.importing import MOST_LISTED, Row
from producers.sheets.scratch import scratch
from schemas.instants import Instant

CACHE_KIB: Final = 16 * 1024
SOURCE: Final = "trial"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A row with a touchpoint whose number an earlier row of the file bears: ``first``, the line of that. ``field``: the
    headings of the number. ``same``: all of them with the same content, which is kept once; else what differs is refused."""

    line: int
    first: int
    field: str
    same: bool


class Trial:
    """``answers`` for each batch, in the order of the file; ``repeats`` then says which rows bear the number of another, at
    most ``MOST_LISTED``. Used as a context; from one thread. Not known here: customers that events name by reference."""

    def __init__(self, now: Instant, mapping: Mapping) -> None:
        """``now``: what is ahead of it is refused, as the intake would."""
        self.repeats: list[Repeat] = []
        self._now = now
        self._mapping = mapping
        self._key = secrets.token_bytes(32)
        self._seen = scratch(CACHE_KIB)
        self._seen.execute(
            "CREATE TABLE seen (id BLOB PRIMARY KEY, content BLOB, line INTEGER) STRICT, WITHOUT ROWID"
        )

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seen.close()

    def answers(self, batch: Sequence[Row]) -> list[dict[str, Any] | str]:
        """One for each event of the batch, as ``Import.answered`` takes them."""
        self._seen.execute("BEGIN")
        answers = [answer for row in batch for answer in self._of(row)]
        self._seen.execute("COMMIT")
        return answers

    def _of(self, row: Row) -> list[dict[str, Any] | str]:
        answers: list[dict[str, Any] | str] = []
        firsts: list[tuple[int, bool, Made]] = []
        for made in row.made:
            offered = candidate(made.event, SOURCE, self._now)
            found = self._find(offered)
            if found is not None:
                first, same = found
                firsts.append((first, same, made))
                answers.append("again" if same else _told(conflict()))
            elif (problem := offered.problem or _unfit(offered)) is not None:
                answers.append(_told(problem))
            else:
                self._keep(offered, row.line)
                answers.append("kept")
        if firsts and len(self.repeats) < MOST_LISTED:
            field = self._mapping.origin(firsts[0][2].shape, "id")
            same = all(one for _, one, _ in firsts)
            self.repeats.append(Repeat(row.line, min(first for first, _, _ in firsts), field, same))
        return answers

    def _find(self, offered: Candidate) -> tuple[int, bool] | None:
        """(line, whether with the same content) of the touchpoint of that id that would be kept."""
        found = self._seen.execute(
            "SELECT line, content FROM seen WHERE id = ?", (self._digest(offered.source_id.encode()),)
        ).fetchone()
        return None if found is None else (found[0], found[1] == self._digest(offered.content))

    def _keep(self, offered: Candidate, line: int) -> None:
        row = (self._digest(offered.source_id.encode()), self._digest(offered.content), line)
        self._seen.execute("INSERT INTO seen VALUES (?, ?, ?)", row)

    def _digest(self, content: bytes) -> bytes:
        return hashlib.blake2b(content, digest_size=16, key=self._key).digest()


def _unfit(offered: Candidate) -> Problem | None:
    return None if offered.draft is None else unfit(offered.draft)


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "field": problem.field,
        "reason": problem.reason,
        "reason_zh": problem.reason_zh,
    }
