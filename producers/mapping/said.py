"""What the YAML of a mapping says in one place, taken as what it has to be. Where it is something else the flaw is told, and an
empty one of the kind is given, so that the rest is read too."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from difflib import get_close_matches
from typing import Any

from producers.mapping.problems import Flaws
from schemas.policy_yaml import Trail


def known(said: MappingOf[str, Any], names: tuple[str, ...], path: Trail, flaws: Flaws) -> None:
    """Tells every key that is none of ``names``, and which may have been meant."""
    for name in said.keys() - set(names):
        near = get_close_matches(name, names, n=1)
        hint, also = (f"，是否为 {near[0]}", f"; did you mean {near[0]}?") if near else ("", "; take it out")
        flaws.add((*path, name), f"没有这一项{hint}", f"no such key{also}")


def one_of(said: Any, names: tuple[str, ...], path: Trail, flaws: Flaws) -> str:
    """One of ``names``; else the first of them."""
    if said not in names:
        flaws.add(
            path, f"只能取 {'、'.join(filter(None, names))}", f"is one of {', '.join(filter(None, names))}"
        )
        return names[0]
    return str(said)


def text_of(said: Any, path: Trail, flaws: Flaws) -> str:
    """A text, or a whole number as one."""
    if not isinstance(said, (str, int)) or isinstance(said, bool):
        flaws.add(path, "须为文本", "is a text")
        return ""
    return str(said)


def bool_of(said: Any, path: Trail, flaws: Flaws) -> bool:
    """True or false, and no other word for it."""
    if not isinstance(said, bool):
        flaws.add(path, "只能取 true 或 false", "is true or false")
        return False
    return said


def list_of(said: Any, path: Trail, flaws: Flaws) -> list[Any]:
    """A list; one thing by itself is a list of one."""
    if said is None:
        return []
    if isinstance(said, dict):
        flaws.add(path, "须为列表", "is a list")
        return []
    return said if isinstance(said, list) else [said]


def names_of(said: Any, path: Trail, flaws: Flaws) -> dict[str, Any]:
    """Values by name; nothing is none of them."""
    if said is not None and not isinstance(said, dict):
        flaws.add(path, "须为键与值", "is a mapping of names")
        return {}
    return said or {}
