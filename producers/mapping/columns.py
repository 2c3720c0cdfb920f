"""Columns (列): where a value stands in what was sent, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final

from producers.mapping import cells
from producers.mapping.aliases import Aliases
from producers.mapping.problems import BadCell, Fault
from producers.mapping.times import Times
from producers.mapping.words import heading, normal

Getter = Callable[[Any], object]
KINDS: Final = ("text", "lines", "number", "yuan", "time", "day", "due")
"""text: one line; lines: as it stands; number: whole; yuan: an amount, kept in fen; time: when something happened; day: a
date; due: a time or a date, which means its end."""
OTHERS: Final = ("refuse", "keep", "empty")
MOST_CHOICES: Final = 20
"""Words of a table of codes that are told to who wrote another; a longer table is not."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Their words -> our codes, and what a word that is not among them means."""

    table: Mapping[str, Any]
    """By ``normal`` word."""
    words: tuple[tuple[str, Any], ...]
    """As written, for drop-downs and for writing a ledger."""
    other: str = "refuse"

    def ours(self, words: str) -> Any:
        key = normal(words)
        if key in self.table:
            return self.table[key]
        if self.other == "refuse":
            raise BadCell(*self._choices())
        return words if self.other == "keep" else None

    def _choices(self) -> tuple[str, str]:
        """(Chinese, English) what to write instead. The words are the mapping's own, never the cell's."""
        if len(self.words) > MOST_CHOICES:
            return "不在代码表中", "is not in the table of codes"
        words = "、".join(word for word, _ in self.words)
        return f"不在代码表中，可填：{words}", f"is not in the table of codes: {words}"

    def theirs(self, code: Any) -> str | None:
        """The first word for one of our codes."""
        return next((word for word, ours in self.words if ours == code and type(ours) is type(code)), None)


@dataclass(frozen=True, slots=True)
class Column:
    """One short name. ``froms``: headings, or paths in a JSON body, of which several are read as one."""

    name: str
    froms: tuple[str, ...]
    kind: str = "text"
    codes: Codes | None = None
    must: bool = False
    optional: bool = False
    """The heading may be missing."""
    names: str = ""
    """The alias table, "projects" or "houses"."""
    of: str = ""
    """Short name of the column of the estate, for a house."""
    whole_days_at: time = time()
    between: tuple[int, int] | None = None
    """Least and most of a number."""
    help: str = ""

    @property
    def label(self) -> str:
        return "+".join(self.froms)

    def read(self, found: object, times: Times, empty: frozenset[str]) -> Any:
        """A cell as what it is; None for an empty one. Raises BadCell."""
        if isinstance(found, str):
            found = found.strip()
        if found is None or found == "" or (isinstance(found, str) and normal(found) in empty):
            return None
        if self.codes is not None:
            return self.codes.ours(cells.text(found))
        if self.kind == "text":
            return cells.one_line(cells.text(found)) or None
        if self.kind == "lines":
            return cells.text(found) or None
        if self.kind == "number":
            return self._inside(cells.whole(found))
        if self.kind == "yuan":
            return cells.fen(found)
        when = times.read(found, self.whole_days_at)
        return when if self.kind == "time" else when.due if self.kind == "due" else when.day

    def _inside(self, number: int) -> int:
        if self.between is not None and not self.between[0] <= number <= self.between[1]:
            least, most = self.between
            raise BadCell(f"须在 {least} 到 {most} 之间", f"is not between {least} and {most}")
        return number


@dataclass(slots=True)
class Reader:
    """The columns of a mapping over one table or body: bound to places once, then read row by row."""

    columns: Sequence[Column]
    getters: Mapping[str, Getter]
    times: Times
    empty: frozenset[str]
    aliases: Aliases = field(default_factory=Aliases)

    def row(self, raw: Any) -> tuple[dict[str, Any], list[Fault]]:
        """Values by short name, and what is wrong."""
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for column in self.columns:
            try:
                value = column.read(self.getters[column.name](raw), self.times, self.empty)
            except BadCell as error:
                faults.append(Fault(column.label, error.en, error.zh))
                value = None
            else:
                if value is None and column.must:
                    faults.append(Fault(column.label, "is empty", "为空"))
                elif value is not None and column.names:
                    project = values.get(column.of) if column.of else ""
                    value = self.aliases.ours(column.names, value, project or "")
            values[column.name] = value
        return values, faults


def over_cells(columns: Sequence[Column], headings: Sequence[str]) -> tuple[dict[str, Getter], list[str]]:
    """Getters for rows that are lists of cells, and the headings that are missing. The first of equal headings counts."""
    at: dict[str, int] = {}
    for index, name in enumerate(headings):
        at.setdefault(heading(name), index)
    for index, name in enumerate(headings):  # of a header in two rows the lower one will do
        at.setdefault(heading(name.rpartition("/")[2]), index)
    getters: dict[str, Getter] = {}
    missing: list[str] = []
    for column in columns:
        places = [at.get(heading(name)) for name in column.froms]
        if None in places and not column.optional:
            missing += [name for name, place in zip(column.froms, places, strict=True) if place is None]
        known = [place for place in places if place is not None]
        getters[column.name] = _cell(known[0]) if len(known) == 1 else _cells(known)
    return getters, missing


def over_json(columns: Sequence[Column]) -> dict[str, Getter]:
    """Getters for a form or JSON body: a heading is a path, ``call.caller.phone`` or ``calls[0].id``. What is not there is
    empty, and what nobody asks for is passed over: a field added one night breaks nothing."""
    return {
        column.name: _path(column.froms[0]) if len(column.froms) == 1 else _paths(column.froms)
        for column in columns
    }


def _cell(place: int) -> Getter:
    def get(row: Sequence[object]) -> object:
        return row[place] if place < len(row) else None

    return get


def _cells(places: Sequence[int]) -> Getter:
    return lambda row: cells.joined([row[place] if place < len(row) else None for place in places])


def _path(path: str) -> Getter:
    steps: list[str | int] = []
    for part in path.split("."):
        name, *indexes = part.replace("]", "").split("[")
        steps += [name, *(int(i) for i in indexes if i.isdecimal())]

    def get(body: Any) -> object:
        if isinstance(body, dict) and path in body:
            return body[path]
        for step in steps:
            if isinstance(step, str) and isinstance(body, dict):
                body = body.get(step)
            elif isinstance(step, int) and isinstance(body, list) and step < len(body):
                body = body[step]
            else:
                return None
        return body

    return get


def _paths(paths: Sequence[str]) -> Getter:
    getters = [_path(path) for path in paths]
    return lambda body: cells.joined([get(body) for get in getters])
