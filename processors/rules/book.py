"""The book (政策册): every policy, calendar and table of roles that a tenant has published, and which one binds.

Immutable: ``add`` gives a new book. All of it follows from the publications on the fact lane, in the order of their
places, so a promise binds the same version on every machine and at every time of asking (S23, S24).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from processors.rules.promises.listeners import Listener, index
from processors.rules.promises.terms import Terms
from processors.rules.published import (
    CalendarVersion,
    PolicyVersion,
    Published,
    RolesVersion,
    calendar_version,
    newest,
    policy_version,
    roles_version,
)
from processors.rules.sources import NONE, Sources
from schemas import figures as figured
from schemas.calendar import REGIONAL, regional
from schemas.event import Event
from schemas.instants import Day, Instant
from schemas.lunar import Months
from schemas.policy_people import Ownership
from schemas.repetition import Repetition

REGISTERED = "project.registered"
__all__ = ["Book", "Bound", "CalendarVersion", "PolicyVersion", "RolesVersion"]


def _saying(policies: Sequence[PolicyVersion], section: str) -> tuple[PolicyVersion, ...]:
    """Every version of the profiles that ever had the section: one that no longer has it binds too."""
    names = {version.profile for version in policies if getattr(version.head, section) is not None}
    return tuple(version for version in policies if version.profile in names)


class Bound(NamedTuple):
    """What a promise is judged by."""

    version: PolicyVersion
    terms: Terms


class Moving(NamedTuple):
    """The repetition ladder that judges a report."""

    version: PolicyVersion
    ladder: Repetition


_NO_POLICIES: Mapping[str, Bound] = {}


class Book:
    """See the module's docstring. Make one by ``Book.empty()`` and ``add``."""

    __slots__ = (
        "_bound",
        "_calendars",
        "_figures",
        "_fining",
        "_index",
        "_ladders",
        "_listeners",
        "_moons",
        "_owning",
        "_places",
        "_profiles",
        "_recorded",
        "_recurring",
        "_regional",
        "_regions",
        "instants",
        "published",
        "sources",
    )

    def __init__(self, published: Sequence[Published] = (), sources: Sources = NONE) -> None:
        self.sources = sources
        self.published = tuple(published)
        self.instants = frozenset(p.recorded for p in self.published)
        """When something was published: rows that it recalled are judged anew at that instant."""
        policies = [p for p in self.published if isinstance(p, PolicyVersion)]
        self._places: dict[int, Published] = {p.place: p for p in self.published}
        self._bound = {v.place: {key: Bound(v, terms) for key, terms in v.terms.items()} for v in policies}
        self._profiles: dict[str, tuple[PolicyVersion, ...]] = {}
        for key in sorted({key for version in policies for key in version.terms}):
            # A version that no longer has the policy binds too: then there is no promise.
            names = {version.profile for version in policies if key in version.terms}
            self._profiles[key] = tuple(version for version in policies if version.profile in names)
        self._owning = _saying(policies, "ownership")
        self._regions: dict[str, tuple[tuple[int, str], ...]] = {}
        """Project -> (place, its region), in order of place."""
        self._ladders = _saying(policies, "repetition")
        self._fining = _saying(policies, "penalties")
        self._calendars: dict[str, tuple[CalendarVersion, ...]] = {}
        for one in self.published:
            if isinstance(one, CalendarVersion):
                self._calendars[one.name] = (*self._calendars.get(one.name, ()), one)
        self._regional = {name.partition(REGIONAL)[0] for name in self._calendars if REGIONAL in name}
        """Calendars of which a region has its own."""
        self._moons: dict[str, dict[int, Months]] = {}
        for calendars in self._calendars.values():
            moons = self._moons.setdefault(calendars[0].name, {})
            for one in calendars:  # what a year's first calendar says stands
                for year, months in one.data.lunar.items():
                    moons.setdefault(int(year), months)
        self._figures = tuple(
            figured.Published(p.effective, p.place, p.figures) for p in policies if p.figures is not None
        )
        self._recorded = [p.recorded for p in self.published]
        self._recurring = {
            key for version in policies for key, terms in version.terms.items() if terms.form == "every"
        }
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
        made: Published
        if event.type == "policy.published":
            made = policy_version(event)
        elif event.type == "calendar.published":
            name = str(event.data["name"])
            plain = name.partition(REGIONAL)[0] if REGIONAL in name else ""
            older = (*self._calendars.get(plain, ()), *self._calendars.get(name, ()))
            made = calendar_version(event, older)
        elif event.type == "roles.published":
            made = roles_version(event)
        else:
            return self
        return self._again(sorted((*self.published, made), key=lambda p: p.place))

    def hear(self, fact: Event) -> Book:
        """With what a fact tells of its source, of a source that it declares, of the region of a project; mostly nothing:
        then itself."""
        sources = self.sources.heard(fact)
        found = self if sources is self.sources else self.with_sources(sources)
        if fact.type != REGISTERED or not fact.project_id:
            return found
        told = self._regions.get(fact.project_id, ())
        region = str(fact.data["region"])
        if told and told[-1][1] == region:
            return found
        made = found._copied()
        made._regions = {**self._regions, fact.project_id: (*told, (fact.place, region))}
        return made

    def with_sources(self, sources: Sources) -> Book:
        """The same publications, other sources."""
        made = self._copied()
        made.sources = sources
        return made

    def _copied(self) -> Book:
        made = object.__new__(Book)
        for name in Book.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    def unwaiting(self) -> Book:
        """As if every source had reported: what happened is all known (as-of)."""
        return self.with_sources(NONE)

    def known_at(self, recorded: Instant) -> Book:
        """The book as it was known at that recorded instant."""
        return self._again([p for p in self.published if p.recorded <= recorded])

    def _again(self, published: Sequence[Published]) -> Book:
        made = Book(published, self.sources)
        made._regions = self._regions
        return made

    # -- binding

    def bind(self, key: str, time: Instant, place: int) -> Bound | None:
        """The version that judges a trigger that happened at ``time`` and stands at ``place``; None: no such promise then."""
        version = newest(self._profiles.get(key, ()), time, place)
        return self._bound[version.place].get(key) if version is not None else None

    def repetition(self, time: Instant, place: int) -> Moving | None:
        """The repetition ladder that judges such a report; None: reports are not counted then."""
        version = newest(self._ladders, time, place)
        found = version.head.repetition if version is not None else None
        return Moving(version, found) if version is not None and found is not None else None

    def repetition_at(self, place: int) -> Moving | None:
        """The ladder published at that place."""
        found = self._places.get(place)
        ladder = found.head.repetition if isinstance(found, PolicyVersion) else None
        return Moving(found, ladder) if isinstance(found, PolicyVersion) and ladder is not None else None

    def calendar(self, name: str, time: Instant, place: int) -> CalendarVersion | None:
        """The calendar that counts for such a trigger; None where none was published before it."""
        return newest(self._calendars.get(name, ()), time, place)

    def regional(self, name: str, region: str, project: str, place: int) -> str:
        """The calendar of that name for a trigger's region: its own, else its project's as registered before ``place``; ""
        where it has none, or the region no calendar."""
        if name not in self._regional:
            return ""
        if not region:
            told = [where for at, where in self._regions.get(project, ()) if at <= place]
            region = told[-1] if told else ""
        own = regional(name, region)
        return own if region and own in self._calendars else ""

    def other_calendars(self, name: str, bound: CalendarVersion | None) -> Iterable[CalendarVersion]:
        """Those that may date what the bound one cannot: published later, or in force later; in order of place."""
        every = self._calendars.get(name, ())
        if bound is None:
            return every
        return tuple(
            c for c in every if c is not bound and (c.place > bound.place or c.effective > bound.effective)
        )

    # -- other sections of the profiles

    def ownership(self, time: Instant, place: int) -> Ownership:
        """Who has a case that began at ``time`` with a fact at ``place``."""
        version = newest(self._owning, time, place)
        said = version.head.ownership if version is not None else None
        return said or Ownership()

    def figures(self, time: Instant, place: int) -> figured.Figures:
        """What figures are counted by at ``time``, of what was published up to ``place``."""
        return figured.binding(self._figures, time, place)

    def penalties(self, time: Instant, place: int) -> PolicyVersion | None:
        """Whose penalties bind a raise at ``time`` that follows the fact at ``place``; None: no profile has any."""
        return newest(self._fining, time, place)

    # -- recurring duties

    def recurs(self, key: str) -> bool:
        """Whether any version of this policy is a duty of periods."""
        return key in self._recurring

    def versions(self, key: str) -> list[Bound]:
        """Every version that has this policy, in order of place."""
        return [
            bound
            for version in self._profiles.get(key, ())
            if (bound := self._bound[version.place].get(key)) is not None
        ]

    def begun(self, key: str) -> Instant:
        """Since when this policy has been in force in any version."""
        return min(bound.version.effective for bound in self.versions(key))

    def place_at(self, recorded: Instant) -> int:
        """Place of the last publication up to that recorded instant; 0: none."""
        index = bisect_right(self._recorded, recorded)
        return self.published[index - 1].place if index else 0

    def horizon(self, name: str) -> Day | None:
        """The last day that any calendar of this name tells; None: none was published."""
        return max((c.calendar.last_day for c in self._calendars.get(name, ())), default=None)

    def moons(self, name: str) -> Mapping[int, Months]:
        """Year -> its lunar months, as the calendars of this name tell them."""
        return self._moons.get(name, {})

    def calendar_years(self) -> dict[str, set[int]]:
        """Calendar -> the years of which any of its versions has data."""
        return {
            name: {int(year) for one in versions for year in one.data.years}
            for name, versions in self._calendars.items()
        }

    # -- by place, for whoever explains

    def policy_at(self, place: int, key: str) -> Bound | None:
        """The policy version published at that place, with the terms of one of its policies."""
        return self._bound.get(place, _NO_POLICIES).get(key)

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
