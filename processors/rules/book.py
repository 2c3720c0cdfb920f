"""The book (政策册): all that a tenant has published, and what binds. Its ``policies``, the other ``sections`` of its profiles,
the ``almanac`` of its calendars and what its ``sources`` tell are each an object of their own.

Immutable: ``add`` gives a new book. All of it follows from the publications on the fact lane, in the order of their
places, so a promise binds the same version on every machine and at every time of asking (S23, S24).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from processors.rules.almanac import Almanac
from processors.rules.policies import Policies
from processors.rules.published import (
    CalendarVersion,
    PolicyVersion,
    Published,
    RolesVersion,
    calendar_version,
    policy_version,
    roles_version,
)
from processors.rules.sections import Sections
from processors.rules.sources import NONE, Sources
from schemas.event import Event
from schemas.instants import Instant

REGISTERED = "project.registered"


class Book:
    """See the module's docstring. Make one by ``Book.empty()`` and ``add``."""

    __slots__ = (
        "_recorded",
        "_regions",
        "almanac",
        "instants",
        "policies",
        "published",
        "sections",
        "sources",
    )

    def __init__(self, published: Sequence[Published] = (), sources: Sources = NONE) -> None:
        self.sources = sources
        self.published = tuple(published)
        self.instants = frozenset(p.recorded for p in self.published)
        """When something was published: rows that it recalled are judged anew at that instant."""
        profiles = [p for p in self.published if isinstance(p, PolicyVersion)]
        self.policies = Policies(profiles)
        self.sections = Sections(profiles)
        self.almanac = Almanac([p for p in self.published if isinstance(p, CalendarVersion)])
        self._regions: dict[str, tuple[tuple[int, str], ...]] = {}
        """Project -> (place, its region), in order of place."""
        self._recorded = [p.recorded for p in self.published]

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
            made = calendar_version(event, self.almanac.older(str(event.data["name"])))
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

    def regional(self, name: str, region: str, project: str, place: int) -> str:
        """The calendar of that name for a trigger's region: its own, else its project's as registered before ``place``; ""
        where it has none, or the region no calendar."""
        if name not in self.almanac.with_regions:
            return ""
        if not region:
            told = [where for at, where in self._regions.get(project, ()) if at <= place]
            region = told[-1] if told else ""
        return self.almanac.of_region(name, region)

    def place_at(self, recorded: Instant) -> int:
        """Place of the last publication up to that recorded instant; 0: none."""
        index = bisect_right(self._recorded, recorded)
        return self.published[index - 1].place if index else 0

    @property
    def roles(self) -> RolesVersion | None:
        """The newest table of roles."""
        return next((p for p in reversed(self.published) if isinstance(p, RolesVersion)), None)

    def superior(self, role: str) -> str:
        """Who is told beside this role; "" where nobody was named."""
        roles = self.roles
        return roles.superior.get(role, "") if roles is not None else ""
