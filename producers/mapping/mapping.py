"""A mapping (映射), read and checked: rows in, CloudEvents out."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from producers.mapping.aliases import Aliases
from producers.mapping.columns import Column, Reader, over_cells, over_json
from producers.mapping.expressions import Expression
from producers.mapping.problems import BadCell, BadRow, Fault
from producers.mapping.times import Times
from producers.mapping.touchpoints import Shape, faults_of
from producers.mapping.values import Hasher, Row, Value
from schemas.fields import is_ref

CONFLICT: Final = "duplicate_conflict"
"""The ledger's code for an id that is kept with other content."""


@dataclass(frozen=True, slots=True)
class Made:
    """One touchpoint of a row: the event as it is posted, and the shape it was made by."""

    event: dict[str, Any]
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """See the package. Compiled once; ``events`` may be called from any thread."""

    name: str
    zh: str
    times: Times
    empty: frozenset[str]
    header_rows: int
    columns: MappingOf[str, Column]
    skip: Expression | None
    ticket: Value | None
    id: Value
    shapes: tuple[Shape, ...]
    examples: tuple[MappingOf[str, Any], ...] = ()
    """Rows by heading, for an empty ledger."""

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that is read, once, in order."""
        return tuple(dict.fromkeys(name for column in self.columns.values() for name in column.froms))

    def over(self, headings: Sequence[str], aliases: Aliases | None = None) -> Reader:
        """Bound to a table. Raises BadRow naming the headings that it lacks."""
        getters, missing = over_cells(list(self.columns.values()), headings)
        if missing:
            raise BadRow([Fault(name, "no such column", "没有这一列") for name in dict.fromkeys(missing)])
        return self._reader(getters, aliases)

    def over_json(self, aliases: Aliases | None = None) -> Reader:
        """Bound to forms and JSON bodies."""
        return self._reader(over_json(list(self.columns.values())), aliases)

    def _reader(self, getters: MappingOf[str, Any], aliases: Aliases | None) -> Reader:
        return Reader(list(self.columns.values()), getters, self.times, self.empty, aliases or Aliases())

    def events(self, reader: Reader, raw: Any, hasher: Hasher) -> list[Made] | None:
        """What a row becomes; None where the mapping skips it. Raises BadRow with everything that is wrong."""
        row = self.read(reader, raw)
        return None if row is None else self.made(row, hasher)

    def read(self, reader: Reader, raw: Any) -> Row | None:
        """A row by short names; None where the mapping skips it. Raises BadRow."""
        row, faults = reader.row(raw)
        if self.skip is not None and self._skips(row):
            return None
        if faults:
            raise BadRow(list(dict.fromkeys(faults)))
        return row

    def made(self, row: Row, hasher: Hasher) -> list[Made]:
        """What it becomes. Raises BadRow."""
        faults: list[Fault] = []
        ticket = self.ticket.of(row, hasher) if self.ticket is not None else None
        row_id = self.id.of(row, hasher)
        if not isinstance(row_id, str) or not row_id:
            raise BadRow([Fault(self._label(self.id), "gives no id for the row", "无法得到该行的编号")])
        if not is_ref(row_id):
            raise BadRow([self._telling(self.id)])
        made: list[Made] = []
        for shape in self.shapes:
            try:
                event = shape.event(row, row_id, ticket, hasher)
            except BadCell as error:
                faults.append(faults_of(error, shape.name))
                continue
            if event is not None:
                made.append(Made(event, shape))
        if faults:
            raise BadRow(faults)
        if not made:
            raise BadRow([Fault("", "no touchpoint comes of this row", "该行没有产生任何触点")])
        return made

    def _skips(self, row: MappingOf[str, Any]) -> bool:
        assert self.skip is not None
        try:
            return self.skip.holds(row)
        except BadCell:
            return False  # what cannot be compared is not skipped: its faults are told

    def refused(self, made: Made, code: str, field: str, reason: str, reason_zh: str) -> Fault:
        """What the ledger said against a touchpoint, by the headings that it came from. Of a touchpoint that was kept with
        other content neither row nor columns are at fault: it is named by its time, and by its id for who corrects it."""
        if code == CONFLICT:
            own = made.event["id"]
            return Fault(
                self.origin(made.shape, "time"),
                f"this touchpoint ({own}) was kept before, of an earlier row, import or delivery, with other content; "
                "nothing was changed. "
                f"If two rows bear one number, give one another; to correct it, give touchline append the whole event "
                f"under a new id, with correctssourceid {own}",
                f"此触点（{own}）此前（前面的行、以前的导入或推送）已按其他内容写入，未作任何更改；两行同号的请改号，"
                f"要更正的请用 touchline append 以新编号发整条事件，并带 correctssourceid {own}",
            )
        return Fault(self.origin(made.shape, field) if field else made.shape.name, reason, reason_zh)

    def origin(self, shape: Shape, field: str) -> str:
        """Headings behind a field of an event."""
        head = field.partition(".")[0]
        if head == "id":
            return self._label(self.id)
        if head == "ticket" and "ticket" not in shape.attributes and self.ticket is not None:
            return self._label(self.ticket)
        return shape.origin(field, self.columns)

    def _label(self, value: Value) -> str:
        return "+".join(self.columns[one].label for one in sorted(value.columns) if one in self.columns)

    def _telling(self, value: Value) -> Fault:
        return Fault(
            self._label(value),
            "is no id: too long, or it looks like a person's phone or identity card number, and ids are kept in "
            "clear; write id: {hash: [columns]} in the mapping",
            "不能作编号：过长，或疑似手机号、身份证号（编号以明文保存）；请在映射中写 id: {hash: [列]}",
        )
