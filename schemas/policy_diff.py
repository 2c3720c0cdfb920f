"""What two profiles say differently (政策比较): added, removed and changed parts, each with its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from schemas.canonical import Json, canonical
from schemas.policy import PolicyFile


@dataclass(frozen=True, slots=True)
class Difference:
    """``key``: the policy's key, or the part of the profile. ``path``: within it, "" for the whole. Values as JSON."""

    what: Literal["added", "removed", "changed"]
    key: str
    path: str
    old: str
    new: str

    def dump(self) -> dict[str, Json]:
        return asdict(self)


def diff(old: PolicyFile, new: PolicyFile) -> list[Difference]:
    """In order of keys; nothing where both say the same, whatever the order in which they were written."""
    left, right = old.dump(), new.dump()
    found: list[Difference] = []
    for part in sorted({*left, *right} - {"policies"}):
        found += _compare(part, "", left.get(part), right.get(part))
    mine: Any = left["policies"]
    theirs: Any = right["policies"]
    for key in sorted({*mine, *theirs}):
        if key not in theirs:
            found.append(Difference("removed", key, "", mine[key]["zh"], ""))
        elif key not in mine:
            found.append(Difference("added", key, "", "", theirs[key]["zh"]))
        else:
            found += _compare(key, "", mine[key], theirs[key])
    return found


def _compare(key: str, path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from _compare(key, f"{path}.{name}" if path else name, old.get(name), new.get(name))
        return
    what: Literal["added", "removed", "changed"] = (
        "added" if old is None else "removed" if new is None else "changed"
    )
    yield Difference(what, key, path, _told(old), _told(new))


def _told(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else canonical(value)
