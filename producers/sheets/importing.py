"""An import (导入): rows of a table to batches of events, and what became of every row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TextIO

from producers.mapping.aliases import Aliases
from producers.mapping.mapping import Made
from producers.mapping.problems import BadRow, Fault
from producers.mapping.unused import Unused
from producers.mapping.values import Hasher
from producers.sheets.csvfile import unreadable
from producers.sheets.table import Table

if TYPE_CHECKING:
    from producers.sheets.remarks import Remarks

BATCH_EVENTS: Final = 400
BATCH_SIZE: Final = 300_000
"""Characters of text in a batch, roughly."""
MOST_LISTED: Final = 10_000
"""Bad rows that are listed one by one; the rejects file has them all."""
NOT_ENCODED: Final = Fault(
    "", "holds bytes that are not of the file's encoding", "含有不属于该文件编码的字节"
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row of which something was not kept."""

    line: int
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Report:
    """Rows of the file, events of the ledger."""

    rows: int = 0
    skipped: int = 0
    bad: int = 0
    kept: int = 0
    """Events that are new."""
    again: int = 0
    """Events that were kept before, with the same content."""
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was mapped."""

    line: int
    cells: Sequence[object]
    made: Sequence[Made]
    unused: Sequence[Fault] = ()
    """Cells that nothing is made of."""


class Import:
    """``batches`` in order; ``answered`` for each with what the ledger said of its events."""

    def __init__(
        self,
        table: Table,
        hasher: Hasher,
        aliases: Aliases | None = None,
        rejects: TextIO | None = None,
        remarks: Remarks | None = None,
    ) -> None:
        """``remarks`` are told what is kept."""
        self.table = table
        self.mapping = table.mapping
        self.report = Report()
        self._reader = self.mapping.over(table.headings, aliases)
        self._hasher = hasher
        self._unused = Unused(table.mapping)
        self._remarks = remarks
        self._csv = csv.writer(rejects) if rejects is not None else None
        if self._csv is not None:
            self._csv.writerow([*table.headings, "行号 line", "字段 field", "原因 reason"])

    def batches(self) -> Iterator[list[Row]]:
        """Batches of rows with the events that they became. The events of one row are never parted."""
        batch: list[Row] = []
        events = size = 0
        width = len(self.table.headings)
        for line, cells in self.table.rows():
            self.report.rows += 1
            if len(cells) > width and any(cell != "" for cell in cells[width:]):
                self._reject(line, cells, [_too_wide(len(cells), width)])
                continue
            if unreadable(list(cells)):
                self._reject(line, cells, [NOT_ENCODED])
                continue
            try:
                values = self.mapping.read(self._reader, cells)
                if values is None:
                    self.report.skipped += 1
                    continue
                made = self.mapping.made(values, self._hasher)
            except BadRow as error:
                self._reject(line, cells, error.faults)
                continue
            batch.append(Row(line, cells, made, tuple(self._unused.of(values, made))))
            events += len(made)
            size += sum(len(cell) if isinstance(cell, str) else 20 for cell in cells) + 300 * len(made)
            if events >= BATCH_EVENTS or size >= BATCH_SIZE:
                yield batch
                batch, events, size = [], 0, 0
        if batch:
            yield batch

    def answered(self, batch: Sequence[Row], answers: Iterable[Mapping[str, Any] | str]) -> None:
        """``answers`` are those of ``events_of(batch)``, in order: "kept", "again", or {code, field, reason, reason_zh}."""
        told = iter(answers)
        for row in batch:
            faults: list[Fault] = []
            kept: list[Made] = []
            for made in row.made:
                answer = next(told)
                if not isinstance(answer, str):
                    faults.append(self.mapping.refused(made, **answer))
                    continue
                self.report.kept += answer == "kept"
                self.report.again += answer == "again"
                kept.append(made)
            if kept and self._remarks is not None:
                self._remarks.row(row.line, kept, row.unused)
            if faults:
                self._reject(row.line, row.cells, list(dict.fromkeys(faults)))

    def _reject(self, line: int, cells: Sequence[object], faults: Sequence[Fault]) -> None:
        self.report.bad += 1
        if len(self.report.rejected) < MOST_LISTED:
            self.report.rejected.append(Rejected(line, tuple(faults)))
        if self._csv is not None:
            width = len(self.table.headings)
            row = [*cells, *[""] * (width - len(cells))][:width]
            clean = [c.encode("utf-8", "replace").decode() if isinstance(c, str) else c for c in row]
            why = "；".join(f"{one.reason_zh} {one.reason}" for one in faults)
            self._csv.writerow([*clean, line, "、".join(one.field for one in faults), why])


def _too_wide(cells: int, headings: int) -> Fault:
    return Fault(
        "", f"has {cells} cells under {headings} headings", f"有 {cells} 格，而表头只有 {headings} 列"
    )


def events_of(batch: Sequence[Row]) -> list[dict[str, Any]]:
    """The events of a batch, in order."""
    return [made.event for row in batch for made in row.made]
