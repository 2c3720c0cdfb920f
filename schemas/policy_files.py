"""Reads a profile: a folder with ``profile.yaml`` and files of policies, or one file that holds all of it.

Shipped with the application: ``policies/`` (see ``shipped``). A profile that ``extends`` another (``default`` = the
shipped one, else a path beside it) changes only what it writes: in keys, facts, dates, ladders, calendars, figures and policies
the fields of an entry replace the base's one by one, and ``null`` takes an entry or a field away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.policy import PolicyFile
from schemas.policy_findings import Finding, Places, PolicyFileError, findings
from schemas.policy_yaml import BadYaml, Document, Place, Trail, read_yaml
from schemas.texts import Text, said

_SECTIONS = (
    "keys",
    "facts",
    "dates",
    "ladders",
    "repetition",
    "calendars",
    "ownership",
    "figures",
    "penalties",
    "policies",
)
_BESIDE = ("repetition", "penalties")
"""Sections that may stand in a file of their own."""
_OWN = ("profile", "version")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as read: the policies and where each of its parts stands (path from the top -> file and line)."""

    policy_file: PolicyFile
    places: Places


def shipped() -> Traversable:
    """The folder of the profile that comes with the application."""
    return files("policies")


def load_profile(source: Path | Traversable | None = None) -> PolicyFile:
    """The profile in a folder or file; None = the shipped one, read once. Raises PolicyFileError with every finding."""
    return _shipped_profile() if source is None else read_profile(source).policy_file


@cache
def _shipped_profile() -> PolicyFile:
    return read_profile().policy_file


def read_profile(source: Path | Traversable | None = None) -> Profile:
    """As ``load_profile``, with the place of everything."""
    value, places = _collect(shipped() if source is None else source, ())
    try:
        return Profile(PolicyFile.model_validate(value), places)
    except ValidationError as error:
        raise PolicyFileError(findings(error, value, places)) from None


def _refuse(place: Place, text: Text, field: str = "", key: str = "") -> PolicyFileError:
    return PolicyFileError([Finding(place.file, place.line, key, field, text)])


def _collect(source: Path | Traversable, above: tuple[str, ...]) -> tuple[dict[str, Any], Places]:
    name = str(source)
    if name in above:
        raise _refuse(Place(name, 1), said("extends.circle", trail=" → ".join((*above, name))), "extends")
    if source.is_dir():
        value, places = _folder(source)
    elif source.is_file():
        document = _read(source)
        beside = Path(name).parent
        if source.name == "profile.yaml" or (
            "profile" not in document.value and (beside / "profile.yaml").is_file()
        ):
            return _collect(beside, above)  # one file of a folder: its ladders and keys stand beside it
        value, places = document.value, document.places
    else:
        raise _refuse(Place(name, 0), said("file.missing"))
    base = value.get("extends")
    if base is None:
        return value, places
    if not isinstance(base, str):
        raise _refuse(places[("extends",)], said("extends.form"), "extends")
    if missing := [name for name in _OWN if not value.get(name)]:
        raise _refuse(places[("extends",)], said("extends.own", missing=missing), "extends")
    folder = Path(name) if source.is_dir() else Path(name).parent
    below = shipped() if base == "default" else (folder / base).resolve()
    return _merge(*_collect(below, (*above, name)), value, places)


def _read(source: Path | Traversable) -> Document:
    name = str(source)
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(Place(name, 1), said("file.encoding", byte=error.start)) from None
    try:
        document = read_yaml(text, name)
    except BadYaml as error:
        raise _refuse(error.place, error.text) from None
    if not isinstance(document.value, dict):
        raise _refuse(Place(name, 1), said("file.empty"))
    return document


def _folder(folder: Path | Traversable) -> tuple[dict[str, Any], Places]:
    entries = sorted((e for e in folder.iterdir() if e.is_file()), key=lambda e: e.name)
    for entry in entries:
        if entry.name.endswith(".yml"):
            raise _refuse(Place(str(entry), 1), said("file.yml"))
    names = [e.name for e in entries if e.name.endswith(".yaml")]
    if "profile.yaml" not in names:
        raise _refuse(Place(str(folder), 0), said("file.no_profile"))
    head = _read(folder / "profile.yaml")
    value, places = dict(head.value), dict(head.places)
    policies: dict[str, Any] = value.get("policies") or {}
    if not isinstance(policies, dict):
        return value, places  # refused by the model, with its line
    policies = value["policies"] = dict(policies)
    for name in names:
        if name == "profile.yaml":
            continue
        part = _read(folder / name)
        for field in part.value:
            if field in _BESIDE:
                if field in value:
                    twice = said("file.section_twice", place=places[(field,)])
                    raise _refuse(part.places[(field,)], twice, field)
                value[field] = part.value[field]
            elif field != "policies":
                raise _refuse(part.places[(field,)], said("file.not_here"), field)
        more = part.value.get("policies") or {}
        if not isinstance(more, dict):
            raise _refuse(part.places[("policies",)], said("file.policies"), "policies")
        for key, policy in more.items():
            if key in policies:
                twice = said("file.key_twice", place=places[("policies", key)])
                raise _refuse(part.places[("policies", key)], twice, key=key)
            policies[key] = policy
        places |= {
            path: place
            for path, place in part.places.items()
            if path[:1] and (len(path) > 1 or path[0] in _BESIDE)
        }
    return value, places


def _merge(
    base: dict[str, Any], base_places: Places, over: dict[str, Any], over_places: Places
) -> tuple[dict[str, Any], Places]:
    """``over`` laid on ``base``; what is replaced loses its old places."""
    places = dict(base_places)

    def lay(old: dict[str, Any], new: dict[str, Any], path: Trail, depth: int) -> dict[str, Any]:
        made = dict(old)
        for name, value in new.items():
            here = (*path, name)
            kept = made.pop(name, None)
            if depth and isinstance(kept, dict) and isinstance(value, dict):
                made[name] = lay(kept, value, here, depth - 1)
                continue
            for stale in [p for p in places if p[: len(here)] == here]:
                del places[stale]
            if value is not None:
                made[name] = value
        return made

    made = dict(base)
    for name, value in over.items():
        old = made.pop(name, None)
        made |= lay({} if old is None else {name: old}, {name: value}, (), 2 if name in _SECTIONS else 0)
    return made, places | over_places
