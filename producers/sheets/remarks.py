"""Remarks on an import (提示): what is kept, and should be looked at all the same."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from producers.mapping.mapping import Made, Mapping
from producers.mapping.problems import Fault
from producers.sheets.blanks import Blanks
from producers.sheets.importing import MOST_LISTED
from producers.sheets.order import out_of_order
from producers.sheets.unopened import Unopened
from schemas.policy_needs import Need


@dataclass(frozen=True, slots=True)
class Remark:
    """Of one row."""

    line: int
    fault: Fault


class Remarks:
    """``row`` for each row of which something was kept; ``unopened`` is to be settled after the last one. Used as a context."""

    def __init__(self, mapping: Mapping, needs: MappingOf[str, Sequence[Need]]) -> None:
        self.mapping = mapping
        self.unopened = Unopened()
        self.blanks = Blanks(mapping, needs)
        self.count = 0
        """Of all rows; ``listed`` has the first ``MOST_LISTED``."""
        self.unchecked = 0
        """Rows of which nobody could say whether their case is there."""
        self._listed: list[Remark] = []

    def __enter__(self) -> Remarks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unopened.__exit__(kind, error, trace)

    def row(self, line: int, kept: Sequence[Made], unused: Sequence[Fault] = ()) -> None:
        """Touchpoints of a row that were kept, now or before, and what was not made any of."""
        self.blanks.row(kept)
        self.unopened.row(line, kept)
        for fault in (*unused, *out_of_order(self.mapping, kept)):
            self.add(line, fault)

    def lacking(self, source: str, elsewhere: MappingOf[str, Sequence[str]]) -> None:
        """Note each row that is left in ``unopened``, sent as ``source``. ``elsewhere``: number -> other sources of it."""
        shapes = {shape.name: shape for shape in self.mapping.shapes}
        left = self.unopened.left()
        for line, name, key in self.unopened.rows(MOST_LISTED):
            field = self.mapping.origin(shapes[name], "caseid" if key.case_id else "ticket")
            self.add(line, _lacking(field, source, elsewhere.get(key.ticket, ())))
        self.count += max(0, left - MOST_LISTED)

    def add(self, line: int, fault: Fault) -> None:
        self.count += 1
        if len(self._listed) < MOST_LISTED:
            self._listed.append(Remark(line, fault))

    @property
    def listed(self) -> list[Remark]:
        """In order of the file."""
        return sorted(self._listed, key=lambda one: one.line)


def _lacking(field: str, source: str, others: Sequence[str]) -> Fault:
    if others:
        zh, en = "、".join(others), ", ".join(others)
        return Fault(
            field,
            f"no complaint, repair or other matter of this number was taken in as source {source}, but as {en}: kept as a "
            f"case by itself; import it with --source {others[0]}, if meant",
            f"来源 {source} 没有受理过此编号，来源 {zh} 有：照原样保存，自成一个事项；如系同一件，请用 --source {others[0]}",
        )
    return Fault(
        field,
        f"no complaint, repair or other matter of this number was taken in as source {source}: kept as a case by itself; "
        "look at the number again, or import the ledger that takes it in, as the same source",
        f"来源 {source} 没有受理过此编号：照原样保存，自成一个事项；请核对编号，或以同一来源导入受理它的台账",
    )
