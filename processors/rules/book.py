"""The book (政策册): every policy, calendar and table of roles that a tenant has published, and which one binds.

Immutable: ``add`` gives a new book. All of it follows from the publications on the fact lane, in the order of their
places, so a promise binds the same version on every machine and at every time of asking (S23, S24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

from processors.rules.promises.compiling import compile_file
from processors.rules.promises.listeners import Listener, index
from processors.rules.promises.terms import Terms
from processors.rules.workdays import WorkCalendar
from schemas.calendar import PublishedCalendar
from schemas.canonical import canonical
from schemas.event import Event
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


class Bound(NamedTuple):
    """What a promise is judged by."""

    version: PolicyVersion
    terms: Terms


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
    best = first = None
    for version in versions:
        if version.place > place:
            break
        if version.effective <= time and (best is None or version.effective >= best.effective):
            best = version
        if first is None or version.effective <= first.effective:
            first = version
    return best if best is not None else first


class Book:
    """See the module's docstring. Make one by ``Book.empty()`` and ``add``."""

    __slots__ = ("_calendars", "_index", "_listeners", "_places", "_profiles", "published")

    def __init__(self, published: Sequence[Published] = ()) -> None:
        self.published = tuple(published)
        policies = [p for p in self.published if isinstance(p, PolicyVersion)]
        self._places: dict[int, Published] = {p.place: p for p in self.published}
        self._profiles: dict[str, tuple[PolicyVersion, ...]] = {}
        for key in sorted({key for version in policies for key in version.terms}):
            # A version that no longer has the policy binds too: then there is no promise.
            names = {version.profile for version in policies if key in version.terms}
            self._profiles[key] = tuple(version for version in policies if version.profile in names)
        self._calendars: dict[str, tuple[CalendarVersion, ...]] = {}
        for one in self.published:
            if isinstance(one, CalendarVersion):
                self._calendars[one.name] = (*self._calendars.get(one.name, ()), one)
        self._listeners = {
            listener.identity: listener
            for version in policies
            for terms in version.terms.values()
            for listener in terms.listeners
        }
        self._index = index(self._listeners)

    @staticmethod
    def empty() -> Book:
        """Nothing published yet."""
        return Book()

    def add(self, event: Event) -> Book:
        """With one more publication (policy.published, calendar.published, roles.published); any other event: unchanged.

        Raises pydantic.ValidationError where the content is none that publishing lets through.
        """
        read = _READ.get(event.type)
        if read is None:
            return self
        made: Published = read(event, self)
        return Book(sorted((*self.published, made), key=lambda p: p.place))

    def known_at(self, recorded: Instant) -> Book:
        """The book as it was known at that recorded instant."""
        return Book([p for p in self.published if p.recorded <= recorded])

    # -- binding

    def bind(self, key: str, time: Instant, place: int) -> Bound | None:
        """The version that judges a trigger that happened at ``time`` and stands at ``place``; None: no such promise then."""
        version = newest(self._profiles.get(key, ()), time, place)
        terms = version.terms.get(key) if version is not None else None
        return Bound(version, terms) if version is not None and terms is not None else None

    def calendar(self, name: str, time: Instant, place: int) -> CalendarVersion | None:
        """The calendar that counts for such a trigger; None where none was published before it."""
        return newest(self._calendars.get(name, ()), time, place)

    def other_calendars(self, name: str, bound: CalendarVersion | None) -> Iterable[CalendarVersion]:
        """Those that may date what the bound one cannot: published later, or in force later; in order of place."""
        every = self._calendars.get(name, ())
        if bound is None:
            return every
        return tuple(
            c for c in every if c is not bound and (c.place > bound.place or c.effective > bound.effective)
        )

    # -- by place, for whoever explains

    def policy_at(self, place: int, key: str) -> Bound | None:
        """The policy version published at that place, with the terms of one of its policies."""
        found = self._places.get(place)
        if isinstance(found, PolicyVersion) and key in found.terms:
            return Bound(found, found.terms[key])
        return None

    def calendar_at(self, place: int) -> CalendarVersion | None:
        """The calendar published at that place."""
        found = self._places.get(place)
        return found if isinstance(found, CalendarVersion) else None

    # -- roles

    @property
    def roles(self) -> RolesVersion | None:
        """The newest table of roles."""
        return next((p for p in reversed(self.published) if isinstance(p, RolesVersion)), None)

    def superior(self, role: str) -> str:
        """Who is told beside this role; "" where nobody was named."""
        roles = self.roles
        return roles.superior.get(role, "") if roles is not None else ""

    # -- listening

    def listening(self, event: Event) -> tuple[Listener, ...]:
        """The listeners of an event, of all versions; those for any fact never hear a verdict."""
        mine = self._index.get(event.type, ())
        every = () if event.verdict else self._index.get("*", ())
        return mine + every if every else mine

    def listeners_new_since(self, other: Book) -> tuple[Listener, ...]:
        """What this book listens to and the other did not: facts placed before have to be filed for these too
        (``processors.rules.promises.file_with``). ``type`` says which facts; ``*`` is all."""
        return tuple(self._listeners[i] for i in sorted(self._listeners) if i not in other._listeners)


_COMPILED: dict[bytes, Mapping[str, Terms]] = {}
_MOST = 64


def _terms(policy: Mapping[str, Any]) -> Mapping[str, Terms]:
    """Compiled once for each content, whatever the tenant."""
    content = sha256(canonical(policy).encode()).digest()
    found = _COMPILED.get(content)
    if found is None:
        if len(_COMPILED) >= _MOST:
            del _COMPILED[next(iter(_COMPILED))]
        found = _COMPILED[content] = MappingProxyType(compile_file(PolicyFile.model_validate(policy)))
    return found


def _policy(event: Event, book: Book) -> PolicyVersion:
    data = event.data
    return PolicyVersion(
        event_id=event.event_id,
        place=event.place,
        recorded=event.recorded,
        effective=parse_instant(str(data["effective_from"])),
        profile=str(data["profile"]),
        version=str(data["version"]),
        published_by=str(data.get("by") or event.actor_ref or event.source),
        terms=_terms(data["policy"]),
    )


def _calendar(event: Event, book: Book) -> CalendarVersion:
    own = PublishedCalendar.model_validate(
        {k: v for k, v in event.data.items() if k in PublishedCalendar.model_fields and v is not None}
    )
    years, names = dict(own.years), dict(own.names)
    for older in reversed(book._calendars.get(own.name, ())):
        for year, letters in older.data.years.items():
            if year not in years:
                years[year] = letters
                names |= {day: why for day, why in older.data.names.items() if day.startswith(year)}
    data = own.model_copy(update={"years": years, "names": names})
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


def _roles(event: Event, book: Book) -> RolesVersion:
    roles = event.data["roles"]
    return RolesVersion(
        place=event.place,
        recorded=event.recorded,
        zh={r["role"]: r["zh"] for r in roles},
        superior={r["role"]: r["superior"] for r in roles if r.get("superior")},
    )


_READ: dict[str, Callable[[Event, Book], Published]] = {
    "policy.published": _policy,
    "calendar.published": _calendar,
    "roles.published": _roles,
}
