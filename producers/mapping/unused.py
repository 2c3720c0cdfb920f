"""Cells that nothing is made of (填了而没有写入): of touchpoints that a row does not become, mostly for want of its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from producers.mapping.mapping import Made
from producers.mapping.mapping import Mapping as Mapped
from producers.mapping.problems import Fault
from producers.mapping.touchpoints import Shape
from producers.mapping.values import Row


class Unused:
    """Of one mapping; ``of`` for each row."""

    def __init__(self, mapping: Mapped) -> None:
        self._labels = {name: column.label for name, column in mapping.columns.items()}
        self._shapes = mapping.shapes
        self._own = {shape.name: _own(shape) for shape in mapping.shapes}
        named = {*mapping.id.columns, *(mapping.ticket.columns if mapping.ticket is not None else ())}
        self._named = {self._labels[one] for one in named if one in self._labels}

    def of(self, row: Row, made: Sequence[Made]) -> Iterator[Fault]:
        """One for each touchpoint that is not made, with the headings that are filled in for it and for no other."""
        became = {one.shape.name for one in made}
        used = set(self._named)
        for shape in self._shapes:
            if shape.name in became:
                used.update(self._filled(row, (*self._own[shape.name], *_asked(shape))))
        for shape in self._shapes:
            if shape.name not in became:
                idle = [label for label in self._filled(row, self._own[shape.name]) if label not in used]
                if idle:
                    used.update(idle)
                    yield _fault(idle, self._lacking(row, shape))

    def _filled(self, row: Row, names: Iterable[str]) -> list[str]:
        return [self._labels[one] for one in names if one in self._labels and _there(row, one)]

    def _lacking(self, row: Row, shape: Shape) -> list[str]:
        asked = (*sorted(shape.time.columns), *_asked(shape))
        return list(
            dict.fromkeys(self._labels[one] for one in asked if one in self._labels and not _there(row, one))
        )


def _own(shape: Shape) -> list[str]:
    """Short names of all that it would hold, in the order in which they are written."""
    held: Mapping[str, None] = {}
    for value in (shape.time, *shape.attributes.values(), *shape.customer.values(), *shape.data.values()):
        held = {**held, **dict.fromkeys(sorted(value.columns))}
    return list(held)


def _asked(shape: Shape) -> list[str]:
    return sorted(shape.when.names) if shape.when is not None else []


def _there(row: Row, name: str) -> bool:
    return row.get(name) not in (None, "")


def _fault(idle: Sequence[str], lacking: Sequence[str]) -> Fault:
    if lacking:
        return Fault(
            "、".join(idle),
            f"is filled in, and not kept: {', '.join(lacking)} is empty",
            f"已填，但没有写入：缺少 {'、'.join(lacking)}",
        )
    return Fault(
        "、".join(idle), "is filled in, and nothing of this row keeps it", "已填，但该行没有可写入它的触点"
    )
