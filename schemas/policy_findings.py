"""What is wrong with a policy file, said so that its author can mend it: file, line, key, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.canonical import Json
from schemas.policy import PolicyFile, Problems
from schemas.policy_terms import Strict
from schemas.policy_yaml import Place, Trail
from schemas.texts import Text, Wrong, quoted, said

Places = dict[Trail, Place]


@dataclass(frozen=True, slots=True)
class Finding:
    """``level`` error: it cannot be published; warning: it can, and something will not happen.

    ``file`` "" and ``line`` 0 where they are not known; ``key`` the obligation's key, "" for the profile itself; ``field``
    what is meant within either, as ``due.after``."""

    file: str
    line: int
    key: str
    field: str
    text: Text
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file else ""
        what = "".join(f"{name}: " for name in (self.key, self.field) if name)
        return f"{where}{what}{self.text}"

    def dump(self) -> dict[str, Json]:
        """``code`` is stable (``schemas.texts``)."""
        return {
            "file": self.file,
            "line": self.line,
            "key": self.key,
            "field": self.field,
            "code": self.text.code,
            "level": self.level,
            "reason": self.text.en,
            "reason_zh": self.text.zh,
        }


class PolicyFileError(ValueError):
    """These policy files cannot be used; ``findings`` says why, in order of file and line."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(findings, key=lambda f: (f.file, f.line, f.key, f.field, f.text.en))
        super().__init__("\n".join(map(str, self.findings)))


def place_of(path: Trail, places: Places) -> Place:
    """The place of the deepest part of a path that was written down."""
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    return Place("", 0)


def finding(path: Trail, text: Text, places: Places) -> Finding:
    """``path`` begins with ("policies", key) for an obligation; what follows is told as ``due.after``."""
    place = place_of(path, places)
    key, inside = (path[1], path[2:]) if path[:1] == ("policies",) and len(path) > 1 else ("", path)
    return Finding(place.file, place.line, str(key), ".".join(map(str, inside)), text)


def findings(error: ValidationError, value: Any, places: Places) -> Iterator[Finding]:
    """A pydantic error about ``value`` as findings, one for each thing that is wrong."""
    for path, text in texts_of(error, value):
        yield finding(path, text, places)


def texts_of(error: ValidationError, value: Any) -> Iterator[tuple[Trail, Text]]:
    """The same, with the part of ``value`` that each is about."""
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Problems):
            yield from cause.found
        else:
            path = _path(detail["loc"], value)
            yield path, cause.text if isinstance(cause, Wrong) else _say(detail, path)


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


_SAID: Final = {
    "missing": "missing",
    "string_type": "text",
    "list_type": "list",
    "tuple_type": "pair",
    "dict_type": "mapping",
    "model_type": "mapping",
    "too_short": "none_given",
    "too_long": "too_many",
    "string_too_short": "empty_text",
    "string_too_long": "long_text",
    "string_pattern_mismatch": "form",
    "greater_than": "above",
    "greater_than_equal": "at_least",
    "less_than": "below",
    "less_than_equal": "at_most",
    "union_tag_not_found": "event_or_join",
    "due": "due_form",
}
"""pydantic's kind of error -> our code."""


def _say(detail: ErrorDetails, path: Trail) -> Text:
    kind, rule, given = detail["type"], detail.get("ctx", {}), quoted(detail["input"])
    if kind == "extra_forbidden":
        near = get_close_matches(str(path[-1]), sorted(_fields()), n=1)
        return said("unknown_field_near", near=near[0]) if near else said("unknown_field")
    if kind == "literal_error":
        return said("not_one_of", value=given, known=str(rule["expected"]).replace(" or ", ", ").split(", "))
    if kind not in _SAID:
        return said("invalid", value=given, reason=detail["msg"])
    least = rule.get("ge", rule.get("gt", ""))
    most = rule.get("le", rule.get("lt", rule.get("max_length", "")))
    return said(_SAID[kind], value=given, least=least, most=most, pattern=rule.get("pattern", ""))


def _fields() -> set[str]:
    found: set[str] = set()
    models: list[type[BaseModel]] = [Strict, PolicyFile]
    while models:
        model = models.pop()
        found |= {field.alias or name for name, field in model.model_fields.items()}
        models += model.__subclasses__()
    return found
