"""Their names of estates and houses -> ours (别名表). Names that it lacks are kept as they are, and counted.

::

    projects: {云栖花园一期: yunqi-1, 云栖一期: yunqi-1}
    houses:
      yunqi-1: {3栋1单元2301室: 3-1-2301}      # of one estate, by our name of it
      "*": {样板房: show-flat}                # of any
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

from producers.mapping.problems import Flaw, Flaws, MappingFault
from producers.mapping.words import normal
from schemas.fields import is_ref
from schemas.policy_yaml import BadYaml, Document, read_yaml

KINDS: Final = ("projects", "houses")
ANY: Final = "*"
MOST_UNKNOWN: Final = 1000
"""Unknown names that are told apart; beyond that the file has other troubles."""


class Aliases:
    """``ours`` for a name; ``unknown`` counts, by kind, the names that were not in the tables. Without tables nothing is
    unknown."""

    def __init__(self, tables: dict[str, dict[str, dict[str, str]]] | None = None) -> None:
        self._tables = tables or {}
        self._known = {
            kind: {normal(ours) for table in of.values() for ours in table.values()}
            for kind, of in self._tables.items()
        }
        self.unknown: dict[str, Counter[str]] = {kind: Counter() for kind in self._tables}

    def ours(self, kind: str, theirs: str, project: str = "") -> str:
        """Our name of an estate ("projects") or of a house ("houses", of one of our estates); theirs where unknown."""
        of = self._tables.get(kind)
        if of is None:
            return theirs
        key = normal(theirs)
        for group in (project, ANY):
            found = of.get(group, {}).get(key)
            if found is not None:
                return found
        counted = self.unknown[kind]
        if not self.knows(kind, theirs) and (theirs in counted or len(counted) < MOST_UNKNOWN):
            counted[theirs] += 1
        return theirs

    def knows(self, kind: str, name: str) -> bool:
        """Whether it is one of our own names there."""
        return normal(name) in self._known[kind]


def read_aliases(path: Path) -> Aliases:
    """Raises OSError, or MappingFault naming file and line."""
    try:
        document = read_yaml(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError:
        raise _one(path.name, 1, "不是 UTF-8 文本", "is not UTF-8") from None
    except BadYaml as error:
        raise _one(error.place.file, error.place.line, error.text.zh, error.text.en) from None
    return aliases_of(document)


def aliases_of(document: Document) -> Aliases:
    """Raises MappingFault."""
    flaws = Flaws(document.places)
    tables: dict[str, dict[str, dict[str, str]]] = {}
    if not isinstance(document.value, dict):
        flaws.add((), "须为 projects 与 houses 两张表", "has two tables, projects and houses")
        raise MappingFault(flaws.found)
    for kind, table in document.value.items():
        if kind not in KINDS or not isinstance(table, dict):
            flaws.add((kind,), "只能有 projects 与 houses 两张表", "there are the tables projects and houses")
            continue
        groups: dict[str, dict[str, str]] = tables.setdefault(kind, {})
        for name, ours in table.items():
            if kind == "houses" and isinstance(ours, dict):
                for inner, house in ours.items():
                    _put(groups.setdefault(name, {}), (kind, name, inner), inner, house, flaws)
            else:
                _put(groups.setdefault(ANY, {}), (kind, name), name, ours, flaws)
    if flaws.found:
        raise MappingFault(flaws.found)
    return Aliases(tables)


def _put(table: dict[str, str], path: tuple[str, ...], theirs: str, ours: Any, flaws: Flaws) -> None:
    if isinstance(ours, int) and not isinstance(ours, bool):
        ours = str(ours)
    if not isinstance(ours, str) or not is_ref(ours):
        flaws.add(
            path, "我方名称须为不含手机号的短文本", "our name is a short text without a person's number"
        )
    elif table.setdefault(normal(theirs), ours) != ours:
        flaws.add(path, "同一名称对应了两个我方名称", "stands here twice, for two names of ours")


def _one(file: str, line: int, zh: str, en: str) -> MappingFault:
    return MappingFault([Flaw(file, line, "", en, zh)])
