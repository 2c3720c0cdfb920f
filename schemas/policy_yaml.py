"""YAML as policies need it: plain values with the place of each, and none of YAML's surprises.

Only ``true`` and ``false`` are booleans (``on`` is a word here), ``012``, ``09:00`` and ``2026-01-01`` are texts, there
are no floats, a key stands once, and there are no anchors, aliases and tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from schemas.texts import said

Trail = tuple[str | int, ...]
DEEPEST = 32
"""Levels of nesting."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ["map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"]
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file and line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class BadYaml(ValueError):
    """The text is not YAML, or uses something of YAML that policies do not have."""

    def __init__(self, place: Place, code: str, **values: object) -> None:
        """``code`` of ``schemas.texts``."""
        self.place = place
        self.text = said(code, **values)
        super().__init__(f"{place}: {self.text}")


@dataclass(frozen=True, slots=True)
class Document:
    """The value of one file and where each of its parts stands (path from the top -> place of its key)."""

    value: Any
    places: dict[Trail, Place]


def read_yaml(text: str, file: str) -> Document:
    """One YAML document -> plain values. Raises BadYaml with the line."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not YAML"
        raise BadYaml(Place(file, mark.line + 1 if mark else 1), "yaml.syntax", reason=reason) from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise BadYaml(Place(file, 1), "yaml.syntax", reason=error) from None
    except RecursionError:
        raise BadYaml(Place(file, 1), "yaml.deep", levels=DEEPEST) from None
    places: dict[Trail, Place] = {(): Place(file, 1)}
    return Document(None if node is None else _Reader(file, places).value(node, ()), places)


class _Reader:
    def __init__(self, file: str, places: dict[Trail, Place]) -> None:
        self.file = file
        self.places = places
        self.seen: set[int] = set()

    def place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1)

    def value(self, node: yaml.Node, path: Trail) -> Any:
        if len(path) > DEEPEST:
            raise BadYaml(self.place(node), "yaml.deep", levels=DEEPEST)
        if id(node) in self.seen:
            raise BadYaml(self.place(node), "yaml.anchor")
        self.seen.add(id(node))
        if node.tag not in _TAGS:
            raise BadYaml(self.place(node), "yaml.tag", tag=node.tag)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            made = []
            for index, item in enumerate(node.value):
                self.places[(*path, index)] = self.place(item)
                made.append(self.value(item, (*path, index)))
            return made
        return self.scalar(node)

    def mapping(self, node: yaml.MappingNode, path: Trail) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise BadYaml(self.place(key_node), "yaml.key")
            key = key_node.value
            here = (*path, key)
            if key in made:
                first = self.places[here].line
                raise BadYaml(self.place(key_node), "yaml.twice", key=repr(key), line=first)
            self.places[here] = self.place(key_node)
            made[key] = self.value(value_node, here)
        return made

    def scalar(self, node: yaml.Node) -> Any:
        text: str = node.value
        if getattr(node, "style", None) in ("'", '"', "|", ">"):
            return text
        if text in ("true", "false"):
            return text == "true"
        if text in ("", "~", "null"):
            return None
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            raise BadYaml(self.place(node), "yaml.float", value=text)
        return text
