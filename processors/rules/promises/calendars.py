"""Which calendar tells (适用日历): the one bound to the trigger, and where it has no year the first other that does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from processors.rules.workdays import NoCalendar, WorkCalendar
from schemas.calendar import PublishedCalendar
from schemas.instants import Instant

if TYPE_CHECKING:
    from processors.rules.book import Book
    from processors.rules.published import CalendarVersion

T = TypeVar("T")
_NOWHERE: Mapping[str, Any] = {}

NO_CALENDAR = WorkCalendar(
    PublishedCalendar.model_construct(
        name="(none)",
        version="",
        effective_from=0,
        years={},
        names={},
        shifts=[("00:00", "24:00")],
        close=None,
        roll="none",
    )
)
"""Counts hours, days and months; asked for working days it says that it has no year."""


class Calendars:
    """For one trigger, whose evidence tells ``source``: its region, its project. ``used`` gave the last answer; ``dated_by``
    did, and was published after the trigger (S24)."""

    __slots__ = ("_book", "_name", "_own", "_place", "bound", "dated_by", "used")

    def __init__(
        self, book: Book, name: str, time: Instant, place: int, source: Mapping[str, Any] = _NOWHERE
    ) -> None:
        self._book, self._name, self._place = book, name, place
        self._own = book.regional(name, source.get("r", ""), source.get("p", ""), place)
        bound = book.almanac.binding(self._own, time, place) if self._own else None
        if bound is None:
            bound = book.almanac.binding(name, time, place)
        self.bound = self.used = bound
        self.dated_by: CalendarVersion | None = None

    def ask(self, question: Callable[[WorkCalendar], T]) -> T:
        """The answer of the bound calendar, else of the first other that has one. Raises NoCalendar: none can tell."""
        self.used, self.dated_by = self.bound, None
        try:
            return question(self.bound.calendar if self.bound is not None else NO_CALENDAR)
        except NoCalendar:
            for other in self._others():
                try:
                    answer = question(other.calendar)
                except NoCalendar:
                    continue
                self.used = other
                self.dated_by = other if other.place > self._place else None
                return answer
            raise

    def _others(self) -> Iterable[CalendarVersion]:
        """A region that has a calendar waits for its own; what was triggered before it had one is dated by either."""
        if not self._own:
            return self._book.almanac.others(self._name, self.bound)
        if self.bound is not None and self.bound.name == self._own:
            return self._book.almanac.others(self._own, self.bound)
        both = (
            *self._book.almanac.others(self._name, self.bound),
            *self._book.almanac.others(self._own, None),
        )
        return sorted(both, key=lambda one: one.place)
