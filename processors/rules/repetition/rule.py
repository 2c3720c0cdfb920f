"""The repetition rule (投诉上移制, domain.md 3.4): one scope for each problem. The ladder is data of a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from processors.rules.protocol import Evidence, Filing, Mark, Row
from processors.rules.repetition import filing, judging, marks
from processors.rules.repetition.repetition import Owned, Repetition
from schemas.event import Event

if TYPE_CHECKING:
    from processors.rules.book import Book


class Repetitions(Owned):
    """Judged over all reports of a problem, each by the ladder of its own time and place."""

    def file(self, event: Event, book: Book) -> Iterable[Filing]:
        return filing.file(event, book)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        return judging.judge(scope, evidence, book)

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        assert isinstance(row, Repetition)
        return marks.marks(row, book)

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        assert isinstance(row, Repetition)
        return marks.about(row, book)

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        """A report stays with the ladder that was there when it came."""
        return ()
