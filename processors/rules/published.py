"""Publications (发布) as the book keeps them: policies, calendars, roles; and which of several binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from processors.rules.promises.compiling import compile_file
from processors.rules.promises.terms import Terms
from processors.rules.workdays import WorkCalendar
from schemas.calendar import PublishedCalendar
from schemas.canonical import canonical
from schemas.event import Event
from schemas.figures import Figures, figures_of
from schemas.instants import Instant, parse_instant
from schemas.policy import PolicyFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """One ``policy.published``: a profile from ``effective`` on."""

    event_id: str
    place: int
    recorded: Instant
    effective: Instant
    profile: str
    version: str
    published_by: str
    terms: Mapping[str, Terms]
    head: PolicyFile
    """The profile without its policies: its other sections."""
    figures: Figures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarVersion:
    """One ``calendar.published``. Years it does not have are filled from those published before it."""

    event_id: str
    place: int
    recorded: Instant
    effective: Instant
    name: str
    version: str
    data: PublishedCalendar
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesVersion:
    """One ``roles.published``: role -> Chinese name, role -> superior. The newest replaces the ones before."""

    place: int
    recorded: Instant
    zh: Mapping[str, str]
    superior: Mapping[str, str]


Published = PolicyVersion | CalendarVersion | RolesVersion


class _Version(Protocol):
    @property
    def place(self) -> int: ...
    @property
    def effective(self) -> Instant: ...


_V = TypeVar("_V", bound=_Version)


def newest(versions: Sequence[_V], time: Instant, place: int) -> _V | None:
    """S23: newest in force at ``time`` of those published before ``place``; before the earliest, the earliest.

    ``versions`` in order of place. A fact's place is never a publication's, and a verdict bears the place of the fact it
    follows, which may be one: so "before" is at or before. Of two in force from the same instant the later one holds.
    """
    if len(versions) == 1:  # as mostly
        return versions[0] if versions[0].place <= place else None
    best = first = None
    for version in versions:
        if version.place > place:
            break
        if version.effective <= time and (best is None or version.effective >= best.effective):
            best = version
        if first is None or version.effective <= first.effective:
            first = version
    return best if best is not None else first


_COMPILED: dict[bytes, tuple[Mapping[str, Terms], PolicyFile]] = {}
_MOST = 64


def _compiled(policy: Mapping[str, Any]) -> tuple[Mapping[str, Terms], PolicyFile]:
    """(terms, head), compiled once for each content, whatever the tenant."""
    content = sha256(canonical(policy).encode()).digest()
    found = _COMPILED.get(content)
    if found is None:
        if len(_COMPILED) >= _MOST:
            del _COMPILED[next(iter(_COMPILED))]
        file = PolicyFile.model_validate(policy)
        head = file.model_copy(update={"policies": {}})
        found = _COMPILED[content] = MappingProxyType(compile_file(file)), head
    return found


def policy_version(event: Event) -> PolicyVersion:
    """Of one ``policy.published``. Raises ValueError where its content is none that publishing lets through."""
    data = event.data
    terms, head = _compiled(data["policy"])
    return PolicyVersion(
        event_id=event.event_id,
        place=event.place,
        recorded=event.recorded,
        effective=parse_instant(str(data["effective_from"])),
        profile=str(data["profile"]),
        version=str(data["version"]),
        published_by=str(data.get("by") or event.actor_ref or event.source),
        terms=terms,
        head=head,
        figures=figures_of(data["policy"]),
    )


def calendar_version(event: Event, older: Sequence[CalendarVersion]) -> CalendarVersion:
    """Of one ``calendar.published``; ``older`` are those of the same name, in order of place."""
    own = PublishedCalendar.model_validate(
        {k: v for k, v in event.data.items() if k in PublishedCalendar.model_fields and v is not None}
    )
    years, names, lunar = dict(own.years), dict(own.names), dict(own.lunar)
    for one in reversed(older):
        for year, letters in one.data.years.items():
            if year not in years:
                years[year] = letters
                if year in one.data.lunar:
                    lunar[year] = one.data.lunar[year]
                names |= {day: why for day, why in one.data.names.items() if day.startswith(year)}
    data = own.model_copy(update={"years": years, "names": names, "lunar": lunar})
    return CalendarVersion(
        event_id=event.event_id,
        place=event.place,
        recorded=event.recorded,
        effective=own.effective_from,
        name=own.name,
        version=own.version,
        data=data,
        calendar=WorkCalendar(data),
    )


def roles_version(event: Event) -> RolesVersion:
    """Of one ``roles.published``."""
    roles = event.data["roles"]
    return RolesVersion(
        place=event.place,
        recorded=event.recorded,
        zh={r["role"]: r["zh"] for r in roles},
        superior={r["role"]: r["superior"] for r in roles if r.get("superior")},
    )
