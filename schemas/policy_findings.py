"""What is wrong with a policy file, said so that its author can mend it: file, line, key, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.canonical import Json
from schemas.policy import PolicyFile, Problems
from schemas.policy_terms import Strict
from schemas.policy_yaml import Place, Trail

Places = dict[Trail, Place]


@dataclass(frozen=True, slots=True)
class Finding:
    """``level`` error: it cannot be published; warning: it can, and something will not happen.

    ``file`` "" and ``line`` 0 where they are not known; ``key`` the obligation's key or the part of the profile."""

    file: str
    line: int
    key: str
    message: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file else ""
        return f"{where}{self.key + ': ' if self.key else ''}{self.message}"

    def dump(self) -> dict[str, Json]:
        return asdict(self)


class PolicyFileError(ValueError):
    """These policy files cannot be used; ``findings`` says why, in order of file and line."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(findings, key=lambda f: (f.file, f.line, f.key, f.message))
        super().__init__("\n".join(map(str, self.findings)))


def place_of(path: Trail, places: Places) -> Place:
    """The place of the deepest part of a path that was written down."""
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    return Place("", 0)


def finding(path: Trail, message: str, places: Places) -> Finding:
    """``path`` begins with ("policies", key) for an obligation; what follows is told as ``due.after``."""
    place = place_of(path, places)
    key, inside = (path[1], path[2:]) if path[:1] == ("policies",) and len(path) > 1 else ("", path)
    name = ".".join(map(str, inside))
    told = f"{name}: {message}" if name else message
    return Finding(place.file, place.line, str(key), told)


def findings(error: ValidationError, value: Any, places: Places) -> Iterator[Finding]:
    """A pydantic error about ``value`` as findings, one for each thing that is wrong."""
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        path = _path(detail["loc"], value)
        if isinstance(cause, Problems):
            for inner, message in cause.found:
                yield finding(inner, message, places)
        else:
            yield finding(path, _say(detail, path), places)


def _path(loc: tuple[str | int, ...], value: Any) -> Trail:
    """The part of a pydantic location that exists in the document; union tags and ``[key]`` stand in between.

    A missing field keeps its name at the end, so that it can be named."""

    def deepest(rest: tuple[str | int, ...], here: Any) -> Trail:
        best: Trail = ()
        for index, part in enumerate(rest):
            inside = (isinstance(here, dict) and part in here) or (
                isinstance(here, list) and isinstance(part, int) and part < len(here)
            )
            if inside:
                found = (part, *deepest(rest[index + 1 :], here[part]))
                best = max(best, found, key=lambda path: (path[-1:] == loc[-1:], len(path)))
        return best

    made = deepest(loc, value)
    missing = loc[-1:] if loc and loc[-1] != "[key]" and (not made or made[-1] != loc[-1]) else ()
    return (*made, *missing)


_SAID = {
    "missing": "is missing; write it",
    "string_type": "is not a text; if it is one, put it in quotes",
    "list_type": "is not a list; write [a, b]",
    "tuple_type": "is not a pair; write [a, b]",
    "dict_type": "is not a mapping; write {name: value}",
    "model_type": "is not a mapping; write {name: value}",
    "too_short": "needs at least one entry",
    "string_too_short": "is empty",
    "union_tag_not_found": "is neither an event type nor a mapping with event, any or all",
}


def _say(detail: ErrorDetails, path: Trail) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "extra_forbidden":
        near = get_close_matches(str(path[-1]), sorted(_fields()), n=1)
        return f"no such field here; {f'did you mean {near[0]}?' if near else 'take it out'}"
    if kind == "string_pattern_mismatch":
        return f"{given!r} is not written as it must be; see this pattern: {detail['ctx']['pattern']}"
    if kind == "literal_error":
        return f"{given!r} is not one of {detail['ctx']['expected']}"
    return _SAID.get(kind) or f"{detail['msg']} (it is {given!r})"


def _fields() -> set[str]:
    found: set[str] = set()
    models: list[type[BaseModel]] = [Strict, PolicyFile]
    while models:
        model = models.pop()
        found |= {field.alias or name for name, field in model.model_fields.items()}
        models += model.__subclasses__()
    return found
