"""Which places of a content are personal data, and which tell when something happened.

Read off the models' annotations once per model; the walk over one content costs a few microseconds.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from schemas.fields import Mark

Tree = dict[str, Any]
"""Field -> True (sealed as it is), a Tree, or a list of one of the two."""


@cache
def _marked(model: type[BaseModel], mark: str) -> Tree:
    return {
        name: found
        for name, field in model.model_fields.items()
        if name != "customer" and (found := _look([field.annotation, *field.metadata], mark))
    }


def _look(hints: list[Any], mark: str) -> Any:
    for hint in hints:
        if isinstance(hint, Mark):
            if hint.name == mark:
                return True
        elif isinstance(hint, type) and issubclass(hint, BaseModel):
            if inner := _marked(hint, mark):
                return inner
        elif args := get_args(hint):
            found = _look(list(args), mark)
            if found:
                return [found] if getattr(hint, "__origin__", None) is list else found
    return None


def _walk(tree: Tree, data: Any, prefix: str) -> list[str]:
    paths: list[str] = []
    for name, inner in tree.items():
        value = data.get(name)
        if value is None:
            continue
        here = prefix + name
        if inner is True:
            paths.append(here)
        elif isinstance(inner, dict):
            paths += _walk(inner, value, here + ".")
        else:
            for index, item in enumerate(value):
                spot = f"{here}[{index}]"
                paths += [spot] if inner[0] is True else _walk(inner[0], item, spot + ".")
    return paths


def personal_paths(model: type[BaseModel], data: dict[str, Any]) -> tuple[str, ...]:
    """Paths in valid plain ``data`` that hold personal text: ``description``, ``scores[2].comment``.
    The customer block is not among them; it goes its own way."""
    return tuple(_walk(_marked(model, "personal"), data, ""))


def past_paths(model: type[BaseModel], data: dict[str, Any]) -> tuple[str, ...]:
    """Paths in valid plain ``data`` that tell when something happened."""
    return tuple(_walk(_marked(model, "past"), data, ""))


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def at_path(data: Any, path: str) -> Any:
    """The value at a path that ``personal_paths`` gave."""
    for name, index in _STEP.findall(path):
        data = data[name] if name else data[int(index)]
    return data
