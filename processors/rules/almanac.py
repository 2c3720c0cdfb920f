"""The almanac (历书): every calendar that was published, by its name, and which one counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from processors.rules.published import CalendarVersion, newest
from schemas.calendar import REGIONAL, regional
from schemas.instants import Day, Instant
from schemas.lunar import Months


class Almanac:
    """Immutable. ``versions`` in order of place."""

    __slots__ = ("_calendars", "_moons", "_places", "with_regions")

    def __init__(self, versions: Sequence[CalendarVersion]) -> None:
        self._places = {one.place: one for one in versions}
        self._calendars: dict[str, tuple[CalendarVersion, ...]] = {}
        for one in versions:
            self._calendars[one.name] = (*self._calendars.get(one.name, ()), one)
        self.with_regions = {name.partition(REGIONAL)[0] for name in self._calendars if REGIONAL in name}
        """Names of calendars of which a region has its own. Asked for with every date, so it is no function."""
        self._moons: dict[str, dict[int, Months]] = {}
        for calendars in self._calendars.values():
            moons = self._moons.setdefault(calendars[0].name, {})
            for one in calendars:  # what a year's first calendar says stands
                for year, months in one.data.lunar.items():
                    moons.setdefault(int(year), months)

    def older(self, name: str) -> tuple[CalendarVersion, ...]:
        """What the next calendar of this name is filled from: those of that name, behind the plain ones if it is a region's."""
        plain = name.partition(REGIONAL)[0] if REGIONAL in name else ""
        return (*self._calendars.get(plain, ()), *self._calendars.get(name, ()))

    def binding(self, name: str, time: Instant, place: int) -> CalendarVersion | None:
        """The calendar that counts for such a trigger; None where none was published before it."""
        return newest(self._calendars.get(name, ()), time, place)

    def of_region(self, name: str, region: str) -> str:
        """The calendar of that name that a region has of its own; "" where it has none."""
        own = regional(name, region)
        return own if region and own in self._calendars else ""

    def others(self, name: str, bound: CalendarVersion | None) -> Iterable[CalendarVersion]:
        """Those that may date what the bound one cannot: published later, or in force later; in order of place."""
        every = self._calendars.get(name, ())
        if bound is None:
            return every
        return tuple(
            c for c in every if c is not bound and (c.place > bound.place or c.effective > bound.effective)
        )

    def horizon(self, name: str) -> Day | None:
        """The last day that any calendar of this name tells; None: none was published."""
        return max((c.calendar.last_day for c in self._calendars.get(name, ())), default=None)

    def moons(self, name: str) -> Mapping[int, Months]:
        """Year -> its lunar months, as the calendars of this name tell them."""
        return self._moons.get(name, {})

    def years(self) -> dict[str, set[int]]:
        """Calendar -> the years of which any of its versions has data."""
        return {
            name: {int(year) for one in versions for year in one.data.years}
            for name, versions in self._calendars.items()
        }

    def at(self, place: int) -> CalendarVersion | None:
        """The calendar published at that place."""
        return self._places.get(place)
