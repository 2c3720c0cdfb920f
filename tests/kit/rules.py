"""What test rules share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processors.rules.book import Book
from processors.rules.protocol import Mark, Row
from schemas.event import Event


class Quiet:
    """A rule that keeps rows, and never says anything."""

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        return ()

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        return {}, {}

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ()
