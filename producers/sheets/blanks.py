"""Columns that were left empty and that something is judged by (未填的字段): counted over the file, told once for each."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from producers.mapping.mapping import Made, Mapping
from producers.mapping.touchpoints import ATTRIBUTES, Shape
from schemas.policy_needs import NAMED, Need

CUSTOMER: Final = "customer_ref"


@dataclass(frozen=True, slots=True)
class Blank:
    """``rows`` of the ``of`` that bear such a touchpoint have nothing under ``field`` (headings)."""

    field: str
    rows: int
    of: int
    reason: str
    reason_zh: str


class Blanks:
    """``row`` for each row; ``told`` in the end."""

    def __init__(self, mapping: Mapping, needs: MappingOf[str, Sequence[Need]]) -> None:
        self._mapping = mapping
        self._needs = needs
        self._labels: dict[tuple[str, Need], str] = {}
        self._of: dict[tuple[str, Need], int] = {}
        self._rows: dict[tuple[str, Need], int] = {}

    def row(self, kept: Sequence[Made]) -> None:
        """Touchpoints of a row that were kept, now or before."""
        met: dict[tuple[str, Need], bool] = {}
        for made in kept:
            for need in self._needs.get(made.event["type"], ()):
                at = self._label(made.shape, need), need
                met[at] = met.get(at, True) and _bears(made.event, need)
        for at, bears in met.items():
            self._of[at] = self._of.get(at, 0) + 1
            self._rows[at] = self._rows.get(at, 0) + (not bears)

    def _label(self, shape: Shape, need: Need) -> str:
        at = shape.name, need
        if at not in self._labels:
            self._labels[at] = "/".join(dict.fromkeys(self._heading(shape, name) for name in need.fields))
        return self._labels[at]

    def _heading(self, shape: Shape, name: str) -> str:
        if name == CUSTOMER:
            return next((self._mapping.origin(shape, f"data.customer.{n}") for n in shape.customer), name)
        return self._mapping.origin(shape, ATTRIBUTES.get(name) or f"data.{name}")

    def told(self) -> list[Blank]:
        """For each that some row lacks."""
        return [Blank(at[0], rows, self._of[at], *_why(at[1])) for at, rows in self._rows.items() if rows]


def _bears(event: MappingOf[str, Any], need: Need) -> bool:
    data = event["data"]
    if not need.policies and data.get(NAMED):
        return True
    for name in need.fields:
        if name == CUSTOMER and "customer" in data:
            return True
        if (event.get(ATTRIBUTES[name]) if name in ATTRIBUTES else data.get(name)) not in (None, "", []):
            return True
    return False


def _why(need: Need) -> tuple[str, str]:
    if not need.policies:
        return (
            "is empty: the repetition ladder cannot tell whether it is the same problem again, and does not move it up",
            "未填：投诉上移制认不出是否同一问题再次发生，不会上移",
        )
    zh, en = "、".join(one for one, _ in need.policies), "; ".join(one for _, one in need.policies)
    return f"is empty, and left out of: {en}", f"未填：不计入 {zh}"
